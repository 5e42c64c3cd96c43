import { afterEach, describe, expect, it } from 'vitest';
import { timeOfRetry } from '../../../src/agents/codex/retry-time.ts';

const zone = process.env['TZ'];
afterEach(() => {
  if (zone === undefined) delete process.env['TZ'];
  else process.env['TZ'] = zone;
});

function retryAt(said: string, at: string, tz = 'UTC'): string | null {
  process.env['TZ'] = tz;
  return timeOfRetry(`You’ve hit your usage limit. ${said}`, Date.parse(at));
}

describe('when a usage limit of Codex ends', () => {
  it.each([
    ['Try again at 3:05 PM.', '2026-11-26T12:00:00Z', '2026-11-26T15:05:00.000Z'],
    [
      'Visit https://x.y/z to purchase more credits or try again at 12:30 AM.',
      '2026-11-25T23:00:00Z',
      '2026-11-26T00:30:00.000Z',
    ],
    [
      'Switch to another model now, or try again at 12:15 PM.',
      '2026-11-26T12:00:00Z',
      '2026-11-26T12:15:00.000Z',
    ],
    ['Try again at Feb 24th, 2031 3:05 PM.', '2026-11-26T12:00:00Z', '2031-02-24T15:05:00.000Z'],
    ['Try again at Mar 1st, 2027 9:00 AM.', '2026-11-26T12:00:00Z', '2027-03-01T09:00:00.000Z'],
  ])('%s, at %s: %s', (said, at, expected) => expect(retryAt(said, at)).toBe(expected));

  it('is in the future: a time of day that is past is that of the next day', () => {
    expect(retryAt('Try again at 11:00 AM.', '2026-11-26T12:00:00Z')).toBe(
      '2026-11-27T11:00:00.000Z',
    );
    // Told in minutes, it is not over before its minute is.
    expect(retryAt('Try again at 12:00 PM.', '2026-11-26T12:00:40Z')).toBe(
      '2026-11-26T12:00:00.000Z',
    );
    expect(retryAt('Try again at Nov 25th, 2026 3:05 PM.', '2026-11-26T12:00:00Z')).toBeNull();
  });

  it('is in the zone of the machine', () => {
    const at = '2026-11-26T12:00:00Z';
    expect(retryAt('Try again at 8:05 AM.', at, 'America/New_York')).toBe(
      '2026-11-26T13:05:00.000Z',
    );
    expect(retryAt('Try again at 1:30 AM.', at, 'Asia/Kolkata')).toBe('2026-11-26T20:00:00.000Z');
    expect(retryAt('Try again at Nov 28th, 2026 1:30 AM.', at, 'Asia/Tokyo')).toBe(
      '2026-11-27T16:30:00.000Z',
    );
  });

  it('is right over a change of daylight saving', () => {
    const ny = 'America/New_York';
    // 2027-03-14: clocks go from 2:00 to 3:00; what they skip is as they go on.
    expect(retryAt('Try again at 3:30 AM.', '2027-03-14T06:30:00Z', ny)).toBe(
      '2027-03-14T07:30:00.000Z',
    );
    expect(retryAt('Try again at 2:30 AM.', '2027-03-14T06:30:00Z', ny)).toBe(
      '2027-03-14T07:30:00.000Z',
    );
    // 2026-11-01: they go from 2:00 back to 1:00, and show 1:30 twice.
    expect(retryAt('Try again at 1:30 AM.', '2026-11-01T05:00:00Z', ny)).toBe(
      '2026-11-01T05:30:00.000Z',
    );
    expect(retryAt('Try again at 1:30 AM.', '2026-11-01T05:45:00Z', ny)).toBe(
      '2026-11-01T06:30:00.000Z',
    );
    expect(retryAt('Try again at 8:00 AM.', '2026-11-01T05:45:00Z', ny)).toBe(
      '2026-11-01T13:00:00.000Z',
    );
  });

  it.each([
    'Try again later.',
    'Try again at 25:00 PM.',
    'Try again at 0:10 AM.',
    'Try again at noon.',
    'Try again at Foo 3rd, 2031 3:05 PM.',
    'Try again at Feb 30th, 2031 3:05 PM.',
    'Try again at 3:05 PM (in Tokyo).',
  ])('is not known: %s', (said) => expect(retryAt(said, '2026-11-26T12:00:00Z')).toBeNull());
});
