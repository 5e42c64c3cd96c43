/** The output schema of an assistant's answer. Pure. */
import type { JsonObject } from '../../../model/json.ts';
import { confidences } from '../../../model/program.ts';
import { nullable, type PayloadSchema } from './payload-schema.ts';

export const resolutionKinds = ['auto_reply', 'handoff_to_human'] as const;
export type ResolutionKind = (typeof resolutionKinds)[number];

export const proposalKinds = [
  'instruction_update',
  'managed_asset_update',
  'routing_policy_update',
  'program_asset_update',
] as const;
export const contentModes = ['snippet', 'full_replacement'] as const;
export const routingSections = ['assistant_hints', 'interaction_policy'] as const;

export interface AnswerForm {
  /** Whether the task allows a human. */
  mayHandOff: boolean;
  /** null: the question sets no reply schema. */
  payload: PayloadSchema | null;
}

/** Every object is closed and every property required, as model APIs want it. */
export function outputSchema(form: AnswerForm): JsonObject {
  const { payload } = form;
  const definitions = payload?.mode === 'shape' ? payload.definitions : {};
  return {
    ...closed({
      resolution_kind: {
        type: 'string',
        enum: form.mayHandOff ? [...resolutionKinds] : ['auto_reply'],
      },
      answer: {
        type: 'string',
        description: 'The answer to the question; for a hand-off a summary for the human.',
      },
      rationale: { type: 'string', description: 'Why, in a few sentences.' },
      confidence: { type: 'string', enum: [...confidences] },
      citations: {
        type: 'array',
        items: { type: 'string' },
        description: 'Files, lines or results that the answer rests on.',
      },
      payload: payloadProperty(form),
      proposed_updates: { type: 'array', items: proposedUpdate() },
    }),
    ...(Object.keys(definitions).length > 0 ? { $defs: definitions } : {}),
  };
}

function payloadProperty({ payload, mayHandOff }: AnswerForm): JsonObject {
  if (payload === null) return { type: 'null' };
  const schema: JsonObject =
    payload.mode === 'shape'
      ? payload.schema
      : { type: 'string', description: 'The JSON text of a value that fits the reply schema.' };
  // There is nothing to fill in where the answer is left to a human.
  return mayHandOff ? nullable(schema) : schema;
}

function proposedUpdate(): JsonObject {
  const name: JsonObject = { type: ['string', 'null'] };
  return closed({
    kind: { type: 'string', enum: [...proposalKinds] },
    summary: { type: 'string' },
    rationale: { type: 'string' },
    suggested_content_mode: { type: 'string', enum: [...contentModes] },
    suggested_content: { type: 'string' },
    target: closed({
      role_id: name,
      managed_asset_path: name,
      task_id: name,
      routing_section: {
        anyOf: [{ type: 'string', enum: [...routingSections] }, { type: 'null' }],
      },
      program_asset_path: name,
    }),
  });
}

function closed(properties: JsonObject): JsonObject {
  return {
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  };
}
