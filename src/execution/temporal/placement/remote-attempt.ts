/**
 * One attempt that is carried out elsewhere, as its engine has it: what it prints, where it is, how it is told to stop, and
 * what is made of the end that its way comes to. It holds nothing that the next engine could not find again.
 */
import { backendOf } from '../../../agents/backends.ts';
import type {
  AttemptBudget,
  AttemptEnd,
  AttemptOrder,
  StopReason,
} from '../../../model/attempt.ts';
import { Refusal } from '../../../model/refusal.ts';
import type { Usage } from '../../../model/run.ts';
import type { Whereabouts } from '../../../model/whereabouts.ts';
import type { Handle, Heard } from '../../executor.ts';
import { attemptFiles, showOutput } from '../../local/attempt-files.ts';
import { Meter } from '../../local/meter.ts';
import { AttemptOutput } from '../../local/progress.ts';
import { writeRuntimeRecord } from '../../local/runtime-record.ts';
import { nowMs, Stopwatch } from '../../local/stopwatch.ts';
import type { Dispatch, Orders, Sign } from '../protocol.ts';
import { failedEnd, lostEnd, stoppedEnd } from './ends.ts';
import type { Destination } from './next-step.ts';
import type { RemoteRecord } from './record.ts';
import { LetGo, Way, type WayParts } from './way.ts';

export type RemoteParts = Omit<WayParts, 'dispatch' | 'follow' | 'seen'> & { dispatch: Dispatch };

type Remote = Extract<Whereabouts, { kind: 'remote' }>;

const RUNTIME_INTERVAL_MS = 1000;

export class RemoteAttempt implements Handle {
  readonly ended: Promise<AttemptEnd>;
  readonly pid = null;
  readonly remote = {
    whereabouts: (): Whereabouts => this.#where,
    onMoved: (listener: (now: Whereabouts) => void): void =>
      void this.#movedListeners.push(listener),
  };
  readonly #order: AttemptOrder;
  readonly #dispatch: Dispatch;
  readonly #heard: Heard;
  readonly #way: Way;
  readonly #output: AttemptOutput;
  readonly #meter: Meter;
  #where: Remote;
  readonly #movedListeners: ((now: Whereabouts) => void)[] = [];
  #stop: Orders['stop'] = null;
  #limits: Pick<Orders, 'wallTimeoutMs' | 'budget'> = {};
  #state: 'live' | 'detached' | 'over' = 'live';
  #unfollow: (() => void) | null = null;
  #reported: Stopwatch | null = null;

  /** `record`: what an earlier engine has left of it; null: it begins. */
  constructor(order: AttemptOrder, parts: RemoteParts, heard: Heard, record: RemoteRecord | null) {
    this.#order = order;
    this.#dispatch = parts.dispatch;
    this.#heard = heard;
    const backend = backendOf(order.backend);
    this.#output = new AttemptOutput(backend, attemptFiles(order), Date.parse(order.startedAt));
    this.#meter = new Meter(order, backend, null);
    const told = {
      follow: (): void => this.#follow(),
      seen: (state: Remote['state']): void => this.#move({ state }),
    };
    this.#way = new Way(order, { ...parts, ...told }, record);
    const { host } = this.#way.record;
    this.#where = {
      kind: 'remote',
      queue: order.remote?.queue ?? '',
      host,
      state: host === null ? 'queued' : 'running',
      since: iso(),
    };
    this.ended = new Promise((resolve, reject) => {
      this.#go()
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
    const isStronger = this.#stop === null || (how === 'kill' && this.#stop.how === 'ask');
    if (!isStronger) return;
    this.#stop = { reason: this.#stop?.reason ?? reason, how };
    this.#tell();
    this.#way.stop(reason);
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
  }

  #letGo(): void {
    this.#way.letGo();
    this.#unfollow?.();
    this.#unfollow = null;
    this.#output.close();
    this.#meter.close();
  }

  async #go(): Promise<AttemptEnd> {
    // Whoever starts it has its handle first.
    await Promise.resolve();
    this.#read();
    const { end } = this.#way.record;
    // As long as it waits for a worker nothing moves that would tell where it is.
    if (end === null) this.#report(null);
    return end === null ? this.#over(await this.#endBy(await this.#way.go())) : this.#again(end);
  }

  /** What its way has come to, as an end. */
  async #endBy(destination: Destination): Promise<AttemptEnd> {
    const at = iso();
    switch (destination.kind) {
      case 'take_in':
        return this.#takeIn();
      case 'stopped':
        return stoppedEnd(this.#order, this.#stop?.reason ?? 'terminated', at);
      case 'not_begun':
        return failedEnd(this.#order, { ...destination, kind: 'runner_invocation', at });
      case 'lost':
        await this.#takeCheckpoint();
        return lostEnd(this.#order, {
          why: destination.why,
          session: this.#output.summary().sessionId ?? this.#order.sessionId,
          at,
        });
    }
  }

  async #takeIn(): Promise<AttemptEnd> {
    this.#move({ state: 'delivering' });
    try {
      return await this.#dispatch.takeIn(this.#way.current);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const why = `what its worker has handed in cannot be taken: ${error.message}`;
      return failedEnd(this.#order, { kind: 'task_runtime', why, passes: false, at: iso() });
    }
  }

  async #takeCheckpoint(): Promise<void> {
    try {
      await this.#dispatch.takeCheckpoint(this.#way.current);
    } catch (error) {
      // What cannot be had of it is lost with it.
      if (!(error instanceof Refusal)) throw error;
    }
  }

  async #over(end: AttemptEnd): Promise<AttemptEnd> {
    this.#assertLive();
    this.#unfollow?.();
    this.#unfollow = null;
    this.#read();
    this.#hearRest();
    this.#assertLive();
    this.#report(end);
    this.#way.note({ state: 'over', end });
    await this.#close();
    return end;
  }

  /** One that had ended before. */
  async #again(end: AttemptEnd): Promise<AttemptEnd> {
    this.#hearRest();
    await this.#close();
    this.#assertLive();
    return end;
  }

  async #close(): Promise<void> {
    try {
      await this.#dispatch.close(this.#way.current);
    } catch (error) {
      // Nobody can do harm with what is left there.
      if (!(error instanceof Refusal)) throw error;
    }
  }

  #tell(): void {
    if (this.#unfollow === null) return;
    const orders = { stop: this.#stop, ...this.#limits, isOver: false };
    this.#dispatch.tell(this.#way.current, orders);
  }

  #follow(): void {
    this.#unfollow?.();
    this.#unfollow = this.#dispatch.follow(this.#way.current, {
      sign: (sign) => this.#signed(sign),
      output: () => {
        this.#way.printed();
        this.#read();
      },
      end: () => this.#way.handedIn(),
    });
    if (this.#stop !== null || Object.keys(this.#limits).length > 0) this.#tell();
  }

  #signed({ host, state }: Sign): void {
    if (this.#state !== 'live') return;
    this.#way.signed(host);
    this.#move({ host, state: state === 'delivering' ? 'delivering' : 'running' });
  }

  #move(change: Partial<Remote>): void {
    const { host, state } = this.#where;
    const now = { ...this.#where, ...change };
    if (now.host === host && now.state === state) return;
    // It waits since the same moment, whoever serves its queue by now.
    const waits = [state, now.state].every((each) => each === 'queued' || each === 'unserved');
    this.#where = waits ? now : { ...now, since: iso() };
    this.#report(null);
    for (const listener of this.#movedListeners) listener(this.#where);
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

  #hearRest(): void {
    const rest = this.#output.finish();
    if (rest.length > 0) this.#heard(rest);
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

  #assertLive(): void {
    if (this.#state === 'detached') throw new LetGo('the attempt was let go');
  }
}

function iso(): string {
  return new Date(nowMs()).toISOString();
}
