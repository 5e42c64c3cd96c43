/** What there is to say of one type of event; the catalogue is made of such entries, one file a family. */
import type { RunState } from '../state/run-state.ts';

/** An event as it lies in the log, without the `prev` hash that the store adds when it writes the line. */
export interface LoggedEvent<T extends string, Payload> {
  /** From 1, without gaps. */
  seq: number;
  /** `<seq, six digits>-<event type>`. */
  event_id: string;
  event_type: T;
  run_id: string;
  instance_id: string | null;
  /** ISO 8601, UTC, milliseconds. */
  created_at: string;
  payload: Payload;
}

/** A record that follows from the log and has a file of its own. */
export interface RecordRef {
  kind: 'task' | 'inputs' | 'result' | 'instance' | 'proposal' | 'interrupt';
  id: string;
}

export interface EventSpec<T extends string, Payload> {
  /**
   * The version of the run directory's format that brought it, up to `FORMAT_VERSION`. In the log of a run of an
   * earlier one it may not stand: whoever wrote that run would not know it.
   */
  since: number;
  /**
   * Why no engine wrote this event where it stands, as the end of a sentence; null where one could have. Whoever reads
   * a log asks, before `apply`; what an event names and is not there, `apply` throws of by itself.
   */
  misfit?(state: RunState, event: LoggedEvent<T, Payload>): string | null;
  /** Changes the state in place; the only code that does. */
  apply(state: RunState, event: LoggedEvent<T, Payload>): void;
  /** The records that it changes, where these are others than its instance's. */
  records?(event: LoggedEvent<T, Payload>): RecordRef[];
  /** What happened, on one line and without the instance; as agents and authors wrote it, so not safe to print. */
  says?(payload: Payload): string;
  /** The word for it, where a person who waits for the run wants to hear of it. */
  news?: string;
}

/** The entries of a family: event type → payload becomes event type → entry. */
export type Family<Payloads> = {
  [T in keyof Payloads & string]: EventSpec<T, Payloads[T]>;
};

/** The record of an event's instance: what an event changes as a rule. */
export function instanceRecord({ instance_id: id }: { instance_id: string | null }): RecordRef[] {
  return id === null ? [] : [{ kind: 'instance', id }];
}
