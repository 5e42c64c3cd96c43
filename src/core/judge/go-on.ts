/**
 * An instance whose attempt has ended goes on by itself with another one, in the session that it has, and is told why.
 * For whoever judges an attempt and does not want it to fail: say what happened, and nothing else. The event is the
 * cause, so that it survives a crash; the prompt of the next attempt is made from it (it stands in the record
 * of the attempt that ended, as `continued`), with the words that `attempt/brief/went-on.ts` has for the reason.
 *
 * It is no retry: it waits for nothing, takes nothing from `retry`, and is counted by its reason (`timesContinued`),
 * until a person wants the instance tried again.
 */
import type { ContinueReason, Continuation, Instance } from '../../model/run.ts';
import type { Recorder } from '../state/recorder.ts';
import { beginning } from '../../text/width.ts';
import { linksOf, type RunState } from '../state/run-state.ts';

/** How much of what happened is kept: the log and a prompt hold it. */
const MESSAGE_CHARS = 16_000;

/** The instance must have an attempt that has ended, and wait for no answer; `instance_continued` says so. */
export function goOn(recorder: Recorder, instance: Instance, why: Continuation): void {
  const { instance_id: id, attempt } = instance;
  recorder.emit('instance_continued', id, {
    attempt,
    reason: why.reason,
    message: beginningAndEnd(why.message),
    failure_kind: why.failure_kind,
    ...(why.left === undefined ? {} : { left: why.left }),
  });
}

/** Since a person last wanted the instance tried. */
export function timesContinued(
  state: RunState,
  instanceId: string,
  reason: ContinueReason,
): number {
  return linksOf(state, instanceId).continuations[reason] ?? 0;
}

/** What is at its ends says most: what it is about, and what a program printed last. */
function beginningAndEnd(text: string): string {
  if (text.length <= MESSAGE_CHARS) return text;
  const half = MESSAGE_CHARS / 2;
  // Not within a pair of surrogates.
  return `${beginning(text, half)}\n${text.slice(-half).replace(/^[\uDC00-\uDFFF]/, '')}`;
}
