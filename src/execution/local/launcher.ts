/**
 * A small long-lived process that forks attempts for us. A process is forked with the page tables of its
 * parent: that costs a Node of 100 MB ten to forty milliseconds, during which the engine stands still;
 * a shell of 4 MB half of one, and a program of its own (launcher.c) a tenth, on another core. See docs/performance.md.
 *
 * It keeps nothing that matters. Attempts write who they are, claim their run and record their exit
 * themselves (attempt-files.ts); a report on the launcher's pipe only spares the engine from polling
 * for it. When the engine dies the launcher reads the end of its input and exits; when the launcher
 * dies, its attempts live on.
 *
 * Where none of its programs is to be had, launch.ts forks.
 */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { parseStat } from '../../processes/identity.ts';

/**
 * Without an answer for so long the launcher counts as lost. What was asked of it is then settled by
 * the attempt's claim, so that too short a time could do no harm.
 */
const ANSWER_TIMEOUT_MS = 10_000;
/** The launcher tells of every process that it has reaped: only where it is no more does nobody. */
const REAPED_MS = 20;

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
      /** Resolves when it, or another, has left the process table, or else after a moment. */
      reaped(): Promise<void>;
    }
  /** It could not claim its run, or not open its files. */
  | { kind: 'refused' }
  /** The launcher is no more; whether the attempt runs, only its files can tell. */
  | { kind: 'lost' };

/** A program that takes requests on its standard input, and tells of attempts on its standard output. */
export interface LauncherProgram {
  argv: readonly [string, ...string[]];
  /**
   * What to write to it, without the length in front; null where it cannot make exactly what is asked for.
   * `own`: the environment that it was started with.
   */
  encode(id: string, request: LaunchRequest, own: Environment): string | null;
}

export type Environment = Readonly<NodeJS.ProcessEnv>;

type LauncherProcess = ChildProcessByStdio<Writable, Readable, null>;

interface Asked {
  resolve(outcome: LaunchOutcome): void;
  timer: NodeJS.Timeout;
}

export class Launcher {
  readonly #input: Writable;
  readonly #program: LauncherProgram;
  /** What it was started with. */
  readonly env: Environment;
  readonly #asked = new Map<string, Asked>();
  readonly #running = new Map<string, () => void>();
  readonly #reaping = new Set<() => void>();
  #count = 0;
  #lost = false;
  #unread = '';

  private constructor(program: LauncherProgram, child: LauncherProcess, env: Environment) {
    this.env = env;
    this.#program = program;
    this.#input = child.stdin;
    child.once('exit', () => this.#giveUp());
    child.once('error', () => this.#giveUp());
    child.stdin.on('error', () => this.#giveUp());
    child.stdout.setEncoding('latin1').on('data', (text: string) => this.#read(text));
    for (const each of [child, child.stdin, child.stdout]) unref(each);
  }

  /** null where this program cannot be started. */
  static start(program: LauncherProgram, env: Environment): Launcher | null {
    const own = { ...env };
    const [file, ...words] = program.argv;
    const child = spawn(file, words, {
      cwd: '/',
      env: own,
      detached: true,
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    if (child.pid !== undefined) return new Launcher(program, child, own);
    child.once('error', () => undefined);
    return null;
  }

  /** Whether it is no more, or does not answer. */
  get isLost(): boolean {
    return this.#lost;
  }

  /** null, and nothing done, where this launcher cannot make exactly what is asked for. */
  launch(request: LaunchRequest): Promise<LaunchOutcome> | null {
    const id = String((this.#count += 1));
    const encoded = this.#lost ? null : this.#program.encode(id, request, this.env);
    if (encoded === null) return null;
    const text = Buffer.from(encoded, 'utf8');
    const size = Buffer.from(String(text.length).padStart(8, '0'), 'latin1');
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#giveUp(), ANSWER_TIMEOUT_MS);
      this.#asked.set(id, { resolve, timer });
      this.#input.write(Buffer.concat([size, text]));
    });
  }

  /** Lets it exit; its attempts live on. */
  close(): void {
    this.#input.end();
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
      const timer = setTimeout(resolve, REAPED_MS);
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

/** The launcher keeps no process alive. Pipes of a child are sockets, which the types do not tell. */
function unref(handle: object): void {
  (handle as { unref?: () => void }).unref?.();
}
