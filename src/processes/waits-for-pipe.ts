/**
 * Whether a program has opened a named pipe (fifo(7)) by a name that it took for a file's, and waits for somebody at the
 * other end: there it stays. Of Linux alone; elsewhere nobody can tell.
 */
import { readFileSync } from 'node:fs';

/** `pid`, or a process that it has started. */
export function waitsForPipe(pid: number): boolean {
  if (textOf(`/proc/${pid}/wchan`) === 'wait_for_partner') return true;
  const children = textOf(`/proc/${pid}/task/${pid}/children`).split(' ').map(Number);
  return children.some((child) => child > 0 && waitsForPipe(child));
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    // It has ended, or is not ours.
    return '';
  }
}
