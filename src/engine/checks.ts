/**
 * The checks of an instance, one after the other, beside the engine's loop: each is a supervised process that outlives
 * the engine, and its receipt is in the log before the next begins. A check that was cut off has none, and is run again.
 */
import type { DueCheck } from '../core/state/checks.ts';
import type { Executor, Handle } from '../execution/executor.ts';
import type { AttemptOrder } from '../model/attempt.ts';
import type { CheckReceipt } from '../model/checks.ts';
import type { Loop } from './loop.ts';
import type { Attempts } from './parts.ts';

export interface ChecksParts {
  loop: Loop;
  attempts: Pick<Attempts, 'check' | 'receipt' | 'dropCheck'>;
  executor: Executor;
  /** Whether nothing may begin. */
  isHalted(): boolean;
  /** Resolves once it is in the log. */
  record(instanceId: string, receipt: CheckReceipt): Promise<void>;
}

export class Checks {
  readonly #parts: ChecksParts;
  readonly #live = new Set<Handle>();

  constructor(parts: ChecksParts) {
    this.#parts = parts;
  }

  /** Runs what is due until nothing is. False: it was stopped before. */
  async run(instanceId: string, next: () => DueCheck | null): Promise<boolean> {
    const { isHalted, record } = this.#parts;
    for (let due = next(); due !== null; due = next()) {
      if (isHalted()) return false;
      const receipt = await this.#runOne(instanceId, due);
      if (receipt === null) return false;
      await record(instanceId, receipt);
      this.#parts.attempts.dropCheck(instanceId, due);
    }
    return true;
  }

  /** Stops those at work: they are run again, by whoever drives the run then. */
  stop(): void {
    for (const handle of this.#live) handle.stop('terminated', 'ask');
  }

  /** Ends what an engine that died has left at work of a check that is not to be run any more. */
  async end(instanceId: string, due: DueCheck): Promise<void> {
    // What is compared has no process.
    if (due.spec.run === undefined) return;
    const { attempts } = this.#parts;
    const ordered = await attempts.check(instanceId, due);
    if (!ordered.ok) await this.#endLeft(ordered.left);
    else if (ordered.mayHaveBegun) await this.#endLeft(ordered.order);
    attempts.dropCheck(instanceId, due);
  }

  async #endLeft(left: AttemptOrder | null): Promise<void> {
    if (left === null) return;
    const found = await this.#parts.executor.find(left, unheard);
    if (found.kind === 'never_started') return;
    found.handle.stop('terminated', 'ask');
    await found.handle.ended;
  }

  /** Lets go of those at work: the next engine finds them. */
  detach(): void {
    for (const handle of this.#live) handle.detach();
  }

  /** null: it was stopped. */
  async #runOne(instanceId: string, due: DueCheck): Promise<CheckReceipt | null> {
    const { attempts, isHalted } = this.#parts;
    for (;;) {
      const ordered = await attempts.check(instanceId, due);
      if (!ordered.ok) {
        await this.#endLeft(ordered.left);
        return ordered.receipt;
      }
      const handle = await this.#begin(ordered);
      this.#live.add(handle);
      this.#parts.loop.besideUntilStopped(
        handle.ended.catch(() => undefined),
        { stop: (mode) => handle.stop('terminated', mode === 'now' ? 'kill' : 'ask') },
      );
      const end = await handle.ended.finally(() => this.#live.delete(handle));
      if (end.termination_reason !== 'terminated') return attempts.receipt(instanceId, due, end);
      // Stopped by us, or by an engine before us.
      attempts.dropCheck(instanceId, due);
      if (isHalted()) return null;
    }
  }

  async #begin({ order, mayHaveBegun }: Extract<CheckToRun, { ok: true }>): Promise<Handle> {
    const { executor } = this.#parts;
    if (!mayHaveBegun) return executor.start(order, unheard);
    const found = await executor.find(order, unheard);
    if (found.kind !== 'never_started') return found.handle;
    return executor.start({ ...order, generation: found.nextGeneration }, unheard);
  }
}

type CheckToRun = Awaited<ReturnType<Attempts['check']>>;

const unheard = (): void => undefined;
