/** The attempts of one host: begun once, found again, and taken up by whichever activity asks for them. */
import { Refusal } from '../../../model/refusal.ts';
import { isOutOfSpace } from '../../../disk/out-of-space.ts';
import type { Executor } from '../../executor.ts';
import type { Delivery, Placement, PlacementResult } from '../protocol.ts';
import type { Contact } from './contact.ts';
import { HostedAttempt } from './hosted-attempt.ts';
import { hostedPlace, hostedPlaces, type HostedPlace } from './places.ts';

export interface HostOptions {
  host: string;
  /** Where attempts lie. */
  root: string;
  executor: Executor;
  contact: Contact;
  deliver(placement: Placement): Delivery;
  say(what: string): void;
  /** One of them has ended to work, or has begun. */
  changed(): void;
}

export class HostedAttempts {
  readonly #options: HostOptions;
  readonly #live = new Map<string, HostedAttempt>();
  #isClosed = false;

  constructor(options: HostOptions) {
    this.#options = options;
  }

  /** Those that are here, at work or being handed in. */
  get live(): ReadonlyMap<string, HostedAttempt> {
    return this.#live;
  }

  /** After a start of the worker: all that an earlier one has left at work, or not handed in. */
  async findAgain(): Promise<void> {
    for (const place of hostedPlaces(this.#options.root)) {
      if (place.result !== null) continue;
      const { placement } = place;
      // It died before it was claimed, or while it was laid out: nothing of it runs.
      if (placement === null || place.order === null) await place.settle({ kind: 'never_started' });
      else this.#host(placement, place);
    }
  }

  /** From now on none begins: what a poll under way still brings may begin elsewhere. */
  close(): void {
    this.#isClosed = true;
  }

  /** The attempt of an activity, which begins here unless it has before. */
  async begin(placement: Placement): Promise<HostedAttempt | PlacementResult> {
    const known = this.#known(placement);
    if (known !== null) return known;
    const place = hostedPlace(this.#options.root, placement.id);
    if (this.#isClosed) {
      const result: PlacementResult = { kind: 'never_started' };
      await place.settle(result);
      return result;
    }
    try {
      if (!place.begin(placement)) return { kind: 'never_started' };
    } catch (error) {
      // It is in the memory of nobody here, and its activity comes only once: another may begin it.
      if (!isOutOfSpace(error)) throw error;
      this.#options.say(`${placement.id}: its disk is full: ${(error as Error).message}`);
      return { kind: 'never_started' };
    }
    const hosted = this.#host(placement, place);
    if ('kind' in hosted) await place.settle(hosted);
    return hosted;
  }

  /** The attempt that was begun here; else it is settled that it never will be. */
  async take(placement: Placement): Promise<HostedAttempt | PlacementResult> {
    const known = this.#known(placement);
    if (known !== null) return known;
    const result: PlacementResult = { kind: 'never_started' };
    try {
      await hostedPlace(this.#options.root, placement.id).settle(result);
    } catch (error) {
      if (!isOutOfSpace(error)) throw error;
      return { kind: 'refused', why: `its disk is full: ${(error as Error).message}` };
    }
    return result;
  }

  /** Lets go of all: their agents live on. */
  leave(): void {
    for (const attempt of this.#live.values()) attempt.leave();
  }

  /** What is here of it; of one that may have begun, whatever became of it, never that nothing did. */
  #known(placement: Placement): HostedAttempt | PlacementResult | null {
    const live = this.#live.get(placement.id);
    if (live !== undefined) return live;
    const place = hostedPlace(this.#options.root, placement.id);
    if (place.result !== null) return place.result;
    return place.order === null ? null : this.#host(placement, place);
  }

  /** Refused is one whose depot may not be spoken to from here. */
  #host(placement: Placement, place: HostedPlace): HostedAttempt | PlacementResult {
    const { host, executor, contact, deliver, say, changed } = this.#options;
    let delivery;
    try {
      delivery = deliver(placement);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { message, hint = '' } = error;
      say(`${placement.id}: ${message} ${hint}`);
      return { kind: 'refused', why: message };
    }
    const attempt = new HostedAttempt({
      host,
      placement,
      place,
      delivery,
      executor,
      contact: contact.ofAttempt('url' in placement.depot),
      say,
      changed,
    });
    this.#live.set(placement.id, attempt);
    const gone = (): void => {
      this.#live.delete(placement.id);
      changed();
    };
    attempt.result.then(gone, gone);
    changed();
    return attempt;
  }
}
