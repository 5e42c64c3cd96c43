/** The world of this process, for tests that call a verb. */
import type { World } from '../../src/app/world.ts';
import { systemClock } from '../../src/engine/clock.ts';

/** Changes of `process.env` show in it, as in the program itself. */
export const ownWorld: World = {
  env: process.env,
  cwd: process.cwd(),
  clock: systemClock,
  self: { node: process.execPath, entry: process.argv[1] ?? '' },
};
