/** What the rows of the table share. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { RunEvent } from '../src/core/events/events.ts';
import { time, type Argv } from './measure.ts';
import type { BenchProgram } from './programs.ts';

export interface Bench {
  /** The built program's entry. */
  cli: string;
  /** Where programs and runs are put; removed at the end. */
  directory: string;
  /** Small sizes and few rounds: whether it works, not how fast it is. */
  quick: boolean;
}

export interface Row {
  measure: string;
  measured: string;
  target: string;
  /** null where there is nothing to meet. */
  met: boolean | null;
}

export function row(measure: string, measured: string, target: string, met: boolean | null): Row {
  return { measure, measured, target, met };
}

/** Number of rounds whose median counts. */
export function rounds(bench: Bench, full: number): number {
  return bench.quick ? 1 : full;
}

export function cliArgv(bench: Bench, ...words: string[]): Argv {
  return [process.execPath, bench.cli, ...words];
}

export interface DriveTimes {
  /** The whole command. */
  wallMs: number;
  /** From the first attempt to the last event: without the start, and the reading of the program. */
  driveMs: number;
  instances: number;
}

/** Starts a run of all of a program, and waits for its end. */
export function drive(
  bench: Bench,
  program: BenchProgram,
  env: NodeJS.ProcessEnv = {},
): DriveTimes {
  const words = ['run', 'start', program.directory, ...program.select, '--wait'];
  const { wallMs } = time(cliArgv(bench, ...words), { env: { ...process.env, ...env } });
  return { wallMs, ...driveTimes(program.directory) };
}

/** The directory of the run that was started last. */
export function latestRun(programDir: string): string {
  const runs = path.join(programDir, '.runs');
  const names = readdirSync(runs).filter((name) => /^\d{14}-/.test(name));
  const created = (name: string): string => firstEvents(path.join(runs, name))[0]?.created_at ?? '';
  const latest = names.sort((a, b) => (created(a) < created(b) ? -1 : 1)).at(-1);
  if (latest === undefined) throw new Error(`no run in ${programDir}`);
  return path.join(runs, latest);
}

/** Of the run of a program that was started last: as `DriveTimes`. */
export function driveTimes(programDir: string): Omit<DriveTimes, 'wallMs'> {
  const runDir = latestRun(programDir);
  const events = eventsOf(runDir);
  const started = events.find((event) => event.event_type === 'attempt_started');
  const ended = events.at(-1);
  if (!started || !ended) throw new Error(`nothing ran in ${runDir}`);
  return {
    driveMs: Date.parse(ended.created_at) - Date.parse(started.created_at),
    instances: events.filter((event) => event.event_type === 'instance_done').length,
  };
}

function eventsOf(runDir: string): RunEvent[] {
  const lines = readFileSync(path.join(runDir, 'events.jsonl'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as RunEvent);
}

function firstEvents(runDir: string): RunEvent[] {
  const text = readFileSync(path.join(runDir, 'events.jsonl'), 'utf8');
  return [JSON.parse(text.slice(0, text.indexOf('\n'))) as RunEvent];
}

/**
 * Removes what a row leaves only when all is measured: ext4 will not give out the inodes of deleted files
 * for a while, and steps over each of them whenever it makes a file (see docs/performance.md).
 */
export function removeAll(bench: Bench): void {
  rmSync(bench.directory, { recursive: true, force: true });
}

export function ms(value: number): string {
  return value < 10 ? `${value.toFixed(2)} ms` : `${Math.round(value)} ms`;
}

export function times(ratio: number): string {
  return `${ratio.toFixed(2)}×`;
}
