/** Timing whole processes, pair by pair: on a noisy machine only ratios within one run mean anything. */
import { spawn, spawnSync } from 'node:child_process';
import { performance } from 'node:perf_hooks';

export interface Run {
  wallMs: number;
  /** Largest resident set of the process itself or of one child, in MB. */
  peakMb: number;
  stdout: string;
}

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  /** Exit statuses that are fine. */
  ok?: number[];
}

/** Runs a command to its end; throws where it fails. */
export function time(argv: readonly [string, ...string[]], options: RunOptions = {}): Run {
  const before = performance.now();
  const result = spawnSync('/usr/bin/env', ['time', '-f', 'peak %M', ...argv], {
    cwd: options.cwd,
    env: options.env ?? process.env,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const wallMs = performance.now() - before;
  if (!(options.ok ?? [0]).includes(result.status ?? -1)) {
    throw new Error(`${argv.join(' ')}: status ${result.status}\n${result.stderr.slice(-2000)}`);
  }
  const peakKb = Number(/^peak (\d+)$/m.exec(result.stderr)?.[1] ?? 0);
  return { wallMs, peakMb: peakKb / 1024, stdout: result.stdout };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1] ?? 0, sorted[middle] ?? 0];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

export interface Pair {
  a: number;
  b: number;
  /** Median of the ratios, pair by pair. */
  ratio: number;
}

/** Measures A and B in turn, A B A B …, after one warm-up of each. */
export function pairs(count: number, a: () => number, b: () => number): Pair {
  a();
  b();
  const measured = Array.from({ length: count }, () => ({ a: a(), b: b() }));
  return {
    a: median(measured.map((each) => each.a)),
    b: median(measured.map((each) => each.b)),
    ratio: median(measured.map((each) => each.a / each.b)),
  };
}

/** A process whose memory is watched while it lives, in MB. */
export async function peakMemory(
  argv: readonly [string, ...string[]],
  options: { cwd: string; env?: NodeJS.ProcessEnv },
): Promise<number> {
  const [program, ...words] = argv;
  const child = spawn(program, words, { ...options, stdio: 'ignore' });
  const { readFileSync } = await import('node:fs');
  let peakKb = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peakKb = Math.max(peakKb, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    } catch {
      // It has just ended.
    }
  }, 100);
  await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(timer);
  return peakKb / 1024;
}
