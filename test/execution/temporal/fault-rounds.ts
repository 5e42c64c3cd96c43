/**
 * Rounds of three attempts over two workers, in each of which something dies, or stands still, and comes back: what, and at
 * which moment of the attempts, a seed says.
 */
import { expect } from 'vitest';
import type { TemporalExecutor } from '../../../src/execution/temporal/executor.ts';
import type { Handle } from '../../../src/execution/executor.ts';
import type { Random } from '../../core/random.ts';
import { until } from '../local/orders.ts';
import {
  deaf,
  newCase,
  record,
  server,
  startProxy,
  state,
  whileServerIsDead,
  type Case,
  type MadeOrder,
  type Proxy,
} from './fault-cases.ts';
import type { TestWorker } from './workers.ts';

/** Of one round at most, starts of workers and of the server on a busy machine included. */
export const ROUND_MS = 180_000;

const HOMES = ['a', 'b'] as const;
/** Of each worker: no two attempts of a round need the third to end first, whoever stands still. */
const SLOTS = 2;

interface Round {
  orders: MadeOrder[];
  handles: Handle[];
  /** Of those whose end has come. */
  over: Set<Handle>;
}

/** When something dies. Each resolves once it is so. */
const moments = {
  'as they are given': async () => undefined,
  'once one is asked for': ({ orders }) =>
    until('one is asked for', () => orders.some((order) => record(order).state !== 'starting')),
  'once one has begun': ({ orders }) =>
    until('one has begun', () => orders.some((order) => order.begun() > 0)),
  'once all have begun': hasBegun,
  'as one ends': async (round, random) => {
    await hasBegun(round);
    random.pick(round.orders).release();
  },
  'once one has ended': async (round, random) => {
    await hasBegun(round);
    random.pick(round.orders).release();
    await until('one has ended', () => round.over.size > 0);
  },
} satisfies Record<string, (round: Round, random: Random) => Promise<unknown>>;

const faults = {
  'a worker is killed': (all, _, random) => all.restart(random, 'SIGKILL'),
  'a worker is told to leave': (all, _, random) => all.restart(random, 'SIGTERM'),
  'a worker stands still': (all, round, random) => all.still(random, round),
  'a worker hears nothing of the server': (all, round, random) => all.unheard(random, round),
  'the server is killed': (_, round, random) =>
    whileServerIsDead(async () => {
      if (random.chance(0.5)) random.pick(round.orders).release();
    }),
  'the server stands still': async (_, round, random) => {
    server.freeze();
    try {
      if (random.chance(0.5)) random.pick(round.orders).release();
      if (random.chance(0.5)) await until('it is missed', () => isMissedOrBegun(round));
    } finally {
      server.thaw();
    }
  },
  'the engine is killed': (all, round) => all.nextEngine(round),
} satisfies Record<string, (all: FaultRounds, round: Round, random: Random) => Promise<void>>;

export class FaultRounds {
  /** Of the round under way: what dies in it, and when. */
  now = 'the start';
  /** How often what has died. */
  readonly counts: Record<string, number> = {};
  /** `takenUp`: whose last generation a host was asked to take up again. */
  readonly handOuts = { attempts: 0, reachedNobody: 0, takenUp: 0 };
  readonly #case: Case = newCase();
  readonly #workers: TestWorker[] = [];
  /** Of each worker, on its way to the server. */
  readonly #proxies: Proxy[] = [];
  #engine: TemporalExecutor = this.#case.executor();

  /** With both workers at work. */
  static async begin(): Promise<FaultRounds> {
    const rounds = new FaultRounds();
    for (const which of HOMES.keys()) {
      rounds.#proxies.push(await startProxy(server.address));
      rounds.#workers.push(await rounds.#start(which));
    }
    return rounds;
  }

  /** @throws Error where an attempt begins twice or never, or its end does not come as it is */
  async play(random: Random): Promise<void> {
    const fault = random.pick(keysOf(faults));
    const moment = random.pick(keysOf(moments));
    this.now = `${fault} ${moment}`;
    this.counts[fault] = (this.counts[fault] ?? 0) + 1;
    const orders = Array.from({ length: 3 }, () => this.#case.order());
    const handles = await Promise.all(orders.map((order) => this.#engine.start(order, deaf)));
    const round: Round = { orders, handles, over: new Set() };
    watch(round);
    await moments[moment](round, random);
    await faults[fault](this, round, random);
    for (const order of orders) order.release();
    const ended = await inTime(Promise.all(round.handles.map((handle) => handle.ended)));
    const told = ended.map(({ return_code: code, failure_kind: kind }) => [code, kind]);
    expect(told).toEqual(orders.map(() => [7, 'task_runtime']));
    expect(orders.map((order) => order.begun())).toEqual(orders.map(() => 1));
    for (const order of orders) this.#count(order);
  }

  /** How it came to its end: a generation that is not the first one tells of a hand-out that reached no worker. */
  #count(order: MadeOrder): void {
    const { generation, takes } = record(order);
    this.handOuts.attempts += 1;
    this.handOuts.reachedNobody += generation;
    if (takes > 0) this.handOuts.takenUp += 1;
  }

  async restart(random: Random, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const which = random.below(HOMES.length);
    const victim = this.#worker(which);
    victim.kill(signal);
    await victim.gone;
    this.#workers[which] = await this.#start(which);
  }

  async still(random: Random, round: Round): Promise<void> {
    const victim = this.#worker(random.below(HOMES.length));
    victim.kill('SIGSTOP');
    await untilMissed(victim, random, round);
    victim.kill('SIGCONT');
  }

  /** What it is handed out meanwhile reaches nobody. */
  async unheard(random: Random, round: Round): Promise<void> {
    const which = random.below(HOMES.length);
    const proxy = this.#proxies[which];
    proxy?.swallow();
    await untilMissed(this.#worker(which), random, round);
    proxy?.heal();
  }

  async nextEngine(round: Round): Promise<void> {
    for (const handle of round.handles) handle.detach();
    await this.#engine.close();
    const next = this.#case.executor();
    this.#engine = next;
    round.handles = await Promise.all(
      round.orders.map(async (order) => {
        const found = await next.find(order, deaf);
        if (found.kind === 'never_started') throw new Error('what was asked for is not found');
        return found.handle;
      }),
    );
    watch(round);
  }

  #start(which: number): Promise<TestWorker> {
    const address = this.#proxies[which]?.address ?? '';
    return this.#case.worker(HOMES[which] ?? '', { slots: SLOTS, address });
  }

  #worker(which: number): TestWorker {
    const worker = this.#workers[which];
    if (worker === undefined) throw new TypeError(`there is no worker ${which}`);
    return worker;
  }
}

/** For a moment, or until its attempts are missed. */
async function untilMissed(
  victim: TestWorker,
  random: Random,
  { orders, handles, over }: Round,
): Promise<void> {
  if (!random.chance(0.7)) return;
  await until('it is missed, or has nothing', () => {
    const has = handles.filter((handle) => hostOf(handle) === victim.host);
    if (has.length > 0) return has.every((handle) => isMissed(handle) || over.has(handle));
    // It may have been handed some without having said so; if not, the other has taken what it may.
    return handles.some(isMissed) || orders.filter((order) => order.begun() > 0).length >= SLOTS;
  });
}

function isMissed(handle: Handle): boolean {
  return state(handle) === 'unreachable';
}

/** What is at work has nothing to miss the server for. */
function isMissedOrBegun({ orders, handles }: Round): boolean {
  return orders.every((order) => order.begun() > 0) || handles.some(isMissed);
}

function hasBegun({ orders }: Round): Promise<unknown> {
  return until('all have begun', () => orders.every((order) => order.begun() > 0));
}

function watch({ handles, over }: Round): void {
  for (const handle of handles) {
    const note = (): void => void over.add(handle);
    handle.ended.then(note, note);
  }
}

function hostOf(handle: Handle): string | null {
  const where = handle.remote?.whereabouts();
  return where?.kind === 'remote' ? where.host : null;
}

async function inTime<T>(ends: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const fail = (): void => reject(new Error('an end does not come'));
    timer = setTimeout(fail, ROUND_MS / 2);
  });
  try {
    return await Promise.race([ends, late]);
  } finally {
    clearTimeout(timer);
  }
}

function keysOf<K extends string>(of: Record<K, unknown>): K[] {
  return Object.keys(of) as K[];
}
