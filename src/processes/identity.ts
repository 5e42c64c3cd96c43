/**
 * Who a process is. A pid alone is reused; with its start time, the boot and the pid namespace it is
 * not. Used by the run lock and by the supervision of agents. Linux reads /proc (proc(5)); elsewhere
 * `ps` tells the start time.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  pid: number;
  /** Linux: clock ticks since boot; elsewhere `ps -o lstart=`. Compare only for equality. */
  startTime: string;
  /** Changes with every boot; '' where unknown. */
  bootId: string;
  /** Such as `pid:[4026531836]`; '' where there are none. */
  pidNamespace: string;
  host: string;
}

/** Where a pid means something: everything of an identity but the process. */
export type ProcessScope = Omit<ProcessIdentity, 'pid' | 'startTime'>;

/** `unknown`: we cannot look; for the most part because it belongs to another pid namespace or host. */
export type Liveness = 'alive' | 'gone' | 'unknown';

let own: ProcessIdentity | null = null;

export function ownIdentity(): ProcessIdentity {
  // Asked for at each attempt, and never another.
  own ??= identityOf(process.pid);
  return own ?? { pid: process.pid, startTime: '', ...ownScope() };
}

/** The identity of a process that lives in our namespace; null if it does not live. */
export function identityOf(pid: number): ProcessIdentity | null {
  const startTime = startTimeOf(pid);
  return startTime === null ? null : { pid, startTime, ...ownScope() };
}

let scope: ProcessScope | null = null;

/** The boot, namespace and host that this process lives in. */
export function ownScope(): ProcessScope {
  scope ??= {
    bootId: readOr('', () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()),
    pidNamespace: readOr('', () => readlinkSync('/proc/self/ns/pid')),
    host: hostname(),
  };
  return scope;
}

/** Whether exactly this process still lives. A zombie is gone: it does nothing any more. */
export function isSameProcess(identity: ProcessIdentity): Liveness {
  const here = ownScope();
  if (identity.bootId !== here.bootId) {
    // Another boot of this host ended it; on another host sharing the disk it may live.
    return identity.host === here.host ? 'gone' : 'unknown';
  }
  if (identity.pidNamespace !== here.pidNamespace) return 'unknown';
  const startTime = startTimeOf(identity.pid);
  if (startTime !== null) return startTime === identity.startTime ? 'alive' : 'gone';
  // Who has no descriptor left can read nothing of anybody, not of itself either.
  if (startTimeOf(process.pid) === null) return 'unknown';
  // A /proc mounted with hidepid hides the processes of other users, yet kill(2) knows them.
  return signalReaches(identity.pid) === 'forbidden' ? 'unknown' : 'gone';
}

/**
 * How long a process of this boot and namespace has lived, by its start and ours, so that no clock that was set
 * meanwhile changes it; null where that is not to be known.
 */
export function ageMs({ startTime, bootId, pidNamespace }: ProcessIdentity): number | null {
  const here = ownScope();
  if (process.platform !== 'linux' || bootId !== here.bootId) return null;
  if (pidNamespace !== here.pidNamespace) return null;
  const own = startTimeOf(process.pid);
  const sinceMs = (Number(own) - Number(startTime)) * MS_PER_TICK + process.uptime() * 1000;
  return own !== null && Number.isFinite(sinceMs) && sinceMs >= 0 ? sinceMs : null;
}

/** USER_HZ, the unit of times in /proc, is 100 wherever Node runs (proc(5), time(7)). */
const MS_PER_TICK = 10;

/** From a line of /proc/<pid>/stat. Field 2, the name, may hold spaces and parentheses. */
export function parseStat(
  line: string,
): { state: string; pgrp: number; session: number; startTime: string } | null {
  const end = line.lastIndexOf(')');
  if (end < 0) return null;
  const fields = line.slice(end + 2).split(' '); // fields[0] is field 3, the state
  const startTime = fields[19];
  if (fields[0] === undefined || startTime === undefined) return null;
  return { state: fields[0], pgrp: Number(fields[2]), session: Number(fields[3]), startTime };
}

function startTimeOf(pid: number): string | null {
  if (process.platform === 'linux') {
    const line = readOr(null, () => readFileSync(`/proc/${pid}/stat`, 'latin1'));
    const stat = line === null ? null : parseStat(line);
    return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat.startTime;
  }
  const line = readOr('', () =>
    execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { LC_ALL: 'C' },
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim(),
  );
  const match = /^(\S+)\s+(.+)$/.exec(line);
  if (!match?.[1] || !match[2] || match[1].startsWith('Z')) return null;
  return normaliseStart(match[2]);
}

/** `ps` pads with spaces, differently by column. */
export function normaliseStart(text: string): string {
  return text.trim().replace(/\s+/g, ' ');
}

function signalReaches(pid: number): 'yes' | 'forbidden' | 'no' {
  try {
    process.kill(pid, 0);
    return 'yes';
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? 'forbidden' : 'no';
  }
}

function readOr<T>(fallback: T, read: () => T): T {
  try {
    return read();
  } catch {
    return fallback;
  }
}

/**
 * How often the main thread of a process has been given a processor or given it up. One that is halted or frozen stays
 * where it is; what waits for a moment or for others does not. null where the system does not tell.
 */
export function switchesOf(pid: number): number | null {
  const status = readOr('', () => readFileSync(`/proc/${pid}/status`, 'latin1'));
  const counts = [...status.matchAll(/^(?:non)?voluntary_ctxt_switches:\s+(\d+)$/gm)];
  return counts.length === 0 ? null : counts.reduce((sum, [, count]) => sum + Number(count), 0);
}
