/**
 * When a usage limit of Codex ends, as its message says it: `…try again at 3:05 PM.` on the same day, and else
 * `…try again at Feb 24th, 2031 3:05 PM.` (0.169.0; test/contract/18-usage-limits.test.ts holds it), in the zone of the
 * machine. Reads no clock.
 */

const said =
  /\bagain at (?:([A-Z][a-z]{2}) (\d{1,2})(?:st|nd|rd|th), (\d{4}) )?(\d{1,2}):(\d{2}) (AM|PM)\.?\s*$/;
const months = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** ISO 8601; null where it says none, or one that is past. `atMs`: when it was said, since the epoch. */
export function timeOfRetry(message: string, atMs: number): string | null {
  const match = said.exec(message);
  if (match === null) return null;
  const [, month, day, year, hour, minute, half] = match;
  const clock = { hour: Number(hour), minute: Number(minute) };
  if (clock.hour < 1 || clock.hour > 12 || clock.minute > 59) return null;
  clock.hour = (clock.hour % 12) + (half === 'PM' ? 12 : 0);
  const dated = month === undefined ? null : { month: months.indexOf(month), day: Number(day) };
  const foundMs =
    dated === null
      ? nextAt(clock, atMs)
      : onDay({ ...dated, year: Number(year), ...clock }).find(
          (each) => isAhead(each, atMs) && new Date(each).getMonth() === dated.month,
        );
  return foundMs === undefined ? null : new Date(foundMs).toISOString();
}

/** What is told in minutes is not over before its minute is. */
function isAhead(momentMs: number, atMs: number): boolean {
  return momentMs + MINUTE_MS > atMs;
}

/** The next moment at which clocks of this machine show it. */
function nextAt(clock: { hour: number; minute: number }, atMs: number): number | undefined {
  const today = new Date(atMs);
  const [year, month] = [today.getFullYear(), today.getMonth()];
  return [0, 1]
    .flatMap((later) => onDay({ year, month, day: today.getDate() + later, ...clock }))
    .find((each) => isAhead(each, atMs));
}

interface LocalTime {
  year: number;
  /** From 0. */
  month: number;
  day: number;
  hour: number;
  minute: number;
}

/**
 * The moments at which clocks of this machine show it, in order: two where they are put back over it. One that they
 * skip is taken as they go on. None: there is no such day.
 */
function onDay({ year, month, day, hour, minute }: LocalTime): number[] {
  const first = new Date(year, month, day, hour, minute);
  const isDay = month >= 0 && day >= 1 && !Number.isNaN(first.getTime());
  if (!isDay) return [];
  const shows = (ms: number): boolean => {
    const shown = new Date(ms);
    return shown.getHours() === first.getHours() && shown.getMinutes() === first.getMinutes();
  };
  // Clocks are put back by an hour, and on one island by half of it.
  const again = [HOUR_MS / 2, HOUR_MS].map((by) => first.getTime() + by).filter(shows);
  return [first.getTime(), ...again];
}
