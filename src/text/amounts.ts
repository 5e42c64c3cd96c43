/** Amounts in words, short enough for a line. */

/** `950`, `12.3k`, `4.6M`. */
export function count(value: number): string {
  if (value < 1000) return String(value);
  if (value < 999_950) return `${(value / 1000).toFixed(1).replace('.0', '')}k`;
  return `${(value / 1_000_000).toFixed(1).replace('.0', '')}M`;
}
