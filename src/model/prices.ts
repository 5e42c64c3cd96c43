/** What tokens cost. Prices are the user's: none are built in. */
import type { Price, Prices } from './program.ts';
import type { TokenKey, Usage } from './run.ts';

/**
 * The price of a model; null where none is known. The model's own name comes before patterns, a longer pattern before
 * a shorter one. A model that nobody has named has the price of `*` alone.
 */
export function priceOf(prices: Prices, model: string | null): Price | null {
  if (model !== null && Object.hasOwn(prices, model)) return prices[model] ?? null;
  const fitting = Object.keys(prices)
    .filter((pattern) => pattern.includes('*') && fits(pattern, model ?? ''))
    .sort((a, b) => b.length - a.length);
  return prices[fitting[0] ?? ''] ?? null;
}

/** Input and output; what was cached is part of the input. */
export function tokensOf(usage: Usage): number {
  return usage.input_tokens + usage.output_tokens;
}

/** Of two counts of one thing: that of which more is told. */
export function largerUse(a: Usage | null, b: Usage | null): Usage | null {
  if (a === null || b === null) return a ?? b;
  return tokensOf(b) > tokensOf(a) ? b : a;
}

/** Tokens alone. `before`: an earlier sum of the same count; null: none. */
export function usageSince(sum: Usage, before: Usage | null): Usage {
  const less = (key: TokenKey): number => Math.max(0, sum[key] - (before?.[key] ?? 0));
  return {
    input_tokens: less('input_tokens'),
    cached_input_tokens: less('cached_input_tokens'),
    output_tokens: less('output_tokens'),
    reasoning_output_tokens: less('reasoning_output_tokens'),
  };
}

/** US dollars. Cached tokens are a part of the input, and charged once. */
export function costOf(usage: Usage, price: Price): number {
  const cached = Math.min(usage.cached_input_tokens, usage.input_tokens);
  const fresh = usage.input_tokens - cached;
  const perMillion =
    fresh * price.input + cached * price.cached_input + usage.output_tokens * price.output;
  return perMillion / 1_000_000;
}

/** Part by part, so that no pattern takes long over a long name. */
function fits(pattern: string, name: string): boolean {
  const parts = pattern.split('*');
  const first = parts[0] ?? '';
  const last = parts.at(-1) ?? '';
  if (!name.startsWith(first) || !name.endsWith(last)) return false;
  let at = first.length;
  const end = name.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= end;
}
