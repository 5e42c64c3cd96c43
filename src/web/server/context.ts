/** What every route has at hand. */
import type { RunFeeds } from '../../app/watch/run-feed.ts';
import type { RunIndex } from '../../app/watch/run-index.ts';
import type { World } from '../../app/world.ts';
import type { ProgramPlace } from '../../app/program/validate.ts';

export interface WebContext {
  world: World;
  place: ProgramPlace;
  /** Where relative files of inputs are looked up: nowhere but in the program. */
  index: RunIndex;
  feeds: RunFeeds;
  version: string;
  /** Only this machine can reach the server. */
  loopback: boolean;
  /** Streams that are open now: ended when the server is. */
  streams: Set<() => void>;
  /** A defect met on the way, for whoever started the server. */
  onDefect(error: unknown): void;
}
