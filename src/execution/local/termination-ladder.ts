/** How a process group is made to stop: asked first, killed after the grace. */
import type { AgentLaunch } from '../../model/attempt.ts';

export class TerminationLadder {
  /** Whether it has come, or been pushed, to killing. */
  forced = false;
  private readonly launch: AgentLaunch;
  private readonly signal: (signal: NodeJS.Signals) => void;
  private asked = false;
  private timers: NodeJS.Timeout[] = [];

  /** `signal` reaches the group as long as it is known to be the attempt's. */
  constructor(launch: AgentLaunch, signal: (signal: NodeJS.Signals) => void) {
    this.launch = launch;
    this.signal = signal;
  }

  /**
   * Codex with full access is asked by INT first, the only signal on which it ends the sessions of its
   * commands too; sandboxed, TERM ends all of it and, unlike INT, leaves no litter.
   */
  ask(): void {
    if (this.asked || this.forced) return;
    this.asked = true;
    const { backend, sandbox, graceMs } = this.launch;
    if (backend === 'codex' && sandbox === 'danger-full-access') {
      this.signal('SIGINT');
      this.timers.push(setTimeout(() => this.signal('SIGTERM'), graceMs / 2));
    } else {
      this.signal('SIGTERM');
    }
    this.timers.push(setTimeout(() => this.kill(), graceMs));
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
