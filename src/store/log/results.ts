/**
 * Where in a log the latest result of each instance stands. A state does not hold results, which may be large;
 * whoever needs one reads it from the log, which alone is the truth about it.
 */
import type { RunEvent } from '../../core/events/events.ts';
import type { Json } from '../../model/json.ts';
import { damagedLog, parseLine } from './chain.ts';
import { lineAt } from './reader.ts';

/** A result as an event recorded it. */
export interface RecordedResult {
  /** The attempt that left it. */
  attempt: number;
  value: Json;
  /** Of the bytes that it left, in lower-case hex. */
  sha256: string;
}

interface Place {
  seq: number;
  /** Offset of its line, in bytes. */
  start: number;
}

export class ResultPlaces {
  /** By instance. */
  readonly #places = new Map<string, Place>();

  /** Notes an event of the log, whose line starts at `start`. */
  note(event: RunEvent, start: number): void {
    if (event.event_type !== 'result_materialized' || event.instance_id === null) return;
    this.#places.set(event.instance_id, { seq: event.seq, start });
  }

  /**
   * The latest result of an instance; null where there is none. `fd`: `file`, open for reading.
   *
   * @throws Refusal `log-damaged` where its line is not there any more
   */
  read(fd: number, file: string, instanceId: string): RecordedResult | null {
    const place = this.#places.get(instanceId);
    if (place === undefined) return null;
    const line = lineAt(fd, place.start);
    const parsed = line === null ? null : parseLine(line);
    const event = parsed?.ok ? (parsed.value as unknown as RunEvent) : null;
    if (
      event?.event_type !== 'result_materialized' ||
      event.instance_id !== instanceId ||
      event.seq !== place.seq
    ) {
      throw damagedLog(file, place.seq, 'has been changed while the log was in use');
    }
    const { attempt, result: value, sha256 } = event.payload;
    return { attempt, value, sha256 };
  }
}
