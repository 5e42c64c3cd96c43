/**
 * The time of a run, by which its events are dated and what waits in it is measured. It is the machine's; where that lies
 * before the run's last event (a clock that was ahead was set right), it goes on from that event with the machine's
 * pace, until the machine has come to that event: what waits beyond that waits as much longer as the run was ahead. If it
 * stood still until then, what waits for half a minute would wait for as long as the clock was ahead: for a year, after
 * a wrong battery.
 */
import { later } from '../core/plan/timers.ts';

export class RunClock {
  readonly #machine: () => string;
  /** By how much the run is ahead of the machine. */
  #aheadMs = 0;

  /** `machine`: what its clock says, ISO 8601 in UTC. */
  constructor(machine: () => string) {
    this.#machine = machine;
  }

  /** ISO 8601 in UTC, and not before `last`, which is the time of the last event. */
  now(last: string): string {
    const machine = this.#machine();
    if (machine >= last) {
      this.#aheadMs = 0;
      return machine;
    }
    const now = later(machine, this.#aheadMs);
    if (now >= last) return now;
    this.#aheadMs = Date.parse(last) - Date.parse(machine);
    return last;
  }
}
