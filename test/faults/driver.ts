/**
 * Crashes the engine at a chosen step, lets the next one go on, and compares the end with what an
 * undisturbed run ends with. Needs the build that can be told to die (scripts/build.mjs --faults).
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CrashProgram } from './programs.ts';

/** Commands that drive a run, in the order in which a program goes through them. */
export type Phase = 'start' | 'second';

export interface CrashPoint {
  phase: Phase;
  /** From 1. */
  step: number;
}

export interface Outcome {
  ok: boolean;
  /** What differs from the undisturbed run. */
  problems: string[];
  /** Whether the process died, which it does not where it has fewer steps. */
  died: boolean;
  /** Steps of each phase, where none was told to die. */
  steps: Record<Phase, number>;
}

const MAX_COMMANDS = 12;

/** Runs a program to its end in a fresh directory, dying at the given point (null: nowhere). */
export function runWithCrash(
  cli: string,
  program: CrashProgram,
  directory: string,
  point: CrashPoint | null,
): Outcome {
  rmSync(directory, { recursive: true, force: true });
  for (const [file, text] of Object.entries(program.files)) {
    mkdirSync(path.dirname(path.join(directory, file)), { recursive: true });
    writeFileSync(path.join(directory, file), text);
  }
  const steps: Record<Phase, number> = { start: 0, second: 0 };
  let died = false;
  const crashable = (phase: Phase, ...words: string[]): number | null => {
    const stepsFile = path.join(directory, `steps-${phase}`);
    const env: NodeJS.ProcessEnv = { ...process.env, CODEX_ORCH_STEPS_FILE: stepsFile };
    if (point?.phase === phase) env['CODEX_ORCH_DIE_AT'] = String(point.step);
    const result = spawnSync(process.execPath, [cli, ...words], { cwd: directory, env });
    if (result.signal === 'SIGKILL') died = true;
    steps[phase] = lines(stepsFile).length;
    return result.status;
  };
  const command = (...words: string[]): number | null => {
    const result = spawnSync(process.execPath, [cli, ...words], { cwd: directory });
    output = `${result.stdout}${result.stderr}`;
    return result.status;
  };
  let output = '';
  const roots = program.roots.flatMap((root) => ['--root', root]);
  let status = crashable('start', 'run', 'start', '.', ...roots);
  // A start that died before its first event has left no run, and is simply made again.
  if (runDirectories(directory).length === 0) status = command('run', 'start', '.', ...roots);
  let secondDone = false;
  for (let count = 0; status !== 0 && count < MAX_COMMANDS; count += 1) {
    const next = nextCommand(cli, program, directory);
    if (!secondDone && next.isAnswer) {
      secondDone = true;
      status = crashable('second', ...next.words);
    } else status = command(...next.words);
  }
  const problems = status === 0 ? [] : [`it did not come to its end: status ${status}: ${output}`];
  if (runDirectories(directory).length !== 1) problems.push('there is not exactly one run');
  else problems.push(...differences(cli, program, directory));
  return { ok: problems.length === 0, problems, died, steps };
}

/** What a person would type next: answer, force what failed, or resume. */
function nextCommand(
  cli: string,
  program: CrashProgram,
  directory: string,
): { words: string[]; isAnswer: boolean } {
  const open = JSON.parse(
    capture(cli, directory, 'inbox', 'list', '.', '--unresolved-only', '--json'),
  ) as { interrupt: { interrupt_id: string } }[];
  const [question] = open;
  const run = showRun(cli, directory);
  if (question && run.status === 'waiting') {
    const { interrupt_id: id } = question.interrupt;
    const words = ['inbox', 'reply', '.', id, '--text', program.answer ?? '', '--resume'];
    return { words, isAnswer: true };
  }
  const failed = Object.values(run.instances).find(
    (instance) => instance.status === 'failed' && !instance.resume_recommended,
  );
  if (failed) {
    const words = ['run', 'retry-instance', '.', 'latest', failed.instance_id];
    return { words, isAnswer: true };
  }
  return { words: ['run', 'resume', '.', 'latest'], isAnswer: false };
}

interface ShownRun {
  id: string;
  status: string;
  instances: Record<
    string,
    {
      instance_id: string;
      task_id: string;
      input_scope_id: string;
      status: string;
      attempt: number;
      resume_recommended: boolean;
    }
  >;
  input_scopes: Record<string, { parent_input_scope_id: string | null }>;
}

function differences(cli: string, program: CrashProgram, directory: string): string[] {
  const problems: string[] = [];
  const run = showRun(cli, directory);
  if (run.status !== 'done') problems.push(`the run is ${run.status}`);
  const depth = (scope: string): number => {
    const parent = run.input_scopes[scope]?.parent_input_scope_id ?? null;
    return parent === null ? 0 : 1 + depth(parent);
  };
  const ended = Object.values(run.instances)
    .map((each) => `${each.task_id}/${depth(each.input_scope_id)} ${each.status} ${each.attempt}`)
    .sort();
  if (JSON.stringify(ended) !== JSON.stringify(program.expected)) {
    problems.push(`instances: ${ended.join(', ')}; expected: ${program.expected.join(', ')}`);
  }
  // Each attempt began exactly once.
  const begun = lines(path.join(directory, 'attempts.log')).sort();
  const recorded = Object.values(run.instances)
    .flatMap((each) =>
      Array.from(
        { length: each.attempt },
        (_, index) => `${each.instance_id} ${String(index + 1).padStart(4, '0')}`,
      ),
    )
    .sort();
  if (JSON.stringify(begun) !== JSON.stringify(recorded)) {
    problems.push(`attempts begun: ${begun.join(', ')}; recorded: ${recorded.join(', ')}`);
  }
  const verified = spawnSync(process.execPath, [cli, 'run', 'verify', '.', 'latest'], {
    cwd: directory,
    encoding: 'utf8',
  });
  if (verified.status !== 0) problems.push(`run verify: ${verified.stdout}${verified.stderr}`);
  return problems;
}

function showRun(cli: string, directory: string): ShownRun {
  return JSON.parse(capture(cli, directory, 'run', 'show', '.', 'latest', '--json')) as ShownRun;
}

function capture(cli: string, directory: string, ...words: string[]): string {
  const result = spawnSync(process.execPath, [cli, ...words], {
    cwd: directory,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  if (result.status !== 0) throw new Error(`${words.join(' ')}: ${result.stderr}`);
  return result.stdout;
}

/** Runs that exist: those with an event. */
function runDirectories(directory: string): string[] {
  const runs = path.join(directory, '.runs');
  if (!existsSync(runs)) return [];
  return readdirSync(runs).filter((id) => {
    const log = path.join(runs, id, 'events.jsonl');
    return existsSync(log) && readFileSync(log).length > 0;
  });
}

function lines(file: string): string[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, 'utf8').split('\n').filter(Boolean);
}
