/** Questions that are answered beside the loop, where the run's assistants are `inline`. */
import type { RunState } from '../core/state/run-state.ts';
import type { Loop, Stoppable } from './loop.ts';
import type { Answerer } from './parts.ts';

export class Answers {
  readonly #loop: Loop;
  readonly #answerer: Answerer | undefined;
  readonly #underWay = new Set<Stoppable>();

  constructor(loop: Loop, answerer: Answerer | undefined) {
    this.#loop = loop;
    this.#answerer = answerer;
  }

  get isBusy(): boolean {
    return this.#underWay.size > 0;
  }

  /** Begins what the answerer wants to, now that the run stands like this. Returns when to ask it again, or null. */
  begin(state: RunState): string | null {
    const { answers = [], wakeAt = null } = this.#answerer?.begin(state) ?? {};
    for (const { ended, stop } of answers) {
      const answer = { stop };
      this.#underWay.add(answer);
      const counted = ended.finally(() => {
        this.#underWay.delete(answer);
        this.#loop.wake();
      });
      this.#loop.besideUntilStopped(counted, answer);
    }
    return wakeAt;
  }

  /** Nobody would take them any more. */
  stop(): void {
    for (const answer of this.#underWay) answer.stop('graceful');
  }
}
