/** What tokens cost, where a run has frozen no prices: as the user's own settings say it, read again when they are asked for. */
import { pricesOfUser } from '../../app/run/spending.ts';
import type { World } from '../../app/world.ts';
import type { Prices } from '../../model/program.ts';

export class UserPrices {
  readonly #world: World;
  /** As they were read last. */
  current: Prices = {};

  constructor(world: World) {
    this.#world = world;
  }

  /** Before runs are listed. */
  async refresh(): Promise<void> {
    this.current = await pricesOfUser(this.#world);
  }
}
