/** All processes of this machine at a moment, with the processor time that each has used. Linux only; elsewhere none. */
import { readFileSync } from 'node:fs';
import { processTable } from './process-group.ts';
import { Stopwatch } from './stopwatch.ts';

export interface ProcessEntry {
  pid: number;
  parent: number;
  /** Clock ticks since boot: with the pid, it is this process and no other. */
  startTime: string;
  /** Of its own and of its children that have ended, ms. */
  cpuMs: number;
}

/** USER_HZ is 100 wherever Node runs (proc(5)). */
const MS_PER_TICK = 10;
/** Attempts that are watched together look at one table. */
const FRESH_MS = 50;

let latest: { entries: ProcessEntry[]; age: Stopwatch } | null = null;

export function processTimes(): ProcessEntry[] {
  if (latest !== null && latest.age.elapsedMs() < FRESH_MS) return latest.entries;
  latest = { entries: readTable(), age: new Stopwatch() };
  return latest.entries;
}

function readTable(): ProcessEntry[] {
  if (process.platform !== 'linux') return [];
  return (processTable() ?? []).flatMap((pid) => {
    const entry = entryIn(pid, lineOf(pid));
    return entry === null ? [] : [entry];
  });
}

function lineOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    // It is gone.
    return '';
  }
}

/** Field 2, the name, may hold spaces and parentheses; the others are counted from the state, field 3. */
function entryIn(pid: number, line: string): ProcessEntry | null {
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  const startTime = fields[19];
  if (startTime === undefined) return null;
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
  return { pid, parent: Number(fields[1]), startTime, cpuMs: ticks * MS_PER_TICK };
}
