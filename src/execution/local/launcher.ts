/**
 * A small long-lived shell that forks attempts for us. A process is forked with the page tables of its
 * parent: that costs a Node of 100 MB ten to forty milliseconds, during which the engine stands still,
 * and a shell of 4 MB half of one, on another core. See docs/performance.md.
 *
 * It keeps nothing that matters. Attempts write who they are, claim their run and record their exit
 * themselves (attempt-files.ts); a report on the launcher's pipe only spares the engine from polling
 * for it. When the engine dies the launcher reads the end of its input and exits; when the launcher
 * dies, its attempts live on.
 *
 * Linux with bash only: dash has no process groups without a terminal. Elsewhere launch.ts forks.
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { parseStat } from '../../processes/identity.ts';
import { shellWord } from '../../text/shell-word.ts';

const programs = ['/bin/bash', '/usr/bin/bash'];

/**
 * Without an answer for so long the launcher counts as lost. What was asked of it is then settled by
 * the attempt's claim, so that too short a time could do no harm.
 */
const ANSWER_TIMEOUT_MS = 10_000;

/** What to run, in which surroundings. */
export interface LaunchRequest {
  cwd: string;
  /** All of the environment. */
  env: NodeJS.ProcessEnv;
  stdin: string;
  stdout: string;
  stderr: string;
  /** The positional parameters of the attempt's commands. */
  words: readonly string[];
}

export type LaunchOutcome =
  /** It has claimed its run. `ended` resolves when it has recorded its exit; not if it is killed. */
  | {
      kind: 'running';
      pid: number;
      startTime: string;
      ended: Promise<void>;
      /** Resolves when it, or another, has left the process table, or else in a millisecond. */
      reaped(): Promise<void>;
    }
  /** It could not claim its run, or not open its files. */
  | { kind: 'refused' }
  /** The launcher is no more; whether the attempt runs, only its files can tell. */
  | { kind: 'lost' };

/**
 * - `set -m` gives each job a process group of its own, and leaves INT as it is: without it a shell
 *   ignores INT for its background jobs, and so would the agent.
 * - Requests have their length in front, because a shell reads a line of unknown length byte by byte.
 * - Descriptor 9 is the report; the agent does not get it. `_codex_orch_id` alone on a line says that the
 *   attempt is over; the trap says so also where a file cannot be opened.
 * - An empty line says that an attempt has left the process table. A shell before bash 5 says it late.
 */
function launcherScript(attempt: string): string {
  return `set -m
trap echo CHLD
attempt() {
exec 9>&1 >/dev/null
trap 'printf "%s\\n" "$_codex_orch_id" >&9' EXIT
exec <"$1" >>"$2" 2>>"$3" || exit
shift 3
${attempt}
}
while IFS= read -r -N 8 _codex_orch_size && IFS= read -r -N "$((10#$_codex_orch_size))" _codex_orch_request
do
(eval "$_codex_orch_request") &
disown
done`;
}

interface Asked {
  resolve(outcome: LaunchOutcome): void;
  timer: NodeJS.Timeout;
}

export class Launcher {
  readonly #input: Writable;
  /** What it was started with. What bash made of it, as far as it can differ, is always set anew. */
  readonly env: Readonly<NodeJS.ProcessEnv>;
  readonly #asked = new Map<string, Asked>();
  readonly #running = new Map<string, () => void>();
  readonly #reaping = new Set<() => void>();
  #count = 0;
  #lost = false;
  #unread = '';

  private constructor(program: string, attempt: string, env: Readonly<NodeJS.ProcessEnv>) {
    this.env = { ...env };
    // -p: no BASH_ENV, and no functions from the environment. --norc: bash(1) takes itself for run by a remote shell
    // daemon where its input is a socket, as Node's pipes are, and SHLVL says that no shell is around it.
    const words = ['--norc', '-p', '-c', launcherScript(attempt), 'codex-orch-launcher'];
    const child = spawn(program, words, {
      cwd: '/',
      env: this.env,
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    this.#input = child.stdin;
    child.once('exit', () => this.#giveUp());
    child.once('error', () => this.#giveUp());
    child.stdin.on('error', () => this.#giveUp());
    child.stdout.setEncoding('latin1').on('data', (text: string) => this.#read(text));
    for (const each of [child, child.stdin, child.stdout]) unref(each);
  }

  /** null where there is none to be had. */
  static start(attempt: string, env: Readonly<NodeJS.ProcessEnv>): Launcher | null {
    if (process.platform !== 'linux') return null;
    const program = programs.find((file) => existsSync(file));
    return program === undefined ? null : new Launcher(program, attempt, env);
  }

  /** Whether this launcher can make exactly what is asked for. */
  accepts({ env }: LaunchRequest): boolean {
    if (this.#lost) return false;
    return Object.keys(env).every((name) =>
      isIdentifier(name) ? !ownNames.test(name) : env[name] === this.env[name],
    );
  }

  launch(request: LaunchRequest): Promise<LaunchOutcome> {
    const id = String((this.#count += 1));
    const text = this.#encode(id, request);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#giveUp(), ANSWER_TIMEOUT_MS);
      this.#asked.set(id, { resolve, timer });
      if (this.#lost) this.#giveUp();
      else this.#input.write(`${String(text.length).padStart(8, '0')}${text}`);
    });
  }

  /** Lets it exit; its attempts live on. */
  close(): void {
    this.#input.end();
  }

  #encode(id: string, { cwd, env, stdin, stdout, stderr, words }: LaunchRequest): string {
    const set = Object.keys(env).filter(
      (name) => env[name] !== this.env[name] || changedByBash.includes(name),
    );
    const unset = [...Object.keys(this.env), ...changedByBash].filter(
      (name) => env[name] === undefined && isIdentifier(name),
    );
    return [
      `_codex_orch_id=${id}`,
      `cd -- ${quoted(cwd)}`,
      ...unset.map((name) => `unset ${name}`),
      ...set.map((name) => `export ${name}=${quoted(env[name] ?? '')}`),
      `attempt ${[stdin, stdout, stderr, ...words].map(quoted).join(' ')}`,
    ].join('\n');
  }

  #read(text: string): void {
    const lines = (this.#unread + text).split('\n');
    this.#unread = lines.pop() ?? '';
    for (const line of lines) this.#report(line);
  }

  #report(line: string): void {
    if (line === '') {
      for (const resolve of this.#reaping) resolve();
      return this.#reaping.clear();
    }
    const [, id, pid, stat] = /^(\d+)(?: (\d+) (.*))?$/.exec(line) ?? [];
    if (id === undefined) return;
    const startTime = parseStat(stat ?? '')?.startTime;
    if (pid === undefined || startTime === undefined) {
      this.#answer(id, { kind: 'refused' });
      this.#running.get(id)?.();
      this.#running.delete(id);
      return;
    }
    const ended = new Promise<void>((resolve) => this.#running.set(id, resolve));
    const reaped = (): Promise<void> => this.#reaped();
    this.#answer(id, { kind: 'running', pid: Number(pid), startTime, ended, reaped });
  }

  #reaped(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, 1);
      this.#reaping.add(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  #answer(id: string, outcome: LaunchOutcome): void {
    const asked = this.#asked.get(id);
    if (!asked) return;
    this.#asked.delete(id);
    clearTimeout(asked.timer);
    asked.resolve(outcome);
  }

  #giveUp(): void {
    this.#lost = true;
    this.#input.destroy();
    for (const id of [...this.#asked.keys()]) this.#answer(id, { kind: 'lost' });
  }
}

/** Reset by bash when it starts, or by its `cd`. */
const changedByBash = ['SHLVL', 'PWD', 'OLDPWD'];

/** Names that bash takes for its own: it would not hand them on as they are. See bash(1), Shell Variables. */
const ownNames =
  /^(BASH.*|COMP_.*|COPROC|DIRSTACK|EPOCH.*|E?UID|FUNC.*|GROUPS|HIST.*|HOSTFILE|IFS|IGNOREEOF|LINENO|MAPFILE|OPT(ARG|ERR|IND)|PIPESTATUS|POSIXLY_CORRECT|PPID|PS4|S?RANDOM|READLINE_.*|REPLY|SECONDS|SHELLOPTS|TMOUT|CDPATH|GLOBIGNORE|histchars|auto_resume)$/;

function isIdentifier(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name);
}

/**
 * A word of a request, in ASCII alone: then characters are bytes, whatever the shell's locale. Bytes are
 * written as bash's `$'\xHH'`.
 */
function quoted(word: string): string {
  if (/^[\x20-\x7e]*$/.test(word)) return shellWord(word);
  const bytes = Buffer.from(word, 'utf8');
  const escaped = Array.from(bytes, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`);
  return `$'${escaped.join('')}'`;
}

/** The launcher keeps no process alive. Pipes of a child are sockets, which the types do not tell. */
function unref(handle: object): void {
  (handle as { unref?: () => void }).unref?.();
}
