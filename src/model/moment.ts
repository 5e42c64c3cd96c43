/**
 * Moments that can be written as records have them, ISO 8601 in UTC with four digits for the year: the later one then comes
 * later as text, too. Disks and what others write know moments beyond; whoever may write a file chooses its time.
 */

/** The years 0 and 9999, ms since the epoch. */
const [FIRST_MS, LAST_MS] = [-62_167_219_200_000, 253_402_300_799_999];

/** `atMs`: since the epoch. */
export function isMoment(atMs: number): boolean {
  return atMs >= FIRST_MS && atMs <= LAST_MS;
}

/** The nearest one, in whole ms since the epoch: of a file, for instance, whose time is anything. */
export function nearestMoment(atMs: number): number {
  return Math.floor(Math.min(Math.max(atMs, FIRST_MS), LAST_MS));
}
