/**
 * Kills the engine at chosen steps, plays the person who then goes on, and compares the end with that of
 * an undisturbed run. Needs the build that can be told to die (scripts/build.mjs --faults).
 */
import { spawn } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { runStatus, type RunState } from '../../src/core/state/run-state.ts';
import type { Instance } from '../../src/model/run.ts';
import { sha256 } from '../../src/disk/sha256.ts';
import { listRunIds, runPaths, type RunPaths } from '../../src/store/layout.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import { verifyRunDirectory } from '../../src/store/verify/verify.ts';
import type { CrashProgram } from './programs.ts';
import { CrashRepository, gitSurroundings } from './repository.ts';

/** One process of ours: the n-th command that a person types (from 0), or the engine it leaves behind. */
export interface CrashPoint {
  command: number;
  engine: boolean;
  /** From 1. */
  step: number;
  /** Die in the middle of the step instead of before it. */
  torn: boolean;
}

/** The steps of a process. `kind`: as `faultPoint` names it. */
export type Steps = { kind: string; tearable: boolean }[];

export interface Outcome {
  /** What differs from the undisturbed run, or is wrong in itself; empty if all is whole. */
  problems: string[];
  /** How many of the points were reached: a process dies only where it has that many steps. */
  deaths: number;
  /** Steps that each process took: `0`, `0 engine`, `1`, … */
  steps: Map<string, Steps>;
  /** The words of each command, from 0. */
  typed: string[][];
  /** What the run ended with. */
  digest: string[];
}

/** The stand-in that a program with assistants brings along. */
const CODEX = 'codex.cjs';

const MAX_COMMANDS = 14;
const COMMAND_TIMEOUT_MS = 120_000;

export async function runWithCrashes(
  cli: string,
  program: CrashProgram,
  directory: string,
  points: readonly CrashPoint[],
  undisturbed: readonly string[] | null,
): Promise<Outcome> {
  rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
  for (const [file, text] of Object.entries(program.files)) {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    writeFileSync(path.join(directory, file), text);
  }
  if (CODEX in program.files) chmodSync(path.join(directory, CODEX), 0o755);
  const { repository: files, person: persons } = program;
  const repository = files && new CrashRepository(directory, files, persons);
  const person = new Person(cli, program, directory, points, repository ?? null);
  const problems = await person.finish();
  const digest: string[] = [];
  const [runId] = listRunIds(directory);
  if (runId === undefined) problems.push('there is no run');
  else {
    const paths = runPaths(directory, runId);
    const state = viewRun(paths).state;
    digest.push(...(program.endsVary ? [runStatus(state)] : digestOf(paths, state)));
    digest.push(...(repository?.digest() ?? []));
    problems.push(...(repository?.problems(state) ?? []));
    problems.push(...attemptProblems(program, directory, state), ...tryProblems(directory));
    const report = await verifyRunDirectory(paths, { now: () => new Date().toISOString() });
    if (!report.ok) problems.push(`run verify: ${JSON.stringify(report.problems)}`);
    if (undisturbed !== null && JSON.stringify(digest) !== JSON.stringify(undisturbed)) {
      problems.push(`it ended with ${digest.join('; ')}, not with ${undisturbed.join('; ')}`);
    }
  }
  if (listRunIds(directory).length > 1) problems.push('there are two runs');
  const { deaths, steps, typed } = person;
  return { problems, deaths, steps, typed, digest };
}

/** Types what a sensible person would, until the run has come to its end. */
class Person {
  readonly steps = new Map<string, Steps>();
  readonly typed: string[][] = [];
  deaths = 0;
  /** Whether the last process that worked on the run was killed. */
  #lastDied = false;
  readonly #cli: string;
  readonly #program: CrashProgram;
  readonly #directory: string;
  readonly #points: readonly CrashPoint[];
  readonly #repository: CrashRepository | null;
  #last: string[] = [];
  #lastOutput = '';
  #interfered = false;

  constructor(
    cli: string,
    program: CrashProgram,
    directory: string,
    points: readonly CrashPoint[],
    repository: CrashRepository | null,
  ) {
    this.#repository = repository;
    this.#cli = cli;
    this.#program = program;
    this.#directory = directory;
    this.#points = points;
  }

  async finish(): Promise<string[]> {
    while (this.typed.length < MAX_COMMANDS) {
      const paths = this.#paths();
      const words = this.#next(paths);
      if (words === null) return [];
      await this.#type(words);
    }
    return [`no end after ${MAX_COMMANDS} commands; the last printed: ${this.#lastOutput}`];
  }

  #paths(): RunPaths | null {
    const [runId] = listRunIds(this.#directory);
    return runId === undefined ? null : runPaths(this.#directory, runId);
  }

  /** null: the run has come to its end. */
  #next(paths: RunPaths | null): string[] | null {
    const { roots, begin, meddle, person } = this.#program;
    if (paths === null) {
      const more = person?.words?.start ?? [];
      const start = ['run', 'start', '.', ...roots.flatMap((root) => ['--root', root]), ...more];
      return begin === 'no-wait' ? [...start, '--no-wait'] : start;
    }
    const state = viewRun(paths).state;
    const status = runStatus(state);
    // Whose command was killed looks again, even where the log says that all is done: then `state/` may
    // still be behind it.
    if (status === 'done') return this.#lastDied ? this.#again() : this.#afterwards();
    // What has been aborted is over, once what was left of it is settled.
    if (state.aborted) return this.#lastDied ? ['run', 'resume', '.', 'latest'] : null;
    if (meddle === 'abort') return ['run', 'abort', '.', 'latest'];
    if (meddle === 'reconcile' && status === 'running') return ['run', 'reconcile', '.', 'latest'];
    const open = [...state.interrupts.values()].filter(({ reply }) => reply === null);
    // One whose answer lies in the inbox already waits for an engine only.
    const unanswered = open.filter(
      ({ interrupt }) => !existsSync(paths.replyFile(interrupt.interrupt_id)),
    );
    const [question] = unanswered;
    if (status === 'waiting' && question?.interrupt.audience === 'assistant') {
      const isWorkers = this.#program.assistants === 'worker';
      return isWorkers ? ['inbox', 'worker', '.', '--once'] : ['run', 'resume', '.', 'latest'];
    }
    if (status === 'waiting' && question) {
      const { interrupt_id: id } = question.interrupt;
      const text = this.#program.answer ?? 'yes';
      if (this.#program.answerBy === 'file') {
        writeFileSync(paths.replyFile(id), JSON.stringify({ text }));
        return ['run', 'resume', '.', 'latest'];
      }
      const resume = unanswered.length === 1 ? ['--resume'] : [];
      return ['inbox', 'reply', '.', id, '--text', text, ...resume];
    }
    const failed = [...state.instances.values()].find(
      (instance) => instance.status === 'failed' && !instance.resume_recommended,
    );
    if (failed) return ['run', 'retry-instance', '.', 'latest', failed.instance_id];
    return ['run', 'resume', '.', 'latest'];
  }

  /** What was killed of a run that is done is typed once more. */
  #again(): string[] {
    return this.#last.includes('start') || this.#last.includes('reply')
      ? ['run', 'resume', '.', 'latest']
      : this.#last;
  }

  /** Takes what came out, and cleans up. */
  #afterwards(): string[] | null {
    if (this.#repository === null || this.#last.includes('clean')) return null;
    this.#repository.goOn();
    const next = this.#last.includes('integrate') ? 'clean' : 'integrate';
    return ['run', next, '.', 'latest', ...(this.#program.person?.words?.[next] ?? [])];
  }

  /** Types a command, waits for it, and for the engine that it leaves behind. */
  async #type(words: string[]): Promise<void> {
    const number = this.typed.length;
    this.typed.push(words);
    this.#last = words;
    const env: NodeJS.ProcessEnv = { ...process.env };
    if (CODEX in this.#program.files) {
      env['CODEX_ORCH_CODEX_BIN'] = path.join(this.#directory, CODEX);
    }
    if (this.#program.repository) Object.assign(env, gitSurroundings(this.#directory));
    const files: [string, string][] = [];
    for (const engine of [false, true]) {
      const prefix = engine ? 'CODEX_ORCH_ENGINE_' : 'CODEX_ORCH_';
      const name = engine ? `${number} engine` : String(number);
      const file = path.join(this.#directory, `steps-${name}`);
      files.push([name, file]);
      env[`${prefix}STEPS_FILE`] = file;
      const point = this.#points.find((each) => each.command === number && each.engine === engine);
      if (!point) continue;
      env[`${prefix}DIE_AT`] = String(point.step);
      if (point.torn) env[`${prefix}TEAR`] = '1';
    }
    appendFileSync(path.join(this.#directory, 'typed'), `${words.join(' ')}\n`);
    const child = spawn(process.execPath, [this.#cli, ...words], {
      cwd: this.#directory,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
    const timer = setTimeout(() => {
      this.#lastOutput = `${words.join(' ')} hung`;
      child.kill('SIGKILL');
    }, COMMAND_TIMEOUT_MS);
    // Not 'close': agents that outlive their engine must not keep us waiting, nor do they hold its pipes.
    const ended = new Promise<NodeJS.Signals | null>((resolve) => {
      child.on('exit', (_code, signal) => resolve(signal));
    });
    await this.#meddle(child.pid ?? 0, ended);
    const signal = await ended;
    clearTimeout(timer);
    this.#lastOutput = output;
    this.#lastDied = signal === 'SIGKILL';
    if (this.#lastDied) this.deaths += 1;
    if (words.includes('--no-wait')) await this.#engineEnds(number);
    for (const [name, file] of files) {
      if (!existsSync(file)) continue;
      this.steps.set(
        name,
        lines(file).map((line) => {
          const [, kind = '', next] = line.split(' ');
          return { kind, tearable: next === 'tearable' };
        }),
      );
    }
  }

  /** What is done to this program's engine, once, while the first agent is at work. */
  async #meddle(pid: number, ended: Promise<unknown>): Promise<void> {
    const { meddle } = this.#program;
    if ((meddle !== 'stop' && meddle !== 'kill-launcher') || this.#interfered) return;
    this.#interfered = true;
    let over = false;
    void ended.then(() => (over = true));
    while (!over && lines(path.join(this.#directory, 'attempts.log')).length === 0) await tick();
    if (over) return;
    if (meddle === 'stop') process.kill(pid, 'SIGTERM');
    else for (const launcher of launchersOf(pid)) process.kill(launcher, 'SIGKILL');
  }

  async #engineEnds(number: number): Promise<void> {
    const point = this.#points.find((each) => each.command === number && each.engine);
    for (;;) {
      const living = enginesOf(this.#directory);
      // An abort is typed while the agent is at work.
      const begun = lines(path.join(this.#directory, 'attempts.log')).length > 0;
      if (living.length === 0) break;
      if (this.#program.meddle === 'abort' && begun) return;
      await tick();
    }
    const taken = existsSync(path.join(this.#directory, `steps-${number} engine`));
    if (!point || !taken) return;
    this.deaths += 1;
    this.#lastDied = true;
  }
}

/** Engines in the background that drive a run of this program. */
function enginesOf(directory: string): number[] {
  return processesWhere((words) => {
    return words[2] === 'run' && words[3] === 'drive' && words[4] === directory;
  });
}

/** The shells beside an engine that fork its attempts. */
function launchersOf(engine: number): number[] {
  return processesWhere((words, pid) => {
    // The forks of a launcher, which are the attempts, are called like it.
    const [, parent] = /\) \S (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, 'latin1')) ?? [];
    return words.includes('codex-orch-launcher') && Number(parent) === engine;
  });
}

function processesWhere(matches: (words: string[], pid: number) => boolean): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.map(Number).filter((pid) => {
    try {
      return matches(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0'), pid);
    } catch {
      return false;
    }
  });
}

/** Everything that an undisturbed run and a crashed one must have in common, without ids and times. */
function digestOf(paths: RunPaths, state: RunState): string[] {
  const place = (scopeId: string): string => {
    const scope = state.scopes.get(scopeId);
    if (!scope || scope.parent_input_scope_id === null) return '';
    const by = state.instances.get(scope.created_by_instance_id ?? '')?.task_id ?? '?';
    return `${place(scope.parent_input_scope_id)}/${by}`;
  };
  const instances = [...state.instances.values()].map((instance: Instance) => {
    const result = fileHash(paths.resultFile(instance.instance_id));
    const published = instance.published
      .map(({ relative_path, sha256: hash }) => `${relative_path}=${hash.slice(0, 8)}`)
      .join(',');
    const where = `${instance.task_id}${place(instance.input_scope_id)}`;
    return `${where} ${instance.status} ${result} ${published}`;
  });
  const questions = [...state.interrupts.values()].map(
    ({ interrupt, reply }) =>
      `${interrupt.subject ?? interrupt.question} ${interrupt.status} ${reply?.text ?? '-'}`,
  );
  return [runStatus(state), ...instances.sort(), ...questions.sort()];
}

/** Each attempt that the log knows began once; where the program says so, exactly these many. */
function attemptProblems(program: CrashProgram, directory: string, state: RunState): string[] {
  const problems: string[] = [];
  const begun = lines(path.join(directory, 'attempts.log')).sort();
  const recorded = [...state.instances.values()]
    .flatMap(({ instance_id, attempt }) =>
      Array.from({ length: attempt }, (_, n) => `${instance_id} ${String(n + 1).padStart(4, '0')}`),
    )
    .sort();
  for (const [index, line] of begun.entries()) {
    if (line === begun[index - 1]) problems.push(`attempt begun twice: ${line}`);
    if (!recorded.includes(line)) problems.push(`attempt begun, but not recorded: ${line}`);
  }
  if (program.attempts === null) return problems;
  const missing = recorded.filter((line) => !begun.includes(line));
  if (missing.length > 0)
    problems.push(`attempts recorded, but never begun: ${missing.join(', ')}`);
  if (recorded.length !== program.attempts) {
    problems.push(`${recorded.length} attempts, not ${program.attempts}`);
  }
  return problems;
}

/** A try of an assistant begins once; the next one has another number. */
function tryProblems(directory: string): string[] {
  const begun = lines(path.join(directory, 'tries.log')).sort();
  return begun
    .filter((line, index) => line === begun[index - 1])
    .map((line) => `try of an assistant begun twice: ${line}`);
}

function fileHash(file: string): string {
  return existsSync(file) ? sha256(readFileSync(file)).slice(0, 8) : '-';
}

function lines(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}

function tick(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}
