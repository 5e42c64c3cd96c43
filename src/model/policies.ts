/**
 * What may be said of a task, of its agent and of the project alike, and what holds where nobody says it. Of such a
 * field the nearest counts, whole: the task's own, or else its agent's, or else the project's, or else the edition's.
 */

/** Of a program: 1 as the original's are, 2 as new ones. */
export const editions = [1, 2] as const;
export type Edition = (typeof editions)[number];

export const wallPolicies = ['ask', 'fail'] as const;

export const stallPolicies = ['resume', 'fail'] as const;
export const limitPolicies = ['wait', 'fallback', 'fail'] as const;

/** What becomes of an attempt at a usage limit of its account. */
export interface UsageLimitSpec {
  /** null: `fallback` where there are other agents, and else `wait`. */
  on: (typeof limitPolicies)[number] | null;
  /** How long it may wait until a person is asked. */
  max_wait_sec: number;
}

/** A failed attempt is made again after a while, in the same session where it has one. */
export interface RetrySpec {
  /** The first counted. */
  max_attempts: number;
  /** Failure kinds and termination reasons; null: what is worth trying again. */
  on: string[] | null;
  /** Before the second attempt. */
  delay_sec: number;
  /** By which each further delay is longer. */
  factor: number;
  max_delay_sec: number;
}

/** What a task, an agent and the project may say. */
export interface Policies {
  /** After a failure; there is none where nobody says it. */
  retry?: RetrySpec;
  /** At the time limit of an attempt. */
  on_wall?: (typeof wallPolicies)[number];
  /** How often an attempt may go on whose work is not accepted. */
  repair?: number;
  /** Where an attempt stands still. */
  on_stall?: (typeof stallPolicies)[number];
  /** How long a command of an agent's may show no progress; left out: as long as the attempt may take. */
  command_timeout_sec?: number;
  /** At a usage limit. */
  usage_limit?: UsageLimitSpec;
  /** Who takes over where the agent gives up: after its retries, or at a usage limit. */
  fallback_agents?: string[];
}

type NullPolicy = 'retry' | 'usage_limit' | 'on_stall' | 'command_timeout_sec';

/** What of it counts. */
export interface ResolvedPolicies extends Required<Omit<Policies, NullPolicy>> {
  retry: RetrySpec | null;
  /** null: it fails, and its output alone tells whether it stands still. */
  on_stall: (typeof stallPolicies)[number] | null;
  command_timeout_sec: number | null;
  /** null: usage limits are not told from others. */
  usage_limit: UsageLimitSpec | null;
}

/** Limits that last for hours end in a working day or a night. */
export const MAX_LIMIT_WAIT_SEC = 12 * 3600;

/** What holds where nobody says it. */
export const editionDefaults: Readonly<Record<Edition, ResolvedPolicies>> = {
  1: {
    on_wall: 'fail',
    retry: null,
    usage_limit: null,
    on_stall: null,
    command_timeout_sec: null,
    fallback_agents: [],
    repair: 0,
  },
  2: {
    on_wall: 'ask',
    retry: null,
    on_stall: 'resume',
    command_timeout_sec: null,
    usage_limit: { on: null, max_wait_sec: MAX_LIMIT_WAIT_SEC },
    fallback_agents: [],
    repair: 2,
  },
};

/** The value of whoever is nearest and has one: neither left out nor null. */
export function nearest<T>(...values: readonly (T | null | undefined)[]): T | null {
  return values.find((value) => value !== null && value !== undefined) ?? null;
}

/** The model of a task: its own, or else its agent's, or else the project's; null where nobody names one. */
export function modelOf(
  {
    agents,
    default_model,
  }: { agents: Readonly<Record<string, HasModel>>; default_model: string | null },
  { agent, model }: HasModel & { agent: string },
): string | null {
  const named = Object.hasOwn(agents, agent) ? agents[agent] : undefined;
  return nearest(model, named?.model, default_model);
}

interface HasModel {
  model: string | null;
}
