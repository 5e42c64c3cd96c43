/**
 * What the engine itself asks a person, by subject: the answers that it understands. Such a question is an interrupt
 * like any other, of an instance or (`instance_id` null) of the run.
 */
import type { JsonObject } from './json.ts';

/** Subject → choice → the amounts that may go with it, each a number above 0. */
export const subjects = {
  /** An attempt came to its time limit. */
  wall_limit: { grant: ['wall_sec'], 'give up': [] },
  /** What the instances of a run did cannot be merged into its result. */
  result_conflict: { agent: [], person: [], apart: [] },
} as const satisfies Record<string, Record<string, readonly string[]>>;

export type Subject = keyof typeof subjects;

/** Choice → amounts, where it is not known which subject it is of. */
export function answersOf(subject: Subject): Readonly<Record<string, readonly string[]>> {
  return subjects[subject];
}

/** What such a question names as its `reply_schema`. It is no file of the program: `replySchemaOf` has it. */
export function replySchemaName(subject: Subject): string {
  return `codex-orch/${subject}.json`;
}

/** JSON Schema of the payload. The text alone counts, too. */
export function replySchemaOf(subject: Subject): JsonObject {
  const choices = answersOf(subject);
  const amounts = [...new Set(Object.values(choices).flat())];
  const amount = { type: 'number', exclusiveMinimum: 0 };
  return {
    type: 'object',
    properties: {
      choice: { enum: Object.keys(choices) },
      ...Object.fromEntries(amounts.map((name) => [name, amount])),
    },
    required: ['choice'],
    additionalProperties: false,
  };
}
