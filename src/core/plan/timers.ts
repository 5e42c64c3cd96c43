/** Arithmetic on the times of records, ISO 8601 in UTC. Nothing here reads a clock. */

/** The moment that lies so much after another, which must be one. */
export function later(at: string, delayMs: number): string {
  return new Date(Date.parse(at) + delayMs).toISOString();
}

/** The earlier of two; null stands for never. */
export function earliest(a: string | null, b: string | null): string | null {
  if (a === null || b === null) return a ?? b;
  return a < b ? a : b;
}
