/**
 * Which failures are those of one instance. What a task, its worker or its author made of files that we cannot
 * cope with fails that instance by name; the others go on. A disk that is full or broken, and a defect of
 * ours, end the engine.
 */
import { Refusal } from '../model/refusal.ts';
import type { DrivenRun } from './parts.ts';

/** What is wrong with a path, not with the disk or the process. */
const ofOnePath = new Set([
  ...['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP', 'EEXIST', 'ENOTEMPTY'],
  ...['ENAMETOOLONG', 'EINVAL', 'ENXIO', 'ETXTBSY', 'EFBIG', 'EBUSY', 'ENODEV', 'E2BIG'],
]);

/** What the run as a whole cannot go on with. */
const ofTheRun = new Set(['disk-full', 'run-gone', 'lock-lost', 'run-moved']);

/** The reason, to follow a colon; null where it is no instance's own. */
export function troubleOfOne(error: unknown): string | null {
  if (error instanceof Refusal) {
    return ofTheRun.has(error.code) || error.code.startsWith('log-') ? null : error.message;
  }
  // Too deep, or too long, for the engine of JavaScript: something that was read makes it so.
  if (error instanceof RangeError) return error.message;
  const { code, syscall, message } = error as Partial<NodeJS.ErrnoException>;
  if (code === undefined || syscall === undefined || !ofOnePath.has(code)) return null;
  return message ?? code;
}

/** `troubleOfOne`. @throws Refusal where the run is no longer where it was, whatever failed */
export function troubleIn(run: Pick<DrivenRun, 'checkPlace'>, error: unknown): string | null {
  run.checkPlace();
  return troubleOfOne(error);
}
