/**
 * What an instance costs must not depend on how many there are. Costs are compared within one run of the
 * test, as processor time for about the same number of instances in many small runs and in one large
 * run; the limit is far above noise, and far below what a look at all instances would cost.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { plan } from '../../../src/core/plan/plan.ts';
import { createRun } from '../../../src/core/plan/create-run.ts';
import { finishAttempt } from '../../../src/core/judge/finish.ts';
import type { Json } from '../../../src/model/json.ts';
import type { TaskSpec } from '../../../src/model/program.ts';
import type { RunState } from '../../../src/core/state/run-state.ts';
import { loop, NOW, planOf, RUN_ID, task } from '../plan.ts';
import { factsOf } from '../scripted-run.ts';

const LIMIT = 5;
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

/** Runs to the end; the loop continues as often as told. Returns the state. */
function drive(tasks: TaskSpec[], iterations = 0): RunState {
  const { state } = createRun(planOf(tasks), RUN_ID, NOW);
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

/** Microseconds of processor time per instance: the best of several. */
function costOf(times: number, work: () => RunState): number {
  let best = Infinity;
  for (let round = 0; round < 3; round += 1) {
    const before = process.cpuUsage();
    let instances = 0;
    for (let i = 0; i < times; i += 1) instances += work().instances.size;
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, (user + system) / instances);
  }
  return best;
}

function compare(name: string, small: () => RunState, large: () => RunState): void {
  const times = Math.ceil(large().instances.size / small().instances.size);
  const least = costOf(times, small);
  const most = costOf(1, large);
  const ratio = most / least;
  report.push(
    `${name}: ${least.toFixed(1)} → ${most.toFixed(1)} µs an instance, ${ratio.toFixed(2)}x`,
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
    compare(
      name,
      () => drive(shape(40)),
      () => drive(shape(2_000)),
    );
    expect(drive(shape(40)).counts.done).toBe(40);
  });
});

describe('a loop', () => {
  it('of 1,000 iterations costs per instance what one of 20 does', () => {
    const body = () => looped(chain(3));
    compare(
      'loop',
      () => drive(body(), 20),
      () => drive(body(), 1_000),
    );
    expect(drive(body(), 1_000).counts.done).toBe(1 + 1_001 * 5);
  });

  it.each([
    ['ladder in a loop', ladder],
    ['fan in a loop', fan],
  ])('with a body of 1,000 tasks costs per instance what one of 20 does: %s', (name, shape) => {
    compare(
      name,
      () => drive(looped(shape(20)), 2),
      () => drive(looped(shape(1_000)), 2),
    );
  });
});

it('100,000 instances are planned', { timeout: 120_000 }, () => {
  const before = process.cpuUsage();
  const state = drive(looped(chain(8)), 9_999);
  const { user, system } = process.cpuUsage(before);
  const { size } = state.instances;
  expect(size).toBe(1 + 10_000 * 10);
  report.push(
    `${size} instances: ${((user + system) / size).toFixed(1)} µs an instance, ends included`,
  );
});
