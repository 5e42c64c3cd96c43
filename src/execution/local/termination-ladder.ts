/** How a process group is made to stop: asked first, killed after the grace. */
import type { StopStep } from '../../agents/backend.ts';

export class TerminationLadder {
  /** Whether it has come, or been pushed, to killing. */
  forced = false;
  private readonly steps: readonly StopStep[];
  private readonly graceMs: number;
  private readonly signal: (signal: NodeJS.Signals) => void;
  private asked = false;
  private timers: NodeJS.Timeout[] = [];

  /** `signal` reaches the group as long as it is known to be the attempt's. */
  constructor(
    steps: readonly StopStep[],
    graceMs: number,
    signal: (signal: NodeJS.Signals) => void,
  ) {
    this.steps = steps;
    this.graceMs = graceMs;
    this.signal = signal;
  }

  ask(): void {
    if (this.asked || this.forced) return;
    this.asked = true;
    for (const { signal, afterMs } of this.steps) {
      if (afterMs === 0) this.signal(signal);
      else this.timers.push(setTimeout(() => this.signal(signal), afterMs));
    }
    this.timers.push(setTimeout(() => this.kill(), this.graceMs));
  }

  kill(): void {
    this.forced = true;
    this.signal('SIGKILL');
  }

  cancel(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers = [];
  }
}
