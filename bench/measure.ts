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

export interface Spent {
  wallMs: number;
  /** Processor time of the command and all its descendants, those that it left behind included. */
  cpuMs: number;
}

/**
 * Adopts what the command leaves behind (PR_SET_CHILD_SUBREAPER), waits for all of it, and asks what it has used
 * (getrusage(2)). In Perl, which any machine with git has and which calls the kernel by number.
 */
const reaper = `
use Time::HiRes qw(time);
my ($prctl, $getrusage) = splice @ARGV, 0, 2;
syscall($prctl + 0, 36, 1, 0, 0, 0);
my $before = time;
my $pid = fork;
if (!$pid) { open STDOUT, '>', '/dev/null'; open STDERR, '>', '/dev/null'; exec @ARGV or exit 127 }
my ($status, $after) = (1, 0);
while ((my $each = wait) > 0) { ($status, $after) = ($?, time) if $each == $pid }
my $used = "\\0" x 144;
syscall($getrusage + 0, -1, $used);
my @used = unpack 'q4', $used;
print join ' ', $status, ($after - $before) * 1000, ($used[0] + $used[2]) * 1000 + ($used[1] + $used[3]) / 1000;
`;

/** Numbers of system calls: include/uapi/asm-generic/unistd.h, and arch/x86/entry/syscalls/syscall_64.tbl. */
const syscalls = process.arch === 'x64' ? ['157', '98'] : ['167', '165'];

/** What a command costs, all of it. Linux only. Throws where it fails. */
export function spend(argv: Argv, options: RunOptions = {}): Spent {
  const words = ['-e', reaper, ...syscalls, ...argv];
  const { stdout, stderr } = spawnSync('perl', words, { ...options, encoding: 'utf8' });
  const [status, wallMs = NaN, cpuMs = NaN] = stdout.split(' ').map(Number);
  if (status !== 0) throw new Error(`${argv.join(' ')}: status ${status} ${stderr}`);
  return { wallMs, cpuMs };
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
  return ratioOf(Array.from({ length: count }, () => [a(), b()]));
}

/** Of pairs that were measured one right after the other. */
export function ratioOf(measured: readonly (readonly [number, number])[]): Pair {
  return {
    a: median(measured.map(([a]) => a)),
    b: median(measured.map(([, b]) => b)),
    ratio: median(measured.map(([a, b]) => a / b)),
  };
}

export interface Watched {
  status: number | null;
  /** Largest resident set, in MB; 0 where there is no /proc. */
  peakMb: number;
  /** Its processor time when it was last looked at, in ms. */
  cpuMs: number;
  /** The same at each look, and when that was, in ms since it was started. */
  looks: readonly { atMs: number; cpuMs: number }[];
}

/** Runs a command, and watches its process (not its children) while it lives. */
export function watchProcess([program, ...words]: Argv, options: RunOptions): Promise<Watched> {
  const child = spawn(program, words, { ...options, stdio: 'ignore' });
  const startedMs = performance.now();
  let peakKb = 0;
  let cpuMs = 0;
  const looks: { atMs: number; cpuMs: number }[] = [];
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      peakKb = Math.max(peakKb, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0));
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      // utime and stime, in ticks of 10 ms: fields 14 and 15 of proc(5), 3 being the first after the name.
      const [user, system] = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .slice(11, 13);
      cpuMs = (Number(user) + Number(system)) * 10;
      looks.push({ atMs: performance.now() - startedMs, cpuMs });
    } catch {
      // It has just ended, or there is no /proc.
    }
  }, 50);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status) => {
      clearInterval(timer);
      resolve({ status, peakMb: peakKb / 1024, cpuMs, looks });
    });
  });
}
