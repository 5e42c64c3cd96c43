/** Tokens as Claude Code tells them, in its output and in the file of a session. Pure. */
import type { Usage } from '../../model/run.ts';
import { amountOf, recordOf } from '../output/fields.ts';

/** Of one call of a model. What was read from the cache, or written to it, is part of the input. */
export function usageOfCall(value: unknown): Usage | null {
  const fields = recordOf(value);
  if (typeof fields['input_tokens'] !== 'number') return null;
  const cached = amountOf(fields['cache_read_input_tokens']);
  return {
    input_tokens:
      amountOf(fields['input_tokens']) + cached + amountOf(fields['cache_creation_input_tokens']),
    cached_input_tokens: cached,
    output_tokens: amountOf(fields['output_tokens']),
    reasoning_output_tokens: amountOf(recordOf(fields['output_tokens_details'])['thinking_tokens']),
  };
}

/** A sum of which a part is not known is not known. */
export function added(a: Usage, b: Usage): Usage {
  const known = a.cost_usd !== undefined && b.cost_usd !== undefined;
  return {
    input_tokens: a.input_tokens + b.input_tokens,
    cached_input_tokens: a.cached_input_tokens + b.cached_input_tokens,
    output_tokens: a.output_tokens + b.output_tokens,
    reasoning_output_tokens: a.reasoning_output_tokens + b.reasoning_output_tokens,
    ...(known ? { cost_usd: (a.cost_usd ?? 0) + (b.cost_usd ?? 0) } : {}),
  };
}
