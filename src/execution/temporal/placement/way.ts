/**
 * An attempt's way over the server, from its placement until nothing of it is left to be asked there: it takes the steps of
 * next-step.ts, and keeps in remote.json how far it has come. What it comes to is another's to make an end of.
 */
import type { AttemptOrder } from '../../../model/attempt.ts';
import type { TemporalSettings } from '../../../model/machines.ts';
import { Refusal } from '../../../model/refusal.ts';
import { nowMs, Stopwatch } from '../../local/stopwatch.ts';
import type { Dispatch } from '../protocol.ts';
import { seal } from '../seal.ts';
import type { Gate } from './gate.ts';
import { activityId, hostQueue } from './names.ts';
import { nextStep, type Destination, type Outcome, type Step } from './next-step.ts';
import { Backoff, Pause } from './pause.ts';
import { writeRecord, type RemoteRecord } from './record.ts';
import { ServerFailure, type NewActivity, type PlacementServer } from './server.ts';

export interface WayParts {
  server: PlacementServer;
  dispatch: Pick<Dispatch, 'give' | 'given'>;
  settings: TemporalSettings;
  /** null: arguments go as they are. */
  key: Buffer | null;
  gate: Gate;
  /** It is in the depot: what a worker leaves there is to be brought, and told to `signed`, `printed` and `handedIn`. */
  follow(): void;
  /** Told where it is by now, as far as it can be seen from here. */
  seen(state: 'queued' | 'unserved' | 'unreachable'): void;
}

/** It was let go of: nobody waits for it any more. */
export class LetGo extends Error {}

/** How long an attempt may wait for a worker. */
const SCHEDULE_TO_START_MS = 7 * 24 * 3_600_000;
/** A host gives a sign with its first call; it was handed out, and none has come, for so long: it may have reached nobody. */
const UNSIGNED_MS = 15_000;
const LOOK_MS = 3000;
/** The longest that what is whole in the depot may take to be seen there. */
const SHOWN_MS = 120_000;

export class Way {
  readonly #order: AttemptOrder;
  readonly #id: string;
  readonly #queue: string;
  readonly #parts: WayParts;
  readonly #isOld: boolean;
  readonly #betweenTakes = new Backoff();
  #record: RemoteRecord;
  /** Wakes whatever waits here, where it is stopped or let go. */
  readonly #pause = new Pause();
  /** Why it is to stop; null: it is not. */
  #stop: string | null = null;
  #isLetGo = false;
  #leaveGate: () => void = () => undefined;
  /** Since the newest sign or output; null: none since the newest activity began. */
  #lastSign: Stopwatch | null = null;
  /** All of it lies in the depot. */
  #handedIn = signal();

  /** `record`: what an earlier engine has left of it; null: it begins. */
  constructor(order: AttemptOrder, parts: WayParts, record: RemoteRecord | null) {
    const { remote } = order;
    if (remote === undefined) throw new TypeError('the order is one of this machine');
    this.#order = order;
    this.#id = remote.id;
    this.#queue = remote.queue;
    this.#parts = parts;
    this.#isOld = record !== null && record.state !== 'void';
    this.#record = record !== null && this.#isOld ? record : newRecord(order.generation);
    // Before anybody is told that it begins: without it, the server was never asked.
    if (!this.#isOld) writeRecord(order, this.#record);
  }

  get record(): Readonly<RemoteRecord> {
    return this.#record;
  }

  /** The order as it is handed out now. */
  get current(): AttemptOrder {
    return { ...this.#order, generation: this.#record.generation };
  }

  note(change: Partial<RemoteRecord>): void {
    this.#record = { ...this.#record, ...change };
    writeRecord(this.#order, this.#record);
  }

  /** @throws LetGo */
  async go(): Promise<Destination> {
    let step = await this.#firstStep();
    for (;;) {
      switch (step.kind) {
        case 'take_in':
        case 'stopped':
        case 'not_begun':
        case 'lost':
          return step;
        case 'start':
        case 'take':
        case 'wait':
          step = (await this.#ask(step)) ?? (await this.#stepAfter(await this.#outcome()));
      }
      this.#assertHeld();
    }
  }

  /** It is to stop: where it waits for a worker, at once. */
  stop(reason: string): void {
    const isFirst = this.#stop === null;
    this.#stop ??= reason;
    this.#pause.wake();
    if (isFirst && this.#record.state === 'placed') this.#cancel();
  }

  /** Its host has given a sign of itself. */
  signed(host: string): void {
    this.printed();
    this.#leaveGate();
    if (this.#record.host !== host) this.note({ host });
  }

  /** Output has come of it. */
  printed(): void {
    this.#lastSign = new Stopwatch();
  }

  /** All of it lies in the depot. */
  handedIn(): void {
    this.#handedIn.give();
  }

  letGo(): void {
    this.#isLetGo = true;
    this.#leaveGate();
    this.#pause.wake();
  }

  async #firstStep(): Promise<Step | { kind: 'wait' }> {
    const { state, generation, takes } = this.#record;
    const start = { kind: 'start', generation } as const;
    if (!this.#isOld) return start;
    this.#parts.follow();
    if (state !== 'starting') return takes > 0 ? { kind: 'take', takes } : { kind: 'wait' };
    return (await this.#isForgotten()) ? this.#stepAfter({ kind: 'unknown' }) : start;
  }

  /** Asks the server for what a step wants of it. null: it is accepted. */
  async #ask(step: Step | { kind: 'wait' }): Promise<Step | null> {
    let instead: Step | null = null;
    if (step.kind === 'start') instead = await this.#begin(step.generation);
    else if (step.kind === 'take') instead = await this.#take(step.takes);
    if (instead === null && this.#stop !== null) this.#cancel();
    return instead;
  }

  async #begin(generation: number): Promise<Step | null> {
    const { dispatch, gate, key } = this.#parts;
    if (generation !== this.#record.generation) this.note(newRecord(generation));
    this.#lastSign = null;
    let placement;
    try {
      placement = (await dispatch.given(this.current)) ?? (await dispatch.give(this.current));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const hint = error.hint === undefined ? '' : ` ${error.hint}`;
      return { kind: 'not_begun', why: `${error.message}${hint}`, passes: false };
    }
    this.#assertHeld();
    this.#handedIn = signal();
    this.#parts.follow();
    if (this.#stop !== null) return { kind: 'stopped' };
    const entering = gate.enter();
    const leave = await Promise.race([entering, this.#pause.untilWoken()]);
    if (leave === undefined || this.#isLetGo) {
      void entering.then((go) => go());
      this.#assertHeld();
      // Woken by a stop.
      return { kind: 'stopped' };
    }
    this.#leaveGate = leave;
    return this.#place({
      name: 'attempt',
      id: activityId(this.#id, generation, 0),
      queue: this.#queue,
      argument: seal(placement, key),
      scheduleToStartMs: SCHEDULE_TO_START_MS,
    });
  }

  /** Asks its host to take it up again. */
  async #take(takes: number): Promise<Step | null> {
    const { host, generation } = this.#record;
    if (host === null) throw new TypeError('nobody has it: there is no host to ask');
    this.note({ takes });
    this.#lastSign = null;
    this.#parts.seen('unreachable');
    // A host that has failed to take it up, such as one with a full disk, may fail at once the next time.
    if (takes > 1) await this.#pause.for(this.#betweenTakes.nextMs());
    this.#assertHeld();
    const placement = await this.#parts.dispatch.given(this.current);
    if (placement === null) {
      return { kind: 'lost', why: 'what it was given is not in the depot any more' };
    }
    return this.#place({
      name: 'take',
      id: activityId(this.#id, generation, takes),
      queue: hostQueue(this.#queue, host),
      argument: seal(placement, this.#parts.key),
      scheduleToStartMs: this.#parts.settings.lost_after_sec * 1000,
    });
  }

  /** null: the server has accepted it. */
  async #place(activity: NewActivity): Promise<Step | null> {
    const backoff = new Backoff();
    for (;;) {
      try {
        await this.#parts.server.start(activity);
        this.#assertHeld();
        this.note({ state: 'placed' });
        if (this.#record.host === null) this.#parts.seen('queued');
        return null;
      } catch (error) {
        this.#assertHeld();
        if (!(error instanceof ServerFailure)) throw error;
        if (!error.passes && this.#record.takes === 0) {
          return { kind: 'not_begun', why: error.message, passes: true };
        }
        this.#parts.seen('unreachable');
        // Nobody has it, as far as is known: closed, the depot lets nobody begin it.
        if (this.#isStoppedUnseen()) return { kind: 'stopped' };
        if (this.#handedIn.isGiven) return { kind: 'take_in' };
        await Promise.race([this.#pause.for(backoff.nextMs()), this.#handedIn.given]);
        this.#assertHeld();
      }
    }
  }

  #isStoppedUnseen(): boolean {
    return this.#stop !== null && this.#record.host === null;
  }

  /** Waits until it is known what its newest activity came to. */
  async #outcome(): Promise<Outcome> {
    const over = new AbortController();
    const ended = this.#handedIn.given.then((): Outcome => ({ kind: 'ended' }));
    try {
      return await Promise.race([
        ended,
        this.#outcomeOfServer(over.signal),
        this.#unsigned(over.signal),
      ]);
    } finally {
      over.abort();
    }
  }

  async #outcomeOfServer(over: AbortSignal): Promise<Outcome> {
    const { generation, takes } = this.#record;
    const id = activityId(this.#id, generation, takes);
    const backoff = new Backoff();
    for (;;) {
      try {
        return await this.#parts.server.outcome(id);
      } catch (error) {
        if (over.aborted) return never();
        this.#assertHeld();
        if (!(error instanceof ServerFailure)) throw error;
        // As where it could not be asked for: closed, the depot lets nobody begin it.
        if (this.#isStoppedUnseen()) return { kind: 'cancelled' };
        const isQuiet = this.#lastSign === null || this.#lastSign.elapsedMs() > UNSIGNED_MS;
        if (isQuiet) this.#parts.seen('unreachable');
        await this.#pause.for(backoff.nextMs());
        if (over.aborted) return never();
        this.#assertHeld();
      }
    }
  }

  /** Resolves where it was handed out, and its host gives no sign. */
  async #unsigned(over: AbortSignal): Promise<Outcome> {
    const { generation, takes } = this.#record;
    let handedOut: Stopwatch | null = null;
    const isOver = (): boolean => over.aborted || this.#isLetGo || this.#lastSign !== null;
    if (takes > 0) return never();
    for (;;) {
      await this.#pause.for(LOOK_MS);
      if (isOver()) return never();
      try {
        const seen = await this.#parts.server.look(activityId(this.#id, generation, takes));
        if (seen !== null && seen.host !== null && seen.isOpen) handedOut ??= new Stopwatch();
        else if (seen?.isOpen === true) await this.#sayWhoServes(isOver);
      } catch {
        // Whoever waits for its outcome says so.
      }
      if (isOver()) return never();
      if (handedOut !== null && handedOut.elapsedMs() >= UNSIGNED_MS) return { kind: 'unsigned' };
    }
  }

  /** Of one that waits for a worker. */
  async #sayWhoServes(isOver: () => boolean): Promise<void> {
    const isServed = await this.#parts.server.isServed(this.#queue);
    if (!isOver()) this.#parts.seen(isServed ? 'queued' : 'unserved');
  }

  async #stepAfter(outcome: Outcome): Promise<Step> {
    this.#assertHeld();
    this.#leaveGate();
    if (outcome.kind === 'unknown') {
      // Whatever the server has forgotten, its end may lie in the depot.
      await Promise.race([this.#handedIn.given, this.#pause.for(LOOK_MS)]);
      this.#assertHeld();
      if (this.#handedIn.isGiven) return { kind: 'take_in' };
    }
    if (outcome.kind === 'ended') {
      // A directory that machines share may show it later than the server tells of it.
      await Promise.race([this.#handedIn.given, this.#pause.for(SHOWN_MS)]);
    }
    if (this.#record.host === null && ['unsigned', 'gone', 'cancelled'].includes(outcome.kind)) {
      await this.#learnHost();
    }
    const { generation, takes, host } = this.#record;
    const wasHeard = this.#lastSign !== null;
    return nextStep(
      { generation, takes, host, isStopping: this.#stop !== null, wasHeard },
      outcome,
    );
  }

  /** Who has it, as the server knows. */
  async #learnHost(): Promise<void> {
    const { generation, takes } = this.#record;
    const backoff = new Backoff();
    for (;;) {
      try {
        const seen = await this.#parts.server.look(activityId(this.#id, generation, takes));
        this.#assertHeld();
        const host = seen?.host ?? null;
        if (host !== null) this.note({ host });
        return;
      } catch (error) {
        this.#assertHeld();
        if (!(error instanceof ServerFailure)) throw error;
        if (this.#isStoppedUnseen()) return;
        await this.#pause.for(backoff.nextMs());
        this.#assertHeld();
      }
    }
  }

  /** Of one that may have been asked for: whether the server may have forgotten that. */
  async #isForgotten(): Promise<boolean> {
    const id = activityId(this.#id, this.#record.generation, 0);
    const backoff = new Backoff();
    for (;;) {
      try {
        const remembersMs = await this.#parts.server.retentionMs();
        if (nowMs() - Date.parse(this.#order.startedAt) < remembersMs) return false;
        return (await this.#parts.server.look(id)) === null;
      } catch (error) {
        this.#assertHeld();
        if (!(error instanceof ServerFailure)) throw error;
        this.#parts.seen('unreachable');
        if (!error.passes || this.#isStoppedUnseen() || this.#handedIn.isGiven) return false;
        await this.#pause.for(backoff.nextMs());
        this.#assertHeld();
      }
    }
  }

  #cancel(): void {
    const { generation, takes } = this.#record;
    const id = activityId(this.#id, generation, takes);
    // The depot tells its host, too: whichever comes first.
    this.#parts.server.cancel(id, this.#stop ?? 'terminated').catch((error: unknown) => {
      if (!(error instanceof ServerFailure) || this.#isLetGo) return;
      void this.#pause.for(LOOK_MS).then(() => {
        if (!this.#isLetGo && this.#record.takes === takes) this.#cancel();
      });
    });
  }

  #assertHeld(): void {
    if (this.#isLetGo) throw new LetGo('the attempt was let go');
  }
}

function newRecord(generation: number): RemoteRecord {
  return { generation, state: 'starting', takes: 0, host: null, end: null };
}

interface Signal {
  given: Promise<void>;
  isGiven: boolean;
  give(): void;
}

function signal(): Signal {
  let resolve: () => void = () => undefined;
  const made: Signal = {
    given: new Promise((done) => (resolve = done)),
    isGiven: false,
    give: () => {
      made.isGiven = true;
      resolve();
    },
  };
  return made;
}

function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
