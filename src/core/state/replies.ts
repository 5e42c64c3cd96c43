/** Which replies an instance's next attempt must be given. */
import type { InterruptRecord } from '../../model/run.ts';
import { asShown } from './hand-off.ts';
import { none } from './empty.ts';
import { instanceOf, linksOf, type RunState } from './run-state.ts';

/** Replies that exist and that no attempt has received. */
export function unappliedReplies(state: RunState, instanceId: string): readonly InterruptRecord[] {
  return answered(state, instanceId).filter((record) => record.appliedInAttempt === null);
}

/**
 * What the next attempt is told: in a session that goes on, the new replies, and those given to attempts
 * after the last one that completed (an attempt that died may not have read them); in a fresh session,
 * all.
 */
export function repliesToDeliver(
  state: RunState,
  instanceId: string,
  sessionId: string | null,
): readonly InterruptRecord[] {
  const all = answered(state, instanceId);
  if (sessionId === null) return all;
  const { attempts } = instanceOf(state, instanceId);
  const lastCompleted = Math.max(
    0,
    ...attempts.filter((a) => a.termination_reason === 'completed').map((a) => a.attempt),
  );
  return all.filter((r) => r.appliedInAttempt === null || r.appliedInAttempt > lastCompleted);
}

/** What the attempt that now runs was told; the same after a crash as before it. */
export function repliesOfRunningAttempt(state: RunState, instanceId: string): InterruptRecord[] {
  const session = instanceOf(state, instanceId).session_id;
  return repliesToDeliver(state, instanceId, session).filter((r) => r.appliedInAttempt !== null);
}

function answered(state: RunState, instanceId: string): readonly InterruptRecord[] {
  const { interrupts } = linksOf(state, instanceId);
  // As of nearly all.
  if (interrupts.length === 0) return none;
  return interrupts
    .map((id) => state.interrupts.get(id))
    .filter((record): record is InterruptRecord => record !== undefined && record.reply !== null)
    .map((record) => asShown(state, record));
}
