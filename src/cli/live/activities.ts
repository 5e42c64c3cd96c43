/** What the agents of running instances do, read from their output: another process drives them. */
import { attemptOutput, type ActivityTail } from '../../app/watch/attempt-output.ts';
import type { RunState } from '../../core/state/run-state.ts';
import type { RunProgress } from './progress.ts';

export class AgentsAtWork {
  readonly #programDir: string;
  readonly #progress: RunProgress;
  /** `<instance>#<attempt>` → its output. */
  readonly #tails = new Map<string, { instanceId: string; tail: ActivityTail }>();

  constructor(programDir: string, progress: RunProgress) {
    this.#programDir = programDir;
    this.#progress = progress;
  }

  read(state: RunState): void {
    const running = new Set<string>();
    for (const instance of state.instances.values()) {
      if (instance.status !== 'running') continue;
      const key = `${instance.instance_id}#${instance.attempt}`;
      running.add(key);
      if (this.#tails.has(key)) continue;
      const output = attemptOutput(this.#programDir, state, instance.instance_id, null);
      this.#tails.set(key, { instanceId: instance.instance_id, tail: output.activities() });
    }
    for (const [key, { instanceId, tail }] of this.#tails) {
      if (!running.has(key)) {
        tail.close();
        this.#tails.delete(key);
        continue;
      }
      for (const activity of tail.read().activities)
        this.#progress.onActivity(instanceId, activity);
    }
  }

  close(): void {
    for (const { tail } of this.#tails.values()) tail.close();
    this.#tails.clear();
  }
}
