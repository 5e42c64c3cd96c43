/** When a person last looked at a run, as far as its log can tell: when it last asked one. */
import type { RunState } from '../../core/state/run-state.ts';

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
