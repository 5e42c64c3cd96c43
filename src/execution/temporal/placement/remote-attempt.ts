/**
 * One attempt that is carried out elsewhere, from its placement to its end, as its engine sees it: it takes the steps of
 * next-step.ts by the server and the depot, and holds nothing that the next engine could not find again in remote.json.
 */
import { backendOf } from '../../../agents/backends.ts';
import type {
  AttemptBudget,
  AttemptEnd,
  AttemptOrder,
  StopReason,
} from '../../../model/attempt.ts';
import type { TemporalSettings } from '../../../model/machines.ts';
import { Refusal } from '../../../model/refusal.ts';
import type { Usage } from '../../../model/run.ts';
import type { Handle, Heard } from '../../executor.ts';
import type { Whereabouts } from '../../../model/whereabouts.ts';
import { attemptFiles, showOutput } from '../../local/attempt-files.ts';
import { Meter } from '../../local/meter.ts';
import { AttemptOutput } from '../../local/progress.ts';
import { writeRuntimeRecord } from '../../local/runtime-record.ts';
import { nowMs, Stopwatch } from '../../local/stopwatch.ts';
import type { Dispatch, Orders, Sign } from '../protocol.ts';
import { seal } from '../seal.ts';
import { failedEnd, lostEnd, stoppedEnd } from './ends.ts';
import type { Gate } from './gate.ts';
import { activityId, hostQueue } from './names.ts';
import { nextStep, type Outcome, type Step } from './next-step.ts';
import { Backoff, Pause } from './pause.ts';
import { writeRecord, type RemoteRecord } from './record.ts';
import { ServerFailure, type PlacementServer } from './server.ts';

export interface RemoteParts {
  server: PlacementServer;
  dispatch: Dispatch;
  settings: TemporalSettings;
  /** null: arguments go as they are. */
  key: Buffer | null;
  gate: Gate;
}

type Remote = Extract<Whereabouts, { kind: 'remote' }>;

/** How long an attempt may wait for a worker. */
const SCHEDULE_TO_START_MS = 7 * 24 * 3_600_000;
/** A host gives a sign with its first call; it was handed out, and none has come, for so long: it may have reached nobody. */
const UNSIGNED_MS = 15_000;
const LOOK_MS = 3000;
const RUNTIME_INTERVAL_MS = 1000;
/** The least time that servers remember what is over: what may have been asked before that, and is unknown, may have run. */
const RETENTION_MS = 24 * 3_600_000;

export class RemoteAttempt implements Handle {
  readonly ended: Promise<AttemptEnd>;
  readonly pid = null;
  readonly remote = {
    whereabouts: (): Whereabouts => this.#where,
    onMoved: (listener: (now: Whereabouts) => void): void =>
      void this.#movedListeners.push(listener),
  };
  #order: AttemptOrder;
  readonly #id: string;
  readonly #queue: string;
  readonly #parts: RemoteParts;
  readonly #heard: Heard;
  readonly #output: AttemptOutput;
  readonly #meter: Meter;
  #record: RemoteRecord;
  #where: Remote;
  readonly #movedListeners: ((now: Whereabouts) => void)[] = [];
  /** Wakes whatever waits here, where it is stopped or let go. */
  readonly #pause = new Pause();
  #stop: Orders['stop'] = null;
  #limits: Pick<Orders, 'wallTimeoutMs' | 'budget'> = {};
  #state: 'live' | 'detached' | 'over' = 'live';
  #unfollow: (() => void) | null = null;
  #leaveGate: () => void = () => undefined;
  /** Since the newest sign or output; null: none since the newest activity began. */
  #lastSign: Stopwatch | null = null;
  #depotEnd = signal();
  #reported: Stopwatch | null = null;

  /** `record`: what an earlier engine has left of it; null: it begins. */
  constructor(order: AttemptOrder, parts: RemoteParts, heard: Heard, record: RemoteRecord | null) {
    const { remote } = order;
    if (remote === undefined) throw new TypeError('the order is one of this machine');
    this.#order = order;
    this.#id = remote.id;
    this.#queue = remote.queue;
    this.#parts = parts;
    this.#heard = heard;
    const backend = backendOf(order.backend);
    this.#output = new AttemptOutput(backend, attemptFiles(order), Date.parse(order.startedAt));
    this.#meter = new Meter(order, backend, null);
    const isOld = record !== null && record.state !== 'void';
    this.#record = isOld ? record : newRecord(order.generation);
    // Before anybody is told that it begins: without it, the server was never asked.
    if (!isOld) writeRecord(order, this.#record);
    const { host } = this.#record;
    this.#where = {
      kind: 'remote',
      queue: this.#queue,
      host,
      state: host === null ? 'queued' : 'running',
      since: iso(),
    };
    this.ended = new Promise((resolve, reject) => {
      this.#go(isOld)
        .then((end) => {
          this.#state = 'over';
          resolve(end);
        })
        .catch((error: unknown) => {
          if (this.#state !== 'detached') reject(error as Error);
        })
        .finally(() => this.#letGo());
    });
  }

  stop(reason: StopReason, how: 'ask' | 'kill'): void {
    if (this.#state !== 'live') return;
    const isFirst = this.#stop === null;
    const isStronger = how === 'kill' && this.#stop?.how === 'ask';
    if (!isFirst && !isStronger) return;
    this.#stop = { reason: this.#stop?.reason ?? reason, how };
    this.#tell();
    this.#pause.wake();
    if (isFirst && this.#record.state === 'placed') this.#cancel();
  }

  limitWall(wallTimeoutMs: number): void {
    this.#limits = { ...this.#limits, wallTimeoutMs };
    this.#tell();
  }

  limitUse(budget: AttemptBudget): void {
    this.#limits = { ...this.#limits, budget };
    this.#meter.limit(budget);
    this.#tell();
  }

  used(): Usage | null {
    return this.#state === 'live' ? this.#meter.used(this.#output.summary()) : null;
  }

  detach(): void {
    if (this.#state !== 'live') return;
    this.#state = 'detached';
    this.#letGo();
    this.#pause.wake();
  }

  #letGo(): void {
    this.#unfollow?.();
    this.#unfollow = null;
    this.#leaveGate();
    this.#output.close();
    this.#meter.close();
  }

  async #go(isOld: boolean): Promise<AttemptEnd> {
    // Whoever starts it has its handle first.
    await Promise.resolve();
    this.#read();
    if (this.#record.end !== null) return this.#again(this.#record.end);
    let step: Step | { kind: 'wait' } =
      !isOld || this.#record.state === 'starting'
        ? { kind: 'start', generation: this.#record.generation }
        : this.#record.takes > 0
          ? { kind: 'take', takes: this.#record.takes }
          : { kind: 'wait' };
    if (isOld) {
      this.#follow();
      if (step.kind === 'start' && (await this.#isForgotten())) {
        step = { kind: 'lost', why: 'the server does not know it, and may have forgotten it' };
      }
    }
    for (;;) {
      switch (step.kind) {
        case 'take_in':
          return this.#takeIn();
        case 'stopped':
          return this.#over(stoppedEnd(this.#order, this.#stop?.reason ?? 'terminated', iso()));
        case 'not_begun':
          return this.#over(
            failedEnd(this.#order, { ...step, kind: 'runner_invocation', at: iso() }),
          );
        case 'lost':
          return this.#lose(step.why);
        case 'start':
        case 'take':
        case 'wait': {
          const outcome: Outcome | Step = await this.#advance(step);
          this.#assertLive();
          if (isStep(outcome)) step = outcome;
          else step = await this.#stepAfter(outcome);
        }
      }
    }
  }

  async #advance(step: Step | { kind: 'wait' }): Promise<Outcome | Step> {
    if (step.kind === 'start') {
      const given = await this.#begin(step.generation);
      if (given !== null) return given;
    } else if (step.kind === 'take') {
      const given = await this.#take(step.takes);
      if (given !== null) return given;
    }
    if (this.#stop !== null) this.#cancel();
    return this.#outcome();
  }

  /** Asks the server to have it begun. null: it is accepted. */
  async #begin(generation: number): Promise<Outcome | Step | null> {
    const { dispatch, gate } = this.#parts;
    if (generation !== this.#record.generation) this.#note({ ...newRecord(generation) });
    let placement;
    try {
      const order = this.#current();
      placement = (await dispatch.given(order)) ?? (await dispatch.give(order));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const hint = error.hint === undefined ? '' : ` ${error.hint}`;
      return { kind: 'not_begun', why: `${error.message}${hint}`, passes: false };
    }
    this.#assertLive();
    this.#follow();
    const entering = gate.enter();
    const leave = await Promise.race([entering, this.#pause.untilWoken()]);
    if (leave === undefined || this.#state !== 'live') {
      void entering.then((go) => go());
      this.#assertLive();
      // Woken by a stop.
      return { kind: 'stopped' };
    }
    this.#leaveGate = leave;
    if (this.#stop !== null) return { kind: 'stopped' };
    return this.#ask({
      name: 'attempt',
      id: activityId(this.#id, generation, 0),
      queue: this.#queue,
      argument: seal(placement, this.#parts.key),
      scheduleToStartMs: SCHEDULE_TO_START_MS,
    });
  }

  /** Asks its host to take it up again. null: that is accepted. */
  async #take(takes: number): Promise<Outcome | Step | null> {
    const { host, generation } = this.#record;
    if (host === null) throw new TypeError('nobody has it: there is no host to ask');
    this.#note({ ...this.#record, takes, activity_run_id: null });
    this.#lastSign = null;
    this.#move({ state: 'unreachable' });
    const placement = await this.#parts.dispatch.given(this.#current());
    if (placement === null) {
      return { kind: 'lost', why: 'what it was given is not in the depot any more' };
    }
    return this.#ask({
      name: 'take',
      id: activityId(this.#id, generation, takes),
      queue: hostQueue(this.#queue, host),
      argument: seal(placement, this.#parts.key),
      scheduleToStartMs: this.#parts.settings.lost_after_sec * 1000,
    });
  }

  /** null: the server has accepted it. */
  async #ask(activity: Parameters<PlacementServer['start']>[0]): Promise<Outcome | Step | null> {
    const backoff = new Backoff();
    for (;;) {
      try {
        const { runId } = await this.#parts.server.start(activity);
        this.#assertLive();
        this.#note({ ...this.#record, state: 'placed', activity_run_id: runId });
        if (this.#record.host === null) this.#move({ state: 'queued' });
        return null;
      } catch (error) {
        this.#assertLive();
        if (!(error instanceof ServerFailure)) throw error;
        if (!error.passes && this.#record.takes === 0) {
          return { kind: 'not_begun', why: error.message, passes: true };
        }
        this.#move({ state: 'unreachable' });
        // Nobody has it, as far as is known: closed, the depot lets nobody begin it.
        if (this.#stop !== null && this.#record.host === null) return { kind: 'stopped' };
        if (this.#depotEnd.isGiven) return { kind: 'ended' };
        await Promise.race([this.#pause.for(backoff.nextMs()), this.#depotEnd.given]);
        this.#assertLive();
      }
    }
  }

  /** Waits until it is known what its newest activity came to. */
  async #outcome(): Promise<Outcome> {
    const over = new AbortController();
    const ended = this.#depotEnd.given.then((): Outcome => ({ kind: 'ended' }));
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
        if (!(error instanceof ServerFailure)) throw error;
        if (over.aborted || this.#state !== 'live') return never();
        const isQuiet = this.#lastSign === null || this.#lastSign.elapsedMs() > UNSIGNED_MS;
        if (isQuiet) this.#move({ state: 'unreachable' });
        await this.#pause.for(backoff.nextMs());
        if (over.aborted || this.#state !== 'live') return never();
      }
    }
  }

  /** Resolves where it was handed out, and its host gives no sign. */
  async #unsigned(over: AbortSignal): Promise<Outcome> {
    const { generation, takes } = this.#record;
    let handedOut: Stopwatch | null = null;
    const isOver = (): boolean => over.aborted || this.#state !== 'live';
    if (takes > 0) return never();
    for (;;) {
      await this.#pause.for(LOOK_MS);
      if (isOver() || this.#lastSign !== null) return never();
      try {
        const seen = await this.#parts.server.look(activityId(this.#id, generation, takes));
        if (seen !== null && seen.host !== null && seen.isOpen) handedOut ??= new Stopwatch();
      } catch {
        // Whoever waits for its outcome says so.
      }
      if (isOver() || this.#lastSign !== null) return never();
      if (handedOut !== null && handedOut.elapsedMs() >= UNSIGNED_MS) return { kind: 'unsigned' };
    }
  }

  async #stepAfter(outcome: Outcome): Promise<Step> {
    this.#leaveGate();
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
        this.#assertLive();
        const has = seen?.host ?? null;
        if (has !== null) this.#note({ ...this.#record, host: has });
        return;
      } catch (error) {
        this.#assertLive();
        if (!(error instanceof ServerFailure)) throw error;
        await this.#pause.for(backoff.nextMs());
        this.#assertLive();
      }
    }
  }

  /** Of one that may have been asked for: whether the server may have forgotten that. */
  async #isForgotten(): Promise<boolean> {
    if (nowMs() - Date.parse(this.#order.startedAt) < RETENTION_MS) return false;
    const id = activityId(this.#id, this.#record.generation, 0);
    try {
      return (await this.#parts.server.look(id)) === null;
    } catch (error) {
      if (error instanceof ServerFailure) return false;
      throw error;
    }
  }

  #cancel(): void {
    const { generation, takes } = this.#record;
    const id = activityId(this.#id, generation, takes);
    // The depot tells its host, too: whichever comes first.
    this.#parts.server.cancel(id, this.#stop?.reason ?? 'terminated').catch((error: unknown) => {
      if (!(error instanceof ServerFailure) || this.#state !== 'live') return;
      void this.#pause.for(LOOK_MS).then(() => {
        if (this.#state === 'live' && this.#record.takes === takes) this.#cancel();
      });
    });
  }

  #tell(): void {
    if (this.#unfollow === null) return;
    this.#parts.dispatch.tell(this.#current(), {
      stop: this.#stop,
      ...this.#limits,
      isOver: false,
    });
  }

  #follow(): void {
    this.#unfollow?.();
    this.#depotEnd = signal();
    const { give } = this.#depotEnd;
    this.#unfollow = this.#parts.dispatch.follow(this.#current(), {
      sign: (sign) => this.#signed(sign),
      output: () => {
        this.#lastSign = new Stopwatch();
        this.#read();
      },
      end: give,
    });
    if (this.#stop !== null || Object.keys(this.#limits).length > 0) this.#tell();
  }

  #signed({ host, state }: Sign): void {
    if (this.#state !== 'live') return;
    this.#lastSign = new Stopwatch();
    this.#leaveGate();
    if (this.#record.host !== host) this.#note({ ...this.#record, host });
    this.#move({ host, state: state === 'delivering' ? 'delivering' : 'running' });
  }

  #move(change: Partial<Remote>): void {
    const { host, state } = this.#where;
    const now = { ...this.#where, ...change };
    if (now.host === host && now.state === state) return;
    this.#where = { ...now, since: iso() };
    this.#report(null);
    for (const listener of this.#movedListeners) listener(this.#where);
  }

  #note(record: RemoteRecord): void {
    this.#record = record;
    writeRecord(this.#order, record);
  }

  /** The order as it is handed out now. */
  #current(): AttemptOrder {
    return { ...this.#order, generation: this.#record.generation };
  }

  /** Reads on in what has come of its output. */
  #read(): void {
    if (this.#state !== 'live') return;
    let grew = false;
    for (let more = true; more;) {
      const read = this.#output.advance();
      more = read.more;
      grew ||= read.grew;
      if (read.activities.length > 0) this.#heard(read.activities);
    }
    if (grew && (this.#reported?.elapsedMs() ?? Infinity) >= RUNTIME_INTERVAL_MS)
      this.#report(null);
  }

  #report(end: AttemptEnd | null): void {
    const isOnly = this.#reported === null && end !== null;
    if (this.#reported === null && end === null) showOutput(this.#order);
    this.#reported = new Stopwatch();
    const facts = { pid: null, command: [], progress: this.#output.progress(), end };
    try {
      const { runtime } = attemptFiles(this.#order);
      writeRuntimeRecord(runtime, this.#order, { ...facts, where: this.#where }, { isOnly });
    } catch {
      // A report for people: a full disk must not end the watch.
    }
  }

  async #takeIn(): Promise<AttemptEnd> {
    this.#move({ state: 'delivering' });
    try {
      return await this.#over(await this.#parts.dispatch.takeIn(this.#current()));
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const why = `what its worker has handed in cannot be taken: ${error.message}`;
      const failed = { kind: 'task_runtime', why, passes: false, at: iso() } as const;
      return this.#over(failedEnd(this.#order, failed));
    }
  }

  async #lose(why: string): Promise<AttemptEnd> {
    try {
      await this.#parts.dispatch.takeCheckpoint(this.#current());
    } catch (error) {
      // What cannot be had of it is lost with it.
      if (!(error instanceof Refusal)) throw error;
    }
    this.#assertLive();
    const session = this.#output.summary().sessionId ?? this.#order.sessionId;
    return this.#over(lostEnd(this.#order, { why, session, at: iso() }));
  }

  async #over(end: AttemptEnd): Promise<AttemptEnd> {
    this.#assertLive();
    this.#unfollow?.();
    this.#unfollow = null;
    this.#read();
    const rest = this.#output.finish();
    if (rest.length > 0) this.#heard(rest);
    this.#assertLive();
    this.#report(end);
    this.#note({ ...this.#record, state: 'over', end });
    await this.#close();
    return end;
  }

  /** One that had ended before. */
  async #again(end: AttemptEnd): Promise<AttemptEnd> {
    const rest = this.#output.finish();
    if (rest.length > 0) this.#heard(rest);
    await this.#close();
    this.#assertLive();
    return end;
  }

  async #close(): Promise<void> {
    try {
      await this.#parts.dispatch.close(this.#current());
    } catch (error) {
      // Nobody can do harm with what is left there.
      if (!(error instanceof Refusal)) throw error;
    }
  }

  #assertLive(): void {
    if (this.#state === 'detached') throw new Error('the attempt was let go');
  }
}

function newRecord(generation: number): RemoteRecord {
  return { generation, state: 'starting', activity_run_id: null, takes: 0, host: null, end: null };
}

function isStep(given: Outcome | Step): given is Step {
  return ['take_in', 'take', 'start', 'stopped', 'not_begun', 'lost'].includes(given.kind);
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

function iso(): string {
  return new Date(nowMs()).toISOString();
}
