/** Signals a process group, and tells whether anything of it lives. */
import { readdirSync, readFileSync } from 'node:fs';
import { parseStat } from '../../processes/identity.ts';

/** Sends a signal to all of a group. False: there is no such group that we may signal. */
export function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-pgid, signal);
    return true;
  } catch {
    return false;
  }
}

/** Whether the number is some process's, be it a zombie. */
export function isInTable(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Whether a process is in the group that we may signal, be it a zombie. */
export function hasMembers(pgid: number): boolean {
  return signalGroup(pgid, 0);
}

/**
 * Whether any process of the group is more than a zombie. Without a parent that reaps (a container
 * whose first process does not), zombies stay for good, and kill(2) counts them as members.
 */
export function groupLives(pgid: number): boolean {
  try {
    process.kill(-pgid, 0);
  } catch {
    // ESRCH: empty. EPERM: macOS says so of zombies; and a group we may not signal is not ours.
    return false;
  }
  return process.platform !== 'linux' || (membersOf(pgid)?.length ?? 1) > 0;
}

/**
 * Members of a group whose leader died unseen, maybe long ago: the number may since have been given to
 * strangers, so a member must also carry the given entry in its environment. Linux only; else none.
 */
export function groupLivesWith(pgid: number, environmentEntry: string): boolean {
  if (process.platform !== 'linux') return false;
  try {
    process.kill(-pgid, 0);
  } catch {
    return false;
  }
  const members = membersOf(pgid);
  return members === null || members.some((pid) => environmentOf(pid).includes(environmentEntry));
}

/** `NAME=value` each, as a process was started with; empty where it is gone, or another user's. */
export function environmentOf(pid: number): string[] {
  return read(`/proc/${pid}/environ`)?.split('\0') ?? [];
}

/** The process group of a process that is more than a zombie. */
export function groupIdOf(pid: number): number | null {
  const stat = parseStat(read(`/proc/${pid}/stat`) ?? '');
  return stat === null || stat.state === 'Z' || stat.state === 'X' ? null : stat.pgrp;
}

/** All processes there are, by number. null: nobody can look now. Linux only. */
export function processTable(): number[] | null {
  try {
    return readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? [Number(name)] : []));
  } catch {
    return null;
  }
}

/** null: nobody can look now (no descriptor is left), which does not mean that there are none. */
function membersOf(pgid: number): number[] | null {
  const canLook = read('/proc/self/stat') !== null;
  const all = canLook ? processTable() : null;
  return all?.filter((pid) => groupIdOf(pid) === pgid) ?? null;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
