/** Collects the events of one decision, evolving the state with each, so that the next step sees it. */
import { evolve } from '../events/evolve.ts';
import type { EventPayloads, EventType, RunEvent } from '../events/events.ts';
import type { RunState } from './run-state.ts';

export class Recorder {
  readonly state: RunState;
  readonly events: RunEvent[] = [];
  /** ISO 8601, UTC: when all of it happens. */
  readonly now: string;

  constructor(state: RunState, now: string) {
    this.state = state;
    this.now = now;
  }

  emit<T extends EventType>(type: T, instanceId: string | null, payload: EventPayloads[T]): void {
    const event = newEvent(
      this.state.runId,
      this.state.seq + 1,
      type,
      instanceId,
      this.now,
      payload,
    );
    evolve(this.state, event);
    this.events.push(event);
  }
}

export function newEvent<T extends EventType>(
  runId: string,
  seq: number,
  type: T,
  instanceId: string | null,
  now: string,
  payload: EventPayloads[T],
): RunEvent {
  return {
    seq,
    event_id: `${String(seq).padStart(6, '0')}-${type}`,
    event_type: type,
    run_id: runId,
    instance_id: instanceId,
    created_at: now,
    payload,
  } as RunEvent;
}
