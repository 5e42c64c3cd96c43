/**
 * `evolve` is the only place where a run's state changes. Live execution and replay use it alike.
 * It changes the state in place, because a copy would cost what the run holds rather than what changed.
 * It trusts the log: whoever writes events has checked them, whoever reads a log has verified its chain.
 */
import type { RunState } from '../state/run-state.ts';
import { specOf } from './catalogue.ts';
import type { RunEvent } from './events.ts';
import { createState } from './run.ts';

/** Applies one event; `state` is null for `run_created` alone. Returns the same, changed state. */
export function evolve(state: RunState | null, event: RunEvent): RunState {
  if (event.event_type === 'run_created') return createState(event);
  if (!state) throw new Error(`the first event must be run_created, not ${event.event_type}`);
  state.seq = event.seq;
  state.updatedAt = event.created_at;
  specOf(event).apply(state, event);
  return state;
}

/** The state after all of these events. */
export function replay(events: Iterable<RunEvent>): RunState | null {
  let state: RunState | null = null;
  for (const event of events) state = evolve(state, event);
  return state;
}
