/** What an engine is handed: the run, its inbox, what attempts are made of, and who carries them out. */
import type { RunEvent } from '../core/events/events.ts';
import type { Briefed } from '../attempt/brief/brief-worker.ts';
import type { OrderedAttempt } from '../attempt/order.ts';
import type { PreparedTree } from '../attempt/tree/prepare-tree.ts';
import type { AttemptFacts } from '../core/judge/finish.ts';
import type { DueCheck } from '../core/state/checks.ts';
import type { SeenTree } from '../core/judge/workspace.ts';
import type { RunState } from '../core/state/run-state.ts';
import type { Facts } from '../core/plan/facts.ts';
import type { Executor } from '../execution/executor.ts';
import type { AttemptEnd, AttemptOrder } from '../model/attempt.ts';
import type { CheckReceipt } from '../model/checks.ts';
import type { LockSpec } from '../model/program.ts';
import type { RunResult } from '../model/trees.ts';
import type { InboxCommand } from '../store/inbox/records.ts';
import type { Asker, InboxProblem } from '../store/inbox/scanner.ts';
import type { RunWriter } from '../store/run-store.ts';
import type { Accounts } from './accounts.ts';
import type { Clock } from './clock.ts';
import type { StopMode } from './loop.ts';

/** The run that is driven. */
export type DrivenRun = Pick<
  RunWriter,
  'state' | 'now' | 'checkPlace' | 'commitAsync' | 'flushCache' | 'noteSession' | 'result'
>;

/** Where others leave what they have to say to the run; an `Intake` is one. */
export interface DrivenInbox {
  /** Calls back when something may have come. Returns how to end that. */
  watch(listener: () => void): () => void;
  /** `askers`: all attempts whose workers may have left a question. */
  receive(askers: readonly Asker[]): Promise<Received>;
  committed(isUnderWay: (command: InboxCommand) => boolean): void;
}

export interface Received {
  events: RunEvent[];
  commands: InboxCommand[];
  /** What was left where it is; each file once, until it changes. */
  refused: InboxProblem[];
}

/** What attempts are made of, and what is taken from them; see `attemptsOf` for a run on disk. */
export interface Attempts {
  readonly accounts: Accounts;
  /** What to start, or to find again, for the running attempt of an instance. */
  order(instanceId: string, generation: number): OrderedAttempt;
  /** Whether an instance works in a tree of its own. */
  hasTree(instanceId: string): boolean;
  /** Makes that tree, once its attempt is on record. */
  prepareTree(instanceId: string): Promise<PreparedTree>;
  /** Puts into that tree again what was there before checks were run in it. */
  restoreTree(instanceId: string, tree: string): Promise<void>;
  /**
   * What the working tree holds that an instance shares with others, before its attempt begins; null: that is not to be
   * recorded, or is already. It resolves with null where nobody can tell.
   */
  seeBefore(instanceId: string): Promise<SeenTree | null> | null;
  /** Removes the tree of an instance that is done; null: there is none to remove. */
  dropTree(instanceId: string): Promise<void> | null;
  /** Merges the work of all instances of a run in which nothing is left to do. */
  mergeResults(): Promise<RunResult[]>;
  /** Writes what the attempt is given into its directory, and completes the order with it. */
  brief(instanceId: string, order: AttemptOrder): Promise<Briefed>;
  /**
   * Takes the locks of their user for what is to be the next attempt of an instance: all, or none. False: another has
   * one of them.
   */
  takeLocks(instanceId: string, locks: readonly LockSpec[]): boolean;
  /** Gives back what was taken for an attempt that did not start, or has ended. */
  giveBack(instanceId: string): void;
  /** Whether the agent of an instance can be told what is wrong with its work. */
  takesPrompt(instanceId: string): boolean;
  /** Reads what the attempt left, and copies what it publishes. */
  harvest(instanceId: string, end: AttemptEnd): Promise<AttemptFacts>;
  /** Lays out a check of an instance; not `ok`: it cannot be run, and that is what came of it. */
  check(instanceId: string, due: DueCheck): Promise<OrderedCheck>;
  /** What came of a check that has ended. */
  receipt(instanceId: string, due: DueCheck, end: AttemptEnd): Promise<CheckReceipt>;
  /** Tidies up after a check that has its receipt, or was stopped. */
  dropCheck(instanceId: string, due: DueCheck): void;
  /** Tidies up after an attempt whose end is in the log. */
  putAway(instanceId: string, attempt: number): void;
  /** As `putAway`, for what engines that died have left. */
  putAwayLeftovers(): void;
  /** The engine ends, and leaves these at work. */
  leave(atWork: ReadonlySet<string>): void;
}

export type OrderedCheck =
  | { ok: true; order: AttemptOrder; mayHaveBegun: boolean }
  /** `left`: what an engine that died has begun of it before, to be ended. */
  | { ok: false; receipt: CheckReceipt; left: AttemptOrder | null };

export interface EngineParts {
  clock: Clock;
  run: DrivenRun;
  inbox: DrivenInbox;
  attempts: Attempts;
  executor: Executor;
  /** Whether a value fits a JSON Schema of the program, for conditions: see `compileConditions`. */
  fits: Facts['fits'];
  /** What items have cost in earlier runs, for whoever is asked about a long list. Left out: nobody looks. */
  earlierUse?: Facts['earlierUse'];
}

/** Begins answers that go on beside the loop, and speak to it through the inbox like everyone else. */
export interface Answerer {
  /** Begins what can be begun now. The engine does not end before what is returned has. */
  begin(state: RunState): BegunAnswers;
}

export interface BegunAnswers {
  answers: BegunAnswer[];
  /** ISO 8601: when one that waits for time may begin; null: none does. */
  wakeAt: string | null;
}

export interface BegunAnswer {
  ended: Promise<void>;
  stop(mode: StopMode): void;
}
