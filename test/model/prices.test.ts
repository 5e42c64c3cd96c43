/** What tokens cost, and of which pattern a model is. */
import { expect, it } from 'vitest';
import { costOf, priceOf } from '../../src/model/prices.ts';

const price = (input: number) => ({ input, cached_input: 0, output: 0 });

it('the model’s own name comes first, then the longest pattern', () => {
  const prices = {
    'gpt-*': price(1),
    'gpt-*-mini': price(2),
    'gpt-5': price(3),
    'a*b*c': price(4),
  };
  const inputOf = (model: string | null) => priceOf(prices, model)?.input ?? null;
  expect(['gpt-5', 'gpt-6', 'gpt-6-mini', 'axbxc', 'abc'].map(inputOf)).toEqual([3, 1, 2, 4, 4]);
  expect(['opus', 'ac', 'agpt-5', 'toString', '', null].map(inputOf)).toEqual(Array(6).fill(null));
  expect(priceOf({ '*': price(9) }, null)?.input).toBe(9);
  expect(priceOf({ 'gpt-*-*': price(9) }, 'gpt-')).toBeNull();
});

it('cached tokens are charged once, at their own price', () => {
  const usage = { input_tokens: 1_000_000, cached_input_tokens: 400_000, output_tokens: 100_000 };
  const cost = costOf(
    { ...usage, reasoning_output_tokens: 50_000 },
    { input: 2, cached_input: 0.5, output: 10 },
  );
  expect(cost).toBeCloseTo(0.6 * 2 + 0.4 * 0.5 + 0.1 * 10, 10);
});
