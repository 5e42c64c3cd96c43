/**
 * What may be said of a task, of its agent and of the project alike, and what holds where nobody says it. Of such a
 * field the nearest counts, whole: the task's own, or else its agent's, or else the project's, or else the edition's.
 */

/** Of a program: 1 as the original's are, 2 as new ones. */
export const editions = [1, 2] as const;
export type Edition = (typeof editions)[number];

export const wallPolicies = ['ask', 'fail'] as const;

/** What a task, an agent and the project may say. */
export interface Policies {
  /** At the time limit of an attempt. */
  on_wall?: (typeof wallPolicies)[number];
}

/** What holds where nobody says it. */
export const editionDefaults: Readonly<Record<Edition, Required<Policies>>> = {
  1: { on_wall: 'fail' },
  2: { on_wall: 'ask' },
};

/** The value of whoever is nearest and has one: neither left out nor null. */
export function nearest<T>(...values: readonly (T | null | undefined)[]): T | null {
  return values.find((value) => value !== null && value !== undefined) ?? null;
}
