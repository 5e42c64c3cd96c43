/**
 * What an instance costs must not depend on how many there are. Counted is what planning and judging look
 * up, and not time: a small run and a large one of the same shape then differ by nothing but what grows.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { plan } from '../../../src/core/plan/plan.ts';
import { createRun } from '../../../src/core/plan/create-run.ts';
import { finishAttempt } from '../../../src/core/judge/finish.ts';
import type { Json } from '../../../src/model/json.ts';
import type { Dependency, ForEach, TaskSpec } from '../../../src/model/program.ts';
import type { RunState } from '../../../src/core/state/run-state.ts';
import { cases } from '../../support/cases.ts';
import { loop, NOW, runPlan, RUN_ID, task } from '../../support/make.ts';
import { factsOf } from '../scripted-run.ts';

const LIMIT = 1.2;
const TURNS = cases({ few: 1_000, many: 10_000 });
const report: string[] = [];

const id = (i: number) => `t${i}`;
const tasksOf = (n: number, upstream: (i: number) => number[]): TaskSpec[] =>
  Array.from({ length: n }, (_, i) => task({ id: id(i), depends_on: upstream(i).map(id) }));
const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);

const chain = (n: number) => tasksOf(n, (i) => (i === 0 ? [] : [i - 1]));
const wide = (n: number) => tasksOf(n, (i) => (i === 0 ? [] : [0]));
/** Pairs, each task of which merges both of the pair before. */
const ladder = (n: number) =>
  tasksOf(n, (i) => (i < 2 ? upTo(i) : [i - (i % 2) - 2, i - (i % 2) - 1]));
/** One task that depends on all others. */
const fanIn = (n: number) => tasksOf(n, (i) => (i === n - 1 ? upTo(n - 1) : []));
/** The same below one root, so that a loop can repeat it. */
const fan = (n: number) =>
  tasksOf(n, (i) => (i === 0 ? [] : i === n - 1 ? upTo(n - 2).map((j) => j + 1) : [0]));

/** A list of so many items, each a chain of two, that is gathered. */
const items = (n: number, bounds: Partial<ForEach> = {}): TaskSpec[] => [
  task({
    id: 'fix',
    for_each: {
      items: upTo(n),
      as: 'one',
      key: null,
      max_parallel: null,
      ask_above: null,
      max_items: n,
      stop_after: null,
      ...bounds,
    },
  }),
  task({ id: 'check', depends_on: ['fix'] }),
  task({ id: 'end', depends_on: [gathering('check', 'settled'), gathering('fix', 'all', 'all')] }),
];
const gathering = (
  of: string,
  gather: 'settled' | 'all',
  as: string | null = null,
): Dependency => ({
  ...{ task: of, kind: 'order', consume: [], as, gather },
});

function looped(body: TaskSpec[]): TaskSpec[] {
  const [first, last] = [body[0]!.id, body.at(-1)!.id];
  const outside = task({ id: 'outside' });
  const reader = task({ id: 'reader', depends_on: [last, 'outside'] });
  return [
    outside,
    ...body,
    reader,
    task({ id: 'gate', depends_on: ['reader'], control: loop([first]) }),
  ];
}

function decide(goOn: boolean): Json {
  return goOn
    ? { control: { kind: 'loop', action: 'continue', next_inputs: { n: 1 } } }
    : { control: { kind: 'loop', action: 'stop' } };
}

/** Runs to the end; the loop continues as often as told. Returns the state, which `watch` saw at first. */
function drive(
  tasks: TaskSpec[],
  iterations = 0,
  watch: (fresh: RunState) => void = () => undefined,
): RunState {
  const { state } = createRun(runPlan(tasks), RUN_ID, NOW);
  watch(state);
  const slots = Infinity;
  const queue = plan(state, { slots, now: NOW }).starts;
  let left = iterations;
  for (const { instanceId } of queue) {
    const isGate = state.instances.get(instanceId)?.task_id === 'gate';
    finishAttempt(state, instanceId, factsOf(isGate ? { result: decide(left > 0) } : {}), NOW);
    if (isGate) left -= 1;
    for (const start of plan(state, { slots, now: NOW }).starts) queue.push(start);
  }
  return state;
}

/** What a run's planning looked up, and for how many instances. */
interface Cost {
  looks: number;
  instances: number;
}

/** Counts what is looked up in it; to go through it is to look everything up. */
class CountingMap<Key, Value> extends Map<Key, Value> {
  readonly #cost: Cost;

  constructor(entries: Iterable<readonly [Key, Value]>, cost: Cost) {
    super(entries);
    this.#cost = cost;
  }

  override get(key: Key): Value | undefined {
    this.#cost.looks += 1;
    return super.get(key);
  }

  override has(key: Key): boolean {
    this.#cost.looks += 1;
    return super.has(key);
  }

  override values(): MapIterator<Value> {
    this.#cost.looks += this.size;
    return super.values();
  }

  override keys(): MapIterator<Key> {
    this.#cost.looks += this.size;
    return super.keys();
  }

  override [Symbol.iterator](): MapIterator<[Key, Value]> {
    this.#cost.looks += this.size;
    return super[Symbol.iterator]();
  }
}

/** Looks per instance, in a run to its end. */
function costOf(tasks: TaskSpec[], iterations = 0): number {
  const cost: Cost = { looks: 0, instances: 0 };
  const state = drive(tasks, iterations, (fresh) => {
    fresh.instances = new CountingMap(fresh.instances, cost);
    fresh.links = new CountingMap(fresh.links, cost);
    fresh.scopes = new CountingMap(fresh.scopes, cost);
    fresh.regions = new CountingMap(fresh.regions, cost);
    fresh.scopeIndex = new CountingMap(fresh.scopeIndex, cost);
    fresh.graph.upstream = new CountingMap(fresh.graph.upstream, cost);
    fresh.graph.dependents = new CountingMap(fresh.graph.dependents, cost);
  });
  return cost.looks / state.instances.size;
}

function compare(name: string, small: number, large: number): void {
  const ratio = large / small;
  report.push(
    `${name}: ${small.toFixed(1)} → ${large.toFixed(1)} looks an instance, ${ratio.toFixed(2)}x`,
  );
  expect(ratio).toBeLessThan(LIMIT);
}

afterAll(() => {
  process.stdout.write(`${report.join('\n')}\n`);
});

describe('a program of 2,000 tasks costs per instance what one of 40 does', () => {
  it.each([
    ['chain', chain],
    ['wide', wide],
    ['ladder', ladder],
    ['fan-in', fanIn],
  ])('%s', (name, shape) => {
    compare(name, costOf(shape(40)), costOf(shape(2_000)));
    expect(drive(shape(40)).counts.done).toBe(40);
  });
});

describe('an item costs the same among 100 and among many', () => {
  it.each([
    ['items', {}],
    ['items, a few at a time', { max_parallel: 5 }],
    ['items, until some fail', { stop_after: 3 }],
  ])('%s', (name, bounds) => {
    const many = TURNS;
    compare(name, costOf(items(100, bounds)), costOf(items(many, bounds)));
    expect(drive(items(100, bounds)).counts.done).toBe(201);
  });
});

describe('a loop', () => {
  it('of 1,000 iterations costs per instance what one of 20 does', () => {
    const body = () => looped(chain(3));
    compare('loop', costOf(body(), 20), costOf(body(), 1_000));
    expect(drive(body(), 1_000).counts.done).toBe(1 + 1_001 * 5);
  });

  it.each([
    ['ladder in a loop', ladder],
    ['fan in a loop', fan],
  ])('with a body of 1,000 tasks costs per instance what one of 20 does: %s', (name, shape) => {
    compare(name, costOf(looped(shape(20)), 2), costOf(looped(shape(1_000)), 2));
  });
});

it(`${TURNS * 10} instances are planned`, { timeout: 120_000 }, () => {
  const before = process.cpuUsage();
  const state = drive(looped(chain(8)), TURNS - 1);
  const { user, system } = process.cpuUsage(before);
  const { size } = state.instances;
  expect(size).toBe(1 + TURNS * 10);
  report.push(
    `${size} instances: ${((user + system) / size).toFixed(1)} µs an instance, ends included`,
  );
});
