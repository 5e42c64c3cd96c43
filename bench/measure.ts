/** Timing whole processes, pair by pair: on a noisy machine only ratios within one run mean anything. */
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';

export type Argv = readonly [string, ...string[]];

export interface RunOptions {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
}

export interface Timed {
  wallMs: number;
  stdout: string;
}

/** Runs a command to its end; throws where it fails. */
export function time([program, ...words]: Argv, options: RunOptions = {}): Timed {
  const before = performance.now();
  const result = spawnSync(program, words, { ...options, encoding: 'utf8', maxBuffer: 1 << 28 });
  const wallMs = performance.now() - before;
  if (result.status !== 0) {
    const why = result.error?.message ?? result.stderr.slice(-2000);
    throw new Error(`${program} ${words.join(' ')}: status ${result.status}\n${why}`);
  }
  return { wallMs, stdout: result.stdout };
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

/** Measures A and B in turn, A B A B …; medians. */
export function pairs(count: number, a: () => number, b: () => number): Pair {
  const measured = Array.from({ length: count }, () => ({ a: a(), b: b() }));
  return {
    a: median(measured.map((each) => each.a)),
    b: median(measured.map((each) => each.b)),
    ratio: median(measured.map((each) => each.a / each.b)),
  };
}

export interface Watched {
  status: number | null;
  /** Largest resident set, in MB; 0 where there is no /proc. */
  peakMb: number;
}

/** Runs a command, and watches the memory of its process (not of its children) while it lives. */
export function watchMemory([program, ...words]: Argv, options: RunOptions): Promise<Watched> {
  const child = spawn(program, words, { ...options, stdio: 'ignore' });
  let peakKb = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peakKb = Math.max(peakKb, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0));
    } catch {
      // It has just ended, or there is no /proc.
    }
  }, 50);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => {
      clearInterval(timer);
      resolve({ status, peakMb: peakKb / 1024 });
    });
  });
}
