/** The time of a run on a machine whose clock is set back, once and again. */
import { expect, it } from 'vitest';
import { RunClock } from '../../src/store/run-clock.ts';

it('goes on from the last event at the machine’s pace, and is the machine’s again once that has come to it', () => {
  const at = (minute: number, second = 0): string =>
    new Date(Date.UTC(2026, 0, 2, 3, minute, second)).toISOString();
  let machine = at(30);
  const clock = new RunClock(() => machine);
  expect(clock.now(at(0))).toBe(at(30));

  machine = at(10);
  expect(clock.now(at(30))).toBe(at(30));
  machine = at(10, 5);
  expect(clock.now(at(30))).toBe(at(30, 5));

  machine = at(31);
  expect(clock.now(at(30, 5))).toBe(at(31));
  // A little behind again: by that alone, and not by what it was behind before.
  machine = at(30, 59);
  expect(clock.now(at(31))).toBe(at(31));
});
