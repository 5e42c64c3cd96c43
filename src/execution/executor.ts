/**
 * Who carries out attempts: starts them, finds them again after an engine's death, and tells how they
 * ended. The engine, and whoever else needs an agent, is handed one and knows no process.
 *
 * What all of them hold to (test/conformance/executor.ts): an attempt begins at most once, whatever
 * crashes in between; nothing is heard after `ended` has resolved, and everything before.
 */
import type { AgentActivity } from '../model/activity.ts';
import type { AttemptBudget, AttemptEnd, AttemptOrder, StopReason } from '../model/attempt.ts';
import type { Usage } from '../model/run.ts';
import type { Whereabouts } from '../model/whereabouts.ts';

/** What new output means, in order; from the start of the attempt, also where it was found again. */
export type Heard = (activities: AgentActivity[]) => void;

export interface Executor {
  /**
   * Starts the agent of an attempt whose control directory holds its prompt, or takes up what was started before.
   * Where it cannot start, the handle ends at once with `failure_kind: runner_invocation`.
   */
  start(order: AttemptOrder, heard: Heard): Promise<Handle>;
  /**
   * Settles an attempt that the log calls started, without a race: afterwards it is known to live, known
   * to have ended, or known never to have run and never to be able to.
   */
  find(order: AttemptOrder, heard: Heard): Promise<Found>;
  /** Lets go of what only starts attempts; those that run live on. */
  close(): Promise<void>;
}

export interface Handle {
  /**
   * Resolves once the agent and all that it started are gone, and all output is read. Rejects only where
   * the disk cannot be read; the agent then lives on, and can be found.
   */
  readonly ended: Promise<AttemptEnd>;
  /** Its process, to be named to a person; null where there is none on this machine. */
  readonly pid: number | null;
  /** Left out: it is a process of this machine. */
  readonly remote?: {
    whereabouts(): Whereabouts;
    /** Called each time that they have changed. */
    onMoved(listener: (now: Whereabouts) => void): void;
  };
  /** `ask`: to stop, and killed after the grace; `kill`: at once, also after it was asked. The first reason stands. */
  stop(reason: StopReason, how: 'ask' | 'kill'): void;
  /** Another time limit, in ms since its start, from now on. */
  limitWall(wallTimeoutMs: number): void;
  /** Another budget, from its start, from now on. Where it passes that, it is asked to stop: `budget`. */
  limitUse(budget: AttemptBudget): void;
  /** What it has used so far; null: nobody counts it, or nothing is known. */
  used(): Usage | null;
  /** Stops watching and lets the agent live on; `ended` then never resolves. */
  detach(): void;
}

export type Found =
  /** `isOverdue`: it has passed one of its limits, while nobody watched. */
  | { kind: 'running'; handle: Handle; isOverdue: boolean }
  /** It ended while nobody watched. */
  | { kind: 'ended'; handle: Handle }
  /** Nothing ever ran, and nothing can any more: start again with this generation. */
  | { kind: 'never_started'; nextGeneration: number };
