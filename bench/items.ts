/**
 * What a list costs: its items against as many tasks, what planning and remembering an item takes, what gathers them; and
 * decisions by rules.
 */
import path from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { itemsGathered } from '../src/core/state/region-counts.ts';
import type { RunState } from '../src/core/state/run-state.ts';
import type { RunPlan } from '../src/model/run.ts';
import { ms, row, rounds, times, type Bench, type Row } from './bench.ts';
import { startOf } from './driving.ts';
import { pairs, ratioOf, spend } from './measure.ts';
import { listTasks, planOf, planWhole, taskSpec } from './planning.ts';
import { deciders, items, wide, type BenchProgram } from './programs.ts';

export function itemCost(bench: Bench): Row[] {
  return [...againstTasks(bench), ...inMemory(bench)];
}

/** Items against as many tasks of their own, in turn. */
function againstTasks(bench: Bench): Row[] {
  const count = bench.quick ? 10 : 10_000;
  const inItems = items(path.join(bench.directory, 'items'), count);
  const inTasks = wide(path.join(bench.directory, 'tasks'), count);
  const measured = Array.from({ length: rounds(bench, 2) }, () => [
    spend(startOf(bench, inItems)).cpuMs,
    spend(startOf(bench, inTasks)).cpuMs,
  ]);
  const { a, b, ratio } = ratioOf(measured.map(([x, y]) => [x ?? NaN, y ?? NaN]));
  return [
    row(
      `processor time of ${count} items of one task against ${count} tasks`,
      `${times(ratio)} (${ms(a)} against ${ms(b)})`,
      'at most 1.15×',
      ratio <= 1.15,
    ),
  ];
}

/** What a decision by a rule adds to a run, against an instance that runs nothing but `true`. */
export function decideCost(bench: Bench): Row[] {
  const counts = bench.quick ? [5, 10] : [100, 1000];
  const [few = 0, many = 0] = counts;
  const programs = counts.map((count) => ({
    rules: deciders(path.join(bench.directory, `deciders-${count}`), count),
    run: wide(path.join(bench.directory, `run-${count}`), count, 2, 'true'),
  }));
  const measured = Array.from({ length: rounds(bench, 3) }, () => {
    const spent = programs.map(({ rules, run }) => [rules, run].map((each) => cpuOf(bench, each)));
    const added = (of: number): number =>
      ((spent[1]?.[of] ?? NaN) - (spent[0]?.[of] ?? NaN)) / (many - few);
    return [added(0), added(1)] as const;
  });
  const { a, b, ratio } = ratioOf(measured);
  return [
    row(
      `processor time of a controller that decides by a rule, for an item, against a task of \`true\``,
      `${times(ratio)} (${ms(a)} against ${ms(b)})`,
      'at most 0.01×',
      ratio <= 0.01,
    ),
  ];
}

function cpuOf(bench: Bench, program: BenchProgram): number {
  return spend(startOf(bench, program)).cpuMs;
}

/** Planning, and what it remembers, without disk or process. */
function inMemory(bench: Bench): Row[] {
  const [few, many] = bench.quick ? [10, 100] : [100, 10_000];
  const oneList = (): RunPlan => planOf(listTasks('list', many));
  // As many items in the same memory: what has its place in the processor's caches is the same.
  const shortLists = (): RunPlan =>
    planOf(Array.from({ length: many / few }, (_, at) => listTasks(`list${at}`, few)).flat());
  const asTasks = (): RunPlan =>
    planOf(Array.from({ length: many }, (_, at) => taskSpec(`t${at}`, [])));
  const planned = (plan: RunPlan): RunState => planWhole(plan, 'bench', { slots: 2 });
  const planUs = (plan: RunPlan): number => processorUs(() => planned(plan)) / many;
  // Once before, unmeasured: a program that has just started runs uncompiled.
  const [long, short] = [planned(oneList()), planned(shortLists())];
  const growth = pairs(
    rounds(bench, 15),
    () => planUs(long.plan),
    () => planUs(short.plan),
  );
  const gather = pairs(
    rounds(bench, 15),
    () => gatherUs(long) / many,
    () => gatherUs(short) / many,
  );
  const [item, task] = [oneList, asTasks].map((make) => heapBytes(() => planned(make())) / many);
  const memory = (item ?? NaN) / (task ?? NaN);
  const each = (us: number): string => `${us.toFixed(2)} µs`;
  return [
    row(
      `planning an item: ${many} in one list against as many in lists of ${few}`,
      `${times(growth.ratio)} (${each(growth.a)} against ${each(growth.b)})`,
      'at most 1.2×',
      growth.ratio <= 1.2,
    ),
    row(
      `binding what gathers an item: ${many} in one list against as many in lists of ${few}`,
      `${times(gather.ratio)} (${each(gather.a)} against ${each(gather.b)})`,
      'linear: at most 1.5×',
      gather.ratio <= 1.5,
    ),
    row(
      `memory of an item in a run's state, of ${many}, against that of a task with its instance`,
      `${times(memory)} (${item?.toFixed(0)} bytes against ${task?.toFixed(0)})`,
      'at most 1.1×',
      memory <= 1.1,
    ),
  ];
}

/** Of all that the state's gathering instances are bound to. */
function gatherUs(state: RunState): number {
  const gathering = [...state.instances.values()].filter(({ gathers }) => gathers !== undefined);
  return processorUs(() => gathering.forEach((each) => itemsGathered(state, each)));
}

function processorUs(run: () => void): number {
  const before = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(before);
  return user + system;
}

/** What stays in memory of what is made. */
function heapBytes(make: () => unknown): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed;
  const made = [make()];
  collect();
  const bytes = process.memoryUsage().heapUsed - before;
  made.pop();
  return bytes;
}
