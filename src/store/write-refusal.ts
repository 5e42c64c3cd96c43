/** What to say when the disk does not take a write. */
import { isOutOfSpace } from '../disk/out-of-space.ts';
import { ExitStatus, Refusal } from '../model/refusal.ts';

/** True where the file system, or its permissions, forbids writing. */
export function isForbidden(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'EROFS' || code === 'EACCES' || code === 'EPERM';
}

/** `disk-full`, or else `write-failed`. */
export function writeRefusal(file: string, error: unknown): Refusal {
  if (isOutOfSpace(error)) {
    const quota = (error as NodeJS.ErrnoException).code === 'EDQUOT';
    const what = quota ? 'The disk quota is used up' : 'The disk is full';
    return new Refusal('disk-full', `${what}: ${file} cannot be written. Nothing was lost.`, {
      hint: 'Free some space, then run: codex-orch run resume',
      exit: ExitStatus.failed,
    });
  }
  return new Refusal('write-failed', `Cannot write ${file}: ${(error as Error).message}`, {
    hint: 'Check the disk and its permissions, then run: codex-orch run resume',
    exit: ExitStatus.failed,
  });
}
