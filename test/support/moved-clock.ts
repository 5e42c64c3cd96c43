/** The clock of a program whose time a test moves: the machine's, and as much later as a file says, in milliseconds. */
import { readFileSync } from 'node:fs';
import type { Clock } from '../../src/engine/clock.ts';

const file = process.env['TEST_CLOCK_FILE'] ?? '';
const LOOK_EVERY_MS = 50;

/** In place of the machine's own, see `buildOnMovedClock`. */
export const systemClock: Clock = {
  now: () => new Date(nowMs()).toISOString(),
  elapsedMs: () => performance.now(),
  wakeAt(at, wake) {
    const timer = setInterval(() => {
      if (nowMs() < Date.parse(at)) return;
      clearInterval(timer);
      wake();
    }, LOOK_EVERY_MS);
    return () => clearInterval(timer);
  },
};

function nowMs(): number {
  return Date.now() + Number(readFileSync(file, 'utf8'));
}
