/** What a turn used, from its answer. Stable is none of it: agents that tell it do so in one of two places. Pure. */
import { isJsonObject } from '../../../model/json.ts';
import type { Usage } from '../../../model/run.ts';
import { amountOf, recordOf, type Fields } from '../../output/fields.ts';

/** Of the whole turn; null: it tells none. */
export function turnUsage(answer: Fields): Usage | null {
  if (isJsonObject(answer['usage'])) return ofResponse(answer['usage']);
  const quota = recordOf(recordOf(answer['_meta'])['quota'])['token_count'];
  return isJsonObject(quota) ? ofQuota(quota) : null;
}

/** What was read from a cache, or written to it, is part of the input for some, and beside it for others: the sum tells. */
function ofResponse(usage: Fields): Usage {
  const input = amountOf(usage['inputTokens']);
  const output = amountOf(usage['outputTokens']);
  const cached = amountOf(usage['cachedReadTokens']);
  const written = amountOf(usage['cachedWriteTokens']);
  const isBeside = amountOf(usage['totalTokens']) >= input + output + cached + written;
  return {
    input_tokens: isBeside ? input + cached + written : input,
    cached_input_tokens: cached,
    output_tokens: output,
    reasoning_output_tokens: amountOf(usage['thoughtTokens']),
  };
}

function ofQuota(count: Fields): Usage {
  const either = (snake: string, camel: string): number => amountOf(count[snake] ?? count[camel]);
  return {
    input_tokens: either('input_tokens', 'inputTokens'),
    cached_input_tokens: either('cached_input_tokens', 'cachedInputTokens'),
    output_tokens: either('output_tokens', 'outputTokens'),
    reasoning_output_tokens: either('reasoning_output_tokens', 'reasoningOutputTokens'),
  };
}

/** Of this turn alone, from sums in US dollars; `before`: as it stood when the turn began, null: not known. */
export function turnCost(sum: number | null, before: number | null): { cost_usd?: number } {
  return sum === null || before === null ? {} : { cost_usd: Math.max(0, sum - before) };
}
