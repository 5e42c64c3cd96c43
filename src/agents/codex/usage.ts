/** Tokens as Codex tells them, in its output and in the file of a session. */
import { isJsonObject } from '../../model/json.ts';
import type { Usage } from '../../model/run.ts';
import { amountOf } from '../output/fields.ts';

/** null where it tells nothing. */
export function codexUsage(value: unknown): Usage | null {
  if (!isJsonObject(value)) return null;
  return {
    input_tokens: amountOf(value['input_tokens']),
    cached_input_tokens: amountOf(value['cached_input_tokens']),
    output_tokens: amountOf(value['output_tokens']),
    reasoning_output_tokens: amountOf(value['reasoning_output_tokens']),
  };
}
