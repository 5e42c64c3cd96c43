/**
 * What is done to trees beside the loop, and needs no attempt: removing those that nobody needs any more, and merging
 * the work of all once nothing else is left to do.
 */
import type { RunResult } from '../model/trees.ts';
import type { Attempts } from './parts.ts';
import type { Loop } from './loop.ts';

export interface TreeWorkParts {
  loop: Loop;
  attempts: Pick<Attempts, 'dropTree' | 'mergeResults'>;
  /** Whether what was thrown is trouble of one instance alone. @throws where the run itself is gone */
  isTroubleOfOne(error: unknown): boolean;
}

export class TreeWork {
  readonly #parts: TreeWorkParts;
  /** What came of merging the work of all, for the log. */
  readonly #merged: RunResult[][] = [];
  #isMerging = false;
  /** How many trees are being removed. */
  #dropping = 0;

  constructor(parts: TreeWorkParts) {
    this.#parts = parts;
  }

  /** Whether something is under way, or waits for `takeMerged`. */
  get isBusy(): boolean {
    return this.#dropping > 0 || this.#isMerging || this.#merged.length > 0;
  }

  drop(instanceId: string): void {
    const { attempts, loop, isTroubleOfOne } = this.#parts;
    const dropping = attempts.dropTree(instanceId);
    if (dropping === null) return;
    this.#dropping += 1;
    const counted = dropping
      .catch((error: unknown) => {
        // Something may still write there. It is in nobody's way.
        if (!isTroubleOfOne(error)) throw error;
      })
      .finally(() => {
        this.#dropping -= 1;
        loop.wake();
      });
    loop.beside(counted);
  }

  /** Merges the work of all, once what was decided is `committed`. */
  merge(committed: Promise<void>): void {
    if (this.#isMerging) return;
    const { attempts, loop } = this.#parts;
    this.#isMerging = true;
    const merging = committed
      .then(() => attempts.mergeResults())
      .then((results) => void this.#merged.push(results))
      .finally(() => {
        this.#isMerging = false;
        loop.wake();
      });
    loop.beside(merging);
  }

  takeMerged(): RunResult[][] {
    return this.#merged.splice(0);
  }
}
