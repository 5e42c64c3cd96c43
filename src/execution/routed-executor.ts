/** Who carries an attempt out hangs on its order: this machine, or, with `remote`, others. */
import type { AttemptOrder } from '../model/attempt.ts';
import { Refusal } from '../model/refusal.ts';
import type { Executor, Found, Handle, Heard } from './executor.ts';

export class RoutedExecutor implements Executor {
  readonly #here: Executor;
  #elsewhere: Executor | null = null;

  constructor(here: Executor) {
    this.#here = here;
  }

  /** From now on orders for other machines go there, and it is closed with this. Before, they are refused. */
  reach(elsewhere: Executor): void {
    this.#elsewhere = elsewhere;
  }

  async start(order: AttemptOrder, heard: Heard): Promise<Handle> {
    return this.#for(order).start(order, heard);
  }

  async find(order: AttemptOrder, heard: Heard): Promise<Found> {
    return this.#for(order).find(order, heard);
  }

  async close(): Promise<void> {
    await Promise.all([this.#here.close(), this.#elsewhere?.close()]);
  }

  /** @throws Refusal `machines-unreached`: what is for others is never carried out here */
  #for({ remote }: AttemptOrder): Executor {
    if (remote === undefined) return this.#here;
    if (this.#elsewhere !== null) return this.#elsewhere;
    throw new Refusal('machines-unreached', 'this engine does not reach other machines');
  }
}
