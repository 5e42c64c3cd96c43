import { describe, expect, it } from 'vitest';
import { parseAnswer } from '../../../src/attempt/harvest/answer.ts';
import type { Json } from '../../../src/model/json.ts';

const form = { mayHandOff: true, payload: null };
const right = { resolution_kind: 'auto_reply', answer: 'Yes.' };

const reasonOf = (value: Json, mayHandOff = true): string | null => {
  const parsed = parseAnswer(value, { ...form, mayHandOff });
  return parsed.ok ? null : parsed.reason;
};

describe('an answer that nobody vouches for', () => {
  it('needs a kind and a text; the rest may be missing', () => {
    expect(parseAnswer({ ...right, rationale: ' ', more: 1 }, form)).toEqual({
      ok: true,
      answer: {
        ...right,
        rationale: null,
        confidence: null,
        citations: [],
        payload: null,
        proposed_updates: [],
      },
    });
  });

  it.each<[Json, string]>([
    [[], 'it is not a JSON object'],
    [
      { answer: 'x' },
      '"resolution_kind" is missing; it must be one of auto_reply, handoff_to_human',
    ],
    [
      { ...right, resolution_kind: 7 },
      '"resolution_kind" is 7; it must be one of auto_reply, handoff_to_human',
    ],
    [{ ...right, answer: null }, '"answer" must be a text, not missing'],
    [{ ...right, answer: ['x'.repeat(100)] }, `"answer" must be a text, not ["${'x'.repeat(75)}…`],
    [{ ...right, rationale: 1 }, '"rationale" must be a text, not 1'],
    [
      { ...right, confidence: 'sure' },
      '"confidence" is "sure"; it must be one of low, medium, high',
    ],
    [{ ...right, citations: 'a' }, '"citations" must be a list of texts'],
  ])('names the field that is wrong: %j', (value, reason) => {
    expect(reasonOf(value)).toBe(reason);
  });

  it('hands over to a human only where the task allows it, and with no payload', () => {
    const handOff = { ...right, resolution_kind: 'handoff_to_human', payload: { a: 1 } };
    expect(reasonOf(handOff, false)).toBe(
      'it hands over to a human, which the task does not allow',
    );
    expect(parseAnswer(handOff, form)).toMatchObject({ ok: true, answer: { payload: null } });
  });

  it('takes a payload out of its JSON text, or as it is', () => {
    const asText = { mayHandOff: false, payload: { mode: 'json_text', because: '' } } as const;
    const payloadOf = (payload: Json): unknown => {
      const parsed = parseAnswer({ ...right, payload }, asText);
      return parsed.ok ? parsed.answer.payload : parsed.reason;
    };
    expect(payloadOf('{"a": [1]}')).toEqual({ a: [1] });
    expect(payloadOf({ a: 1 })).toEqual({ a: 1 });
    expect(payloadOf('{')).toMatch(/^"payload" must hold JSON text: /);
  });
});
