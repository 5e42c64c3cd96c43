/**
 * One attempt on the host that has it: laid out, carried out by the local executor, watched, stopped where it is told to or
 * hears from nobody any more, and handed in. Activities come and go beside it; it goes on until all of it is in the depot.
 */
import { isOutOfSpace } from '../../../disk/out-of-space.ts';
import type { AttemptEnd, AttemptOrder } from '../../../model/attempt.ts';
import { Refusal } from '../../../model/refusal.ts';
import type { Executor, Handle, Heard } from '../../executor.ts';
import { nowMs, Stopwatch } from '../../local/stopwatch.ts';
import { Backoff, Pause } from '../placement/pause.ts';
import {
  DepotFailure,
  type Delivery,
  type Orders,
  type Placement,
  type PlacementResult,
  type Sign,
} from '../protocol.ts';
import type { AttemptContact } from './contact.ts';
import type { HostedPlace } from './places.ts';

export interface HostedParts {
  host: string;
  placement: Placement;
  place: HostedPlace;
  delivery: Delivery;
  executor: Executor;
  contact: AttemptContact;
  /** Told, for a person. */
  say(what: string): void;
  /** It has begun or ended to take up a slot. */
  changed(): void;
}

const OUTPUT_MS = 1000;
const CHECKPOINT_MS = 5 * 60_000;
/** A depot that does not answer for so long, before anything has begun, is named instead of waited for; and so is a full disk. */
const PATIENCE_MS = 5 * 60_000;
/** What nobody comes for is kept, and offered, for so long. */
const KEEP_MS = 7 * 24 * 3_600_000;

/** It is not wanted any more. */
class Unwanted extends Error {}

/** Its worker lets go of it. */
class Left extends Error {}

export class HostedAttempt {
  /** What its activities come to; it rejects where this worker lets go of it. */
  readonly result: Promise<PlacementResult>;
  readonly id: string;
  readonly #parts: HostedParts;
  readonly #pause = new Pause();
  #letGo: () => void = () => undefined;
  #handle: Handle | null = null;
  #stop: Orders['stop'] = null;
  #isUnwanted = false;
  #isFenced = false;
  #isLeft = false;
  #isWorking = true;
  /** Whether its run has heard that it is at work, and where. */
  #isSigned = false;
  /** As its agent has told. */
  #sessionId: string | null = null;

  constructor(parts: HostedParts) {
    this.#parts = parts;
    this.id = parts.placement.id;
    const left = new Promise<never>((_, reject) => {
      this.#letGo = () => reject(new Left('its worker leaves'));
    });
    this.result = Promise.race([this.#go().finally(() => this.#rest()), left]);
    this.result.catch(() => undefined);
  }

  /** Whether it takes up a slot: no longer where there is nothing left but to hand it in. */
  get isWorking(): boolean {
    return this.#isWorking;
  }

  /** An activity has come to attend to it: its run is to hear who has it. */
  attended(): void {
    this.#isSigned = false;
    this.#pause.wake();
  }

  /** The server says that it is to stop; the depot says why. */
  async cancelled(): Promise<void> {
    try {
      const state = this.#handle === null ? 'laying_out' : 'running';
      this.#answered(await this.#parts.delivery.sign(this.#sign(state)));
    } catch {
      // Then for the usual reason.
    }
    this.#stopBy({ reason: 'terminated', how: 'ask' });
  }

  /** Lets its agent live on, for the next worker of this directory. */
  leave(): void {
    this.#isLeft = true;
    this.#handle?.detach();
    this.#pause.wake();
    this.#letGo();
  }

  async #go(): Promise<PlacementResult> {
    const { place, say } = this.#parts;
    try {
      const handle = await this.#handleOf();
      if (handle === null) return await this.#settle({ kind: 'never_started' });
      const end = place.end ?? (await this.#watch(handle.order, handle.handle));
      this.#rest();
      await this.#handIn(handle.order, end);
      say(`${this.id}: handed in, ${end.termination_reason}`);
      return await this.#settle({ kind: 'ended' });
    } catch (error) {
      if (error instanceof Unwanted) {
        say(`${this.id}: not wanted any more`);
        this.#handle?.stop('terminated', 'kill');
        await this.#handle?.ended;
        return this.#settle({ kind: 'never_started' });
      }
      const why = error instanceof Error ? error.message : String(error);
      say(`${this.id}: ${why}`);
      // What has begun is not told of as if it had not.
      if (this.#handle !== null || place.order !== null) {
        if (!(error instanceof DepotFailure) || error.kind !== 'lasts') throw error;
        this.#handle?.stop('terminated', 'kill');
        await this.#handle?.ended;
        return this.#settle({ kind: 'lost', why });
      }
      if (error instanceof Refusal) return this.#settle(await this.#handInRefusal(error));
      return this.#settle({ kind: 'refused', why });
    }
  }

  readonly #heard: Heard = (activities) => {
    for (const each of activities) {
      if (each.type === 'session_started') this.#sessionId = each.sessionId;
    }
  };

  /** The run is told in its own words why nothing could be laid out, and what kind of failure that is. */
  async #handInRefusal(refusal: Refusal): Promise<PlacementResult> {
    const { delivery, say } = this.#parts;
    const patience = new Stopwatch();
    const isPatient = (): boolean => patience.elapsedMs() < PATIENCE_MS;
    try {
      await this.#insist(isPatient, () => delivery.handInRefusal(refusal));
    } catch (error) {
      say(`${this.id}: ${(error as Error).message}`);
      return { kind: 'refused', why: refusal.message };
    }
    return { kind: 'ended' };
  }

  async #settle(result: PlacementResult): Promise<PlacementResult> {
    await this.#parts.place.settle(result);
    return result;
  }

  /** Its process, begun now or found; null: none is there, and none can be. */
  async #handleOf(): Promise<{ order: AttemptOrder; handle: Handle | null } | null> {
    const { place, executor, delivery, say } = this.#parts;
    const known = place.order;
    if (known !== null) {
      if (place.end !== null) return { order: known, handle: null };
      // Of one that is at work the depot is asked while it is watched.
      const found = await executor.find(known, this.#heard);
      if (found.kind === 'never_started') return null;
      say(`${this.id}: found again, ${found.kind}`);
      return { order: known, handle: (this.#handle = found.handle) };
    }
    const patience = new Stopwatch();
    const isPatient = (): boolean => patience.elapsedMs() < PATIENCE_MS;
    await this.#insist(isPatient, async () =>
      this.#obey(await delivery.sign(this.#sign('laying_out'))),
    );
    if (this.#stop !== null) return null;
    const order = await this.#insist(isPatient, () => delivery.layOut(place.place));
    // What came meanwhile: from here on it may run.
    if (this.#stop !== null || this.#isLeft) return null;
    place.keepOrder(order);
    say(`${this.id}: begins`);
    this.#handle = await executor.start(order, this.#heard);
    // What came meanwhile found nothing to let go of.
    if (this.#isLeft) this.#handle.detach();
    return { order, handle: this.#handle };
  }

  /** Until it has ended, however often the depot is away meanwhile. */
  async #watch(order: AttemptOrder, handle: Handle | null): Promise<AttemptEnd> {
    const { place } = this.#parts;
    if (handle === null) throw new Error('nobody watches it');
    if (this.#stop !== null) handle.stop(this.#stop.reason, this.#stop.how);
    let isOver = false;
    const ended = handle.ended.finally(() => {
      isOver = true;
      this.#pause.wake();
    });
    ended.catch(() => undefined);
    const reporting = this.#report(order, () => isOver || this.#isLeft);
    reporting.catch(() => handle.stop('terminated', 'kill'));
    const end = await ended;
    // Nothing of it is under way any more that would stand in the way of handing it in.
    await reporting;
    if (this.#isUnwanted) throw new Unwanted();
    const told = this.#isFenced ? fenced(end) : end;
    try {
      place.keepEnd(told);
    } catch (error) {
      // The next worker of this host would find it by what its agent has left.
      if (!isOutOfSpace(error)) throw error;
      this.#parts.say(`${this.id}: ${(error as Error).message}`);
    }
    return told;
  }

  /** @throws DepotFailure where the depot will never have what it prints */
  async #report(order: AttemptOrder, isOver: () => boolean): Promise<void> {
    const { delivery } = this.#parts;
    let sinceCheckpoint = new Stopwatch();
    while (!isOver()) {
      try {
        if (!this.#isSigned) {
          this.#isSigned = true;
          this.#answered(await delivery.sign(this.#sign('running')));
        }
        this.#answered(await delivery.handInOutput(order));
        if (sinceCheckpoint.elapsedMs() >= CHECKPOINT_MS && !isOver()) {
          sinceCheckpoint = new Stopwatch();
          await this.#checkpoint(order);
        }
      } catch (error) {
        this.#isSigned = false;
        switch (outlookOf(error)) {
          case 'over':
            this.#obey({ stop: null, isOver: true });
            break;
          case 'lasts':
            throw error;
          case 'passes':
            break;
        }
      }
      this.#fence();
      if (!isOver()) await this.#pause.for(OUTPUT_MS);
    }
  }

  /** Without it a loss costs more, and nothing else. */
  async #checkpoint(order: AttemptOrder): Promise<void> {
    const { delivery, say } = this.#parts;
    try {
      await delivery.checkpoint(order, this.#sessionId);
    } catch (error) {
      if (outlookOf(error) !== 'lasts') throw error;
      say(`${this.id}: no checkpoint: ${(error as Error).message}`);
    }
  }

  async #handIn(order: AttemptOrder, end: AttemptEnd): Promise<void> {
    const { delivery } = this.#parts;
    const kept = new Stopwatch();
    const isKept = (): boolean => kept.elapsedMs() < KEEP_MS;
    try {
      await this.#insist(isKept, async () => {
        const { isOver } = await delivery.sign(this.#sign('delivering'));
        if (isOver) throw new Unwanted();
        await delivery.handInOutput(order);
        await delivery.handInEnd(order, end);
      });
    } catch (error) {
      if (isKept()) throw error;
      throw new DepotFailure(
        `nobody has taken it for 7 days: ${(error as Error).message}`,
        'lasts',
      );
    }
  }

  /** Tries again what the depot may be ready for later. */
  async #insist<T>(mayGoOn: () => boolean, work: () => Promise<T>): Promise<T> {
    const backoff = new Backoff();
    for (;;) {
      if (this.#isLeft) return new Promise(() => undefined);
      try {
        return await work();
      } catch (error) {
        if (error instanceof Refusal) throw error;
        const outlook = outlookOf(error);
        if (outlook === 'over') throw new Unwanted();
        if (outlook === 'lasts' || !mayGoOn()) throw error;
        this.#parts.say(`${this.id}: ${(error as Error).message}; trying again`);
      }
      await this.#pause.for(backoff.nextMs());
    }
  }

  #answered(orders: Orders): void {
    this.#parts.contact.depotAnswered();
    this.#obey(orders);
  }

  #obey(orders: Orders): void {
    const { stop, isOver, wallTimeoutMs, budget } = orders;
    if (wallTimeoutMs !== undefined) this.#handle?.limitWall(wallTimeoutMs);
    if (budget !== undefined) this.#handle?.limitUse(budget);
    if (isOver && !this.#isUnwanted) {
      this.#isUnwanted = true;
      this.#stopBy({ reason: 'terminated', how: 'kill' });
      if (this.#handle === null) throw new Unwanted();
    }
    if (stop !== null) this.#stopBy(stop);
  }

  #stopBy(stop: NonNullable<Orders['stop']>): void {
    const isStronger = this.#stop === null || (stop.how === 'kill' && this.#stop.how === 'ask');
    if (!isStronger) return;
    this.#stop = { reason: this.#stop?.reason ?? stop.reason, how: stop.how };
    this.#handle?.stop(this.#stop.reason, this.#stop.how);
  }

  /** Stops what nobody may want any more: its run may have begun another in its place. */
  #fence(): void {
    const silentMs = this.#parts.contact.silentMs();
    if (this.#isFenced || silentMs < this.#parts.placement.fenceMs) return;
    this.#isFenced = true;
    const seconds = Math.round(silentMs / 1000);
    this.#parts.say(`${this.id}: nobody has answered for ${seconds} s: it is stopped`);
    this.#stopBy({ reason: 'terminated', how: 'ask' });
  }

  #sign(state: Sign['state']): Sign {
    return { host: this.#parts.host, state, at: new Date(nowMs()).toISOString() };
  }

  #rest(): void {
    if (!this.#isWorking) return;
    this.#isWorking = false;
    this.#parts.changed();
  }
}

function outlookOf(error: unknown): DepotFailure['kind'] {
  if (error instanceof DepotFailure) return error.kind;
  // A full disk, a file that changes under it: looked at again, as long as it is wanted.
  return error instanceof Unwanted ? 'over' : 'passes';
}

function fenced(end: AttemptEnd): AttemptEnd {
  if (end.termination_reason !== 'terminated') return end;
  return {
    ...end,
    failure_kind: 'worker_lost',
    failure_summary:
      'its worker had lost contact with the run and with the server, and has stopped it',
    resume_recommended: true,
  };
}
