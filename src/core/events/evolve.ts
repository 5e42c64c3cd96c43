/**
 * `evolve` is the only place where a run's state changes. Live execution and replay use it alike.
 * It changes the state in place, because a copy would cost what the run holds rather than what changed.
 * It trusts its events: whoever decides something emits what fits. Whoever reads a log uses `evolveRead`.
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

/** As `evolve`, of an event that was read. @throws Error where it is none that an engine would have written there */
export function evolveRead(state: RunState | null, event: RunEvent): RunState {
  const misfit = state && (specOf(event).misfit?.(state, event) ?? null);
  if (misfit !== null) throw new Error(misfit);
  return evolve(state, event);
}

/** The state after all of these events, read as `evolveRead` reads them. */
export function replay(events: Iterable<RunEvent>): RunState | null {
  let state: RunState | null = null;
  for (const event of events) state = evolveRead(state, event);
  return state;
}
