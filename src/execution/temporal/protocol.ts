/**
 * What passes between a run's side and the workers of other machines: plain data, the same on both, and what either side
 * asks of the depot. See docs/design/machines.md.
 */
import type { AttemptBudget, AttemptEnd, AttemptOrder, StopReason } from '../../model/attempt.ts';
import type { Refusal } from '../../model/refusal.ts';

/** Another number cannot be worked for: refused with both in the message. */
export const PROTOCOL_VERSION = 1;

/** The names of the activities: an attempt on its queue, and its taking up again on the queue of one host. */
export const activityNames = { attempt: 'attempt', take: 'take' } as const;

/** Where files are handed over. */
export type DepotAddress = { url: string } | { directory: string };

/** The argument of both activities. Below 4 KiB, and of no use to who may not read it: see `seal`. */
export interface Placement {
  protocol: number;
  /** `<run>/<instance>/<attempt>.<generation>` */
  id: string;
  depot: DepotAddress;
  /** Opens this attempt at the depot and nothing else, until it is over; empty for a directory. */
  token: string;
  /** Of the manifest's bytes. */
  manifestSha256: string;
  /** How long a worker that hears from nobody lets its agent work on, in ms. */
  fenceMs: number;
}

/** The result of both activities; files never go through the server. */
export type PlacementResult =
  /** All of it lies in the depot. */
  | { kind: 'ended' }
  /** Nothing of this generation ran on that host, and nothing can any more. */
  | { kind: 'never_started' }
  /** As that, and it is no use to try again: what the host says, for a person. */
  | { kind: 'refused'; why: string }
  /** It ran and is ended, and the depot will not have what it left. */
  | { kind: 'lost'; why: string };

/** What both activities are called with: a placement as it is, or sealed; `protocol` can be read in any case. */
export type Argument = Placement | { protocol: number; sealed: string };

/** Who has an attempt, as the worker says at the depot. */
export interface Sign {
  host: string;
  /** `laying_out`: before its process; `delivering`: after it. */
  state: 'laying_out' | 'running' | 'delivering';
  /** ISO 8601, UTC, by the worker's clock. */
  at: string;
}

/** What an attempt is told while it runs, in each answer of the depot. */
export interface Orders {
  stop: { reason: StopReason; how: 'ask' | 'kill' } | null;
  /** As in the order; left out: as it was. */
  wallTimeoutMs?: number;
  budget?: AttemptBudget;
  /** It is not wanted any more: stop it, and keep nothing of it. */
  isOver: boolean;
}

/** The run's side of the depot. All of it can be done again after a crash. */
export interface Dispatch {
  /** Puts what the attempt needs into the depot. @throws Refusal where that cannot be had */
  give(order: AttemptOrder): Promise<Placement>;
  /** What was given before; null: nothing whole. */
  given(order: AttemptOrder): Promise<Placement | null>;
  /**
   * Brings output and questions into their places as they come, and tells of signs and of the end. Returns how to end that.
   */
  follow(
    order: AttemptOrder,
    on: { sign(sign: Sign): void; output(): void; end(): void },
  ): () => void;
  tell(order: AttemptOrder, orders: Orders): void;
  /** Puts into place what the worker has left, and tells how it ended. @throws Refusal for what is not to be taken in */
  takeIn(order: AttemptOrder): Promise<AttemptEnd>;
  /** Of an attempt that is lost: puts into place the last checkpoint, where there is one. */
  takeCheckpoint(order: AttemptOrder): Promise<void>;
  /** Nothing more is taken from anybody, and what was given goes. */
  close(order: AttemptOrder): Promise<void>;
}

/** A worker's side of the depot, for one attempt. Each call may fail with a `DepotFailure`, and is then tried again by its caller. */
export interface Delivery {
  sign(sign: Sign): Promise<Orders>;
  /** Lays the attempt out below `place`. The order in this machine's terms. @throws Refusal for what cannot be laid out */
  layOut(place: string): Promise<AttemptOrder>;
  /** Hands in what was printed and asked since; at most once a second. */
  handInOutput(order: AttemptOrder): Promise<Orders>;
  /** As its tree and session are now. `sessionId`: as its agent has told so far; null: as in the order. */
  checkpoint(order: AttemptOrder, sessionId: string | null): Promise<void>;
  /** All that it left, the end last. */
  handInEnd(order: AttemptOrder, end: AttemptEnd): Promise<void>;
  /** In place of an end, where `layOut` has refused: nothing ran, and why. */
  handInRefusal(refusal: Refusal): Promise<void>;
}

/**
 * The depot did not do what was asked. `passes`: it could not be reached, or may do it at another time; `lasts`: it never
 * will; `over`: the attempt is not wanted any more.
 */
export class DepotFailure extends Error {
  readonly kind: 'passes' | 'lasts' | 'over';

  constructor(message: string, kind: DepotFailure['kind']) {
    super(message);
    this.kind = kind;
  }
}
