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
  /** A list is longer than what runs unasked. */
  items: { all: [], first: ['n'], none: [] },
  /** An instance, or the run, has used up its budget. */
  budget: { grant: ['tokens', 'cost_usd', 'wall_sec', 'attempts'], stop: [] },
  /** An attempt stood still, and to go on has not helped. */
  stall: { continue: [], 'fresh session': [], 'give up': [] },
  /** The usage limit of its account lasts longer than an instance may wait by itself. */
  usage_limit: { wait: [], 'try now': [], 'give up': [] },
} as const satisfies Record<string, Record<string, readonly string[]>>;

export type Subject = keyof typeof subjects;

/** Whether an amount is a count: it must be named with its choice, and be a whole number. */
export function isCount(amount: string): boolean {
  return amount === 'n';
}

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
  const count = { type: 'integer', minimum: 1 };
  const counted = Object.entries(choices).flatMap(([choice, named]) => {
    const needed = named.filter(isCount);
    if (needed.length === 0) return [];
    const isChosen = { properties: { choice: { const: choice } } };
    return [{ if: isChosen, then: { required: needed } }];
  });
  return {
    type: 'object',
    properties: {
      choice: { enum: Object.keys(choices) },
      ...Object.fromEntries(amounts.map((name) => [name, isCount(name) ? count : amount])),
    },
    required: ['choice'],
    ...(counted.length === 0 ? {} : { allOf: counted }),
    additionalProperties: false,
  };
}
