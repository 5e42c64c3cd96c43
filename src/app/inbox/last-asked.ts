/** When a person last looked at a run, as far as its log can tell: when it last asked one. */
import { instanceOf, linksOf, type RunState } from '../../core/state/run-state.ts';

/**
 * When the last question was asked that a person has answered, ISO 8601 in UTC; null: none. `before`: of those that
 * were asked before the question of this id.
 */
export function lastAsked(state: RunState, before: string | null = null): string | null {
  const bound = before === null ? null : state.interrupts.get(before)?.interrupt.created_at;
  let last: string | null = null;
  for (const { interrupt, reply } of state.interrupts.values()) {
    const { created_at: at, audience, interrupt_id: id } = interrupt;
    if (audience !== 'human' || reply === null || id === before) continue;
    if (bound !== undefined && bound !== null && at > bound) continue;
    if (last === null || at > last) last = at;
  }
  return last;
}

/**
 * When an instance had last been given a person's answer, or will be with its next attempt, ISO 8601 in UTC: what its
 * later attempts did came after that. null: there is none. `before`: of those that it had been given, and that were asked
 * before the question of this id.
 */
export function lastAnswered(
  state: RunState,
  instanceId: string,
  before: string | null = null,
): string | null {
  const bound = before === null ? null : state.interrupts.get(before)?.interrupt.created_at;
  const { attempts } = instanceOf(state, instanceId);
  let last: string | null = null;
  for (const id of linksOf(state, instanceId).interrupts) {
    const record = state.interrupts.get(id);
    if (record === undefined || record.reply === null || id === before) continue;
    const { interrupt, reply, appliedInAttempt } = record;
    const isLater = typeof bound === 'string' && interrupt.created_at > bound;
    if (interrupt.audience !== 'human' || isLater) continue;
    const given = attempts.find(({ attempt }) => attempt === appliedInAttempt);
    // Who is asked something else meanwhile looks at what came of the answers before.
    if (given === undefined && before !== null) continue;
    const at = given?.started_at ?? reply.created_at;
    if (last === null || at > last) last = at;
  }
  return last;
}
