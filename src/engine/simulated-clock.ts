/** A clock that stands still until it is told to go on: for tests, and for runs that are only played through. */
import type { Clock } from './clock.ts';

interface Alarm {
  atMs: number;
  wake: () => void;
}

export class SimulatedClock implements Clock {
  #nowMs: number;
  readonly #startedMs: number;
  readonly #alarms = new Set<Alarm>();

  /** `start`: ISO 8601, UTC. */
  constructor(start = '2026-01-01T00:00:00.000Z') {
    this.#startedMs = Date.parse(start);
    this.#nowMs = this.#startedMs;
  }

  now(): string {
    return new Date(this.#nowMs).toISOString();
  }

  elapsedMs(): number {
    return this.#nowMs - this.#startedMs;
  }

  wakeAt(at: string, wake: () => void): () => void {
    const alarm = { atMs: Date.parse(at), wake };
    this.#alarms.add(alarm);
    // As a timer does: never before whoever asks for it has gone on.
    queueMicrotask(() => this.#ring());
    return () => this.#alarms.delete(alarm);
  }

  /** When the next of those that wait is to be woken; null: nobody waits. */
  get nextAlarm(): string | null {
    const nextMs = Math.min(...[...this.#alarms].map(({ atMs }) => atMs));
    return nextMs === Infinity ? null : new Date(nextMs).toISOString();
  }

  /** Lets time pass, and wakes those whose time has come. */
  pass(ms: number): void {
    this.#nowMs += ms;
    this.#ring();
  }

  #ring(): void {
    const due = [...this.#alarms].filter(({ atMs }) => atMs <= this.#nowMs);
    for (const alarm of due.sort((a, b) => a.atMs - b.atMs)) {
      if (this.#alarms.delete(alarm)) alarm.wake();
    }
  }
}
