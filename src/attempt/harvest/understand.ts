/** What an assistant answered, from how its agent ended. */
import type { AttemptEnd } from '../../model/attempt.ts';
import type { AskedQuestion } from '../brief/assistant/brief-assistant.ts';
import { withinLimit } from '../../schema/within-limit.ts';
import { withoutAddedNulls } from '../brief/assistant/payload-schema.ts';
import { parseAnswer, type AssistantAnswer } from './answer.ts';
import { jsonInMessage } from './result-text.ts';

export type Understood = { ok: true; answer: AssistantAnswer } | { ok: false; reason: string };

/** What the agent answered, or why that is none. The payload is not checked against its schema here. */
export function understand(
  question: Pick<AskedQuestion, 'form' | 'replySchema'>,
  end: AttemptEnd,
): Understood {
  if (end.termination_reason !== 'completed') {
    return {
      ok: false,
      reason: end.failure_summary ?? `the agent ended: ${end.termination_reason}`,
    };
  }
  const message = finalText(end);
  if (message === null) return { ok: false, reason: 'the agent gave no answer' };
  const found = jsonInMessage(message);
  if (found.kind === 'none') {
    return {
      ok: false,
      reason: `the answer is not JSON: ${JSON.stringify(message.slice(0, 100))}`,
    };
  }
  if (found.kind === 'broken') {
    return { ok: false, reason: `the answer cannot be used: ${found.reason}` };
  }
  const parsed = parseAnswer(found.value, question.form);
  if (!parsed.ok) return { ok: false, reason: `the answer breaks its form: ${parsed.reason}` };
  const { answer } = parsed;
  const { replySchema } = question;
  if (replySchema === null) return { ok: true, answer };
  const payload = withinLimit(() => withoutAddedNulls(answer.payload, replySchema));
  if (!payload.ok) {
    return {
      ok: false,
      reason: `its payload cannot be compared with the schema: that ${payload.why}`,
    };
  }
  return { ok: true, answer: { ...answer, payload: payload.value } };
}

export function finalText(end: AttemptEnd): string | null {
  return end.final_message !== null && 'text' in end.final_message ? end.final_message.text : null;
}
