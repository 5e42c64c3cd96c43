/** What every route has at hand. */
import type { Context } from 'hono';
import type { ProgramPlace } from '../../app/program/validate.ts';
import type { RunFeeds } from '../../app/watch/run-feed.ts';
import type { RunIndex } from '../../app/watch/run-index.ts';
import type { World } from '../../app/world.ts';
import type { Access } from './access.ts';
import type { ProgramWatch } from './program-watch.ts';
import type { Strangers } from './strangers.ts';
import { param } from './request.ts';
import type { UserPrices } from './user-prices.ts';

export interface WebContext {
  world: World;
  place: ProgramPlace;
  index: RunIndex;
  feeds: RunFeeds;
  program: ProgramWatch;
  prices: UserPrices;
  version: string;
  access: Access;
  /** Only this machine can reach the server. */
  loopback: boolean;
  /** Streams that are open now: ended when the server is. */
  streams: Set<() => void>;
  strangers: Strangers;
  /** A defect met on the way, for whoever started the server. */
  onDefect(error: unknown): void;
}

/**
 * The whole id of the run that an address names.
 * @throws Refusal `run-not-found`, `run-ambiguous`
 */
export function runIdIn(c: Context, web: WebContext): string {
  return web.index.resolve(param(c, 'run'));
}
