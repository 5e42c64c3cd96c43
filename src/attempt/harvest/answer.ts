/** What an assistant answered, from JSON that nobody vouches for. Pure. */
import { parseJson, isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { confidences, type Confidence } from '../../model/program.ts';
import {
  resolutionKinds,
  type AnswerForm,
  type ResolutionKind,
} from '../brief/assistant/output-schema.ts';
import { shown } from '../../text/shown.ts';

export interface AssistantAnswer {
  resolution_kind: ResolutionKind;
  answer: string;
  rationale: string | null;
  confidence: Confidence | null;
  citations: string[];
  /** null: none. Whether it fits the reply schema is checked by whoever holds that. */
  payload: Json;
  /** Each is judged by itself. */
  proposed_updates: Json[];
}

export type ParsedAnswer = { ok: true; answer: AssistantAnswer } | { ok: false; reason: string };

/** Reads an answer, or names the field that is wrong. Fields that it does not know are ignored. */
export function parseAnswer(value: Json, form: AnswerForm): ParsedAnswer {
  if (!isJsonObject(value)) return no('it is not a JSON object');
  const kind = value['resolution_kind'] ?? null;
  if (!isOneOf(resolutionKinds, kind)) {
    return no(
      `"resolution_kind" is ${shown(kind ?? undefined)}; it must be one of ${resolutionKinds.join(', ')}`,
    );
  }
  if (kind === 'handoff_to_human' && !form.mayHandOff) {
    return no('it hands over to a human, which the task does not allow');
  }
  const text = value['answer'];
  if (typeof text !== 'string' || text.trim() === '') {
    return no(`"answer" must be a text, not ${shown(text ?? undefined)}`);
  }
  const rationale = value['rationale'] ?? null;
  if (rationale !== null && typeof rationale !== 'string') {
    return no(`"rationale" must be a text, not ${shown(rationale)}`);
  }
  const confidence = value['confidence'] ?? null;
  if (confidence !== null && !isOneOf(confidences, confidence)) {
    return no(`"confidence" is ${shown(confidence)}; it must be one of ${confidences.join(', ')}`);
  }
  const citations = value['citations'] ?? [];
  if (!isListOfTexts(citations)) return no('"citations" must be a list of texts');
  const payload = payloadOf(value, form);
  if (!payload.ok) return payload;
  return {
    ok: true,
    answer: {
      resolution_kind: kind,
      answer: text,
      rationale: rationale !== null && rationale.trim() === '' ? null : rationale,
      confidence,
      citations,
      payload: kind === 'handoff_to_human' ? null : payload.value,
      proposed_updates: updatesOf(value),
    },
  };
}

function payloadOf(
  value: JsonObject,
  { payload: form }: AnswerForm,
): { ok: true; value: Json } | { ok: false; reason: string } {
  const payload = value['payload'] ?? null;
  if (form === null) return { ok: true, value: payload };
  // Some models give the value itself where its text was asked for.
  if (form.mode !== 'json_text' || typeof payload !== 'string') return { ok: true, value: payload };
  try {
    return { ok: true, value: parseJson(payload) };
  } catch (error) {
    return no(`"payload" must hold JSON text: ${(error as Error).message}`);
  }
}

function updatesOf(value: JsonObject): Json[] {
  const updates = value['proposed_updates'] ?? [];
  return Array.isArray(updates) ? updates : [updates];
}

function isOneOf<const T extends string>(choices: readonly T[], value: Json): value is T {
  return choices.includes(value as T);
}

function isListOfTexts(value: Json): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function no(reason: string): { ok: false; reason: string } {
  return { ok: false, reason };
}
