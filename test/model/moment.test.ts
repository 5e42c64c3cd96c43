/** Moments that records can hold, and the times of files that are beyond them. */
import { expect, it } from 'vitest';
import { probeAt } from '../../src/model/limits.ts';
import { isMoment, nearestMoment } from '../../src/model/moment.ts';

const iso = (atMs: number): string => new Date(atMs).toISOString();

it.each([
  ['of a file that says it is of the year 300,000', 9.4e15, '9999-12-31T23:59:59.999Z'],
  ['beyond what a date can be', Infinity, '9999-12-31T23:59:59.999Z'],
  ['before our era', -1e15, '0000-01-01T00:00:00.000Z'],
  ['like any other', 1_700_000_000_000.9, '2023-11-14T22:13:20.000Z'],
])('a time %s has a record', (_, atMs, expected) => {
  expect(iso(nearestMoment(atMs))).toBe(expected);
  expect(isMoment(nearestMoment(atMs))).toBe(true);
});

it.each(['+010000-01-01T00:00:00.000Z', '-000001-12-31T23:59:59.999Z', 'soon'])(
  '%s is none: as text it would come before all others',
  (text) => expect(isMoment(Date.parse(text))).toBe(false),
);

it('a limit that ended long ago, and is there all the same, is not tried at once', () => {
  const now = '2026-01-01T12:00:00.000Z';
  const inHalfAnHour = '2026-01-01T12:30:00.000Z';
  expect(probeAt('2026-01-01T11:00:00.000Z', now)).toBe(inHalfAnHour);
  expect(probeAt(null, now)).toBe(inHalfAnHour);
  expect(probeAt('2026-01-01T12:00:00.000Z', now)).toBe('2026-01-01T12:01:00.000Z');
  expect(probeAt('9999-12-31T23:59:59.000Z', now)).toBe('9999-12-31T23:59:59.999Z');
});
