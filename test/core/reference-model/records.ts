/** What the reference model holds: scopes, instances, questions, and what an attempt left, in the contract's words. */
import type { Json, JsonObject } from '../../../src/model/json.ts';
import type { FailureKind, InstanceStatus, InterruptStatus } from '../../../src/model/run.ts';

export interface ModelScope {
  number: number;
  parent: ModelScope | null;
  seeds: string[];
  body: Set<string>;
  values: JsonObject;
  createdBy: ModelInstance | null;
  /** Loop controller → iterations that an operator granted to its instance in this scope. */
  grants: Map<string, number>;
  /** The item whose scope it is; null for the base scope and iterations of loops. */
  item: ModelItem | null;
  /** The items around it, the innermost first; itself, where it is one. */
  around: ModelScope[];
}

export interface ModelItem {
  region: ModelInstance;
  index: number;
  /** It has been let in: something in it could begin. Lost where something goes back while all in it is over. */
  hasPlace: boolean;
}

/** A person is asked whether so many items shall be. */
export interface ModelQuestion {
  head: ModelInstance;
  /** How many of them; null: not answered. */
  answer: number | null;
  closed: boolean;
}

export interface ModelInstance {
  number: number;
  task: string;
  scope: ModelScope;
  /** Upstream task → the instance of it; where it gathers: the region's task → the head of the region. */
  upstream: Map<string, ModelInstance>;
  /** Of the head of a region that has been opened: the scopes of its items. */
  items: ModelScope[] | null;
  /** Of the same: how many of the items a person wants. */
  taken: number;
  status: InstanceStatus;
  attempts: number;
  session: string | null;
  failureKind: FailureKind | null;
  resumeRecommended: boolean;
  /** Since it was last requeued by somebody. */
  repairs: number;
  /** As often its attempts stood still, since the same. */
  stalls: number;
  /** Its latest attempt did. */
  stoodStill: boolean;
  /** Targets that this controller instance chose. */
  chosen: Set<string>;
  /** Skipped by an abort while nothing above it was failed or skipped: only a retry moves it. */
  skippedByAbort: boolean;
  /** Skipped because its condition does not hold: nothing moves it. */
  skippedByCondition: boolean;
  /** Skipped because a person wants only the first items: nothing moves it. */
  skippedByFirstN: boolean;
  /** Skipped because too many items have failed: only a retry of these brings it back. */
  skippedByStop: boolean;
  /** Could begin, if its items had a place. */
  held: boolean;
  /** What the attempt left with which it was done; undefined: nothing. */
  result: Json | undefined;
}

export interface ModelInterrupt {
  id: string;
  instance: ModelInstance;
  blocking: boolean;
  audience: 'human' | 'assistant';
  decisionKind: string | null;
  status: InterruptStatus;
}

export type Choice =
  | { kind: 'labels'; labels: string[] }
  | { kind: 'continue'; inputs: JsonObject }
  | { kind: 'stop' };

/** What an attempt left, told in the contract's words instead of files. */
export interface Outcome {
  process: 'completed' | 'failed' | 'stalled' | 'session_lost';
  failureKind: FailureKind | null;
  resumeRecommended: boolean;
  session: string | null;
  result: 'none' | 'valid' | 'against_schema';
  /** What a controller chose; `refused` for a control that section 6 refuses, also where there is none. */
  control: Choice | 'refused';
  published: boolean;
  /** Of each check of the task: whether it holds for what was left. */
  checks: boolean[];
  /** The result itself; undefined: none. */
  value: Json | undefined;
}
