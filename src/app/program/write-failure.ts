/** What to say when the disk does not take an edit: a full disk or a missing permission is no defect of ours. */
import { Refusal } from '../../model/refusal.ts';
import { isOutOfSpace } from '../../disk/out-of-space.ts';

/** A Refusal `disk-full` or `write-failed` for what the system says; anything else as it is. */
export function asRefusal(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof Refusal || code === undefined || !/^E[A-Z0-9]+$/.test(code)) return error;
  if (isOutOfSpace(error)) {
    return new Refusal('disk-full', `nothing was changed: the disk is full (${message})`, {
      hint: 'free some space, then make the edit again',
    });
  }
  return new Refusal('write-failed', `nothing was changed: ${message}`);
}
