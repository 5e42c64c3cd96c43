/** Amounts, and how they are said in a line. */

/** `950`, `12.3k`, `4.6M`. */
export function count(value: number): string {
  if (value < 1000) return String(value);
  if (value < 999_950) return `${(value / 1000).toFixed(1).replace('.0', '')}k`;
  return `${(value / 1_000_000).toFixed(1).replace('.0', '')}M`;
}

/** The characters of a text, as its readers count them: code points. */
export function charsOf(text: string): number {
  return text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);
}
