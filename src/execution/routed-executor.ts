/** Who carries an attempt out hangs on its order: this machine, or, with `remote`, others. What reaches those loads with the first. */
import type { AttemptOrder } from '../model/attempt.ts';
import type { Executor, Found, Handle, Heard } from './executor.ts';

export class RoutedExecutor implements Executor {
  readonly #here: Executor;
  readonly #makeElsewhere: () => Promise<Executor>;
  #elsewhere: Promise<Executor> | null = null;

  /** `makeElsewhere`: called once, where an order is for another machine. */
  constructor(here: Executor, makeElsewhere: () => Promise<Executor>) {
    this.#here = here;
    this.#makeElsewhere = makeElsewhere;
  }

  /** Makes what reaches other machines, before it is needed. @throws Refusal as `makeElsewhere` */
  async prepare(): Promise<void> {
    await (this.#elsewhere ??= this.#makeElsewhere());
  }

  async start(order: AttemptOrder, heard: Heard): Promise<Handle> {
    return (await this.#for(order)).start(order, heard);
  }

  async find(order: AttemptOrder, heard: Heard): Promise<Found> {
    return (await this.#for(order)).find(order, heard);
  }

  async close(): Promise<void> {
    const elsewhere = await this.#elsewhere?.catch(() => null);
    await Promise.all([this.#here.close(), elsewhere?.close()]);
  }

  #for(order: AttemptOrder): Executor | Promise<Executor> {
    if (order.remote === undefined) return this.#here;
    return (this.#elsewhere ??= this.#makeElsewhere());
  }
}
