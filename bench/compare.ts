/**
 * `npm run bench:compare -- OTHER-CHECKOUT`: this checkout against another one (an earlier commit, built), in
 * turn, A B A B …: what a person waits for, what an instance costs, planning, memory. Prints medians and the
 * median of the ratios, pair by pair; writes nothing. Never beside anything else.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { median, spend, watchProcess, type Spent } from './measure.ts';
import { measurePlanning, planOf, taskSpec, type Planned, type Planner } from './planning.ts';
import { begin, chain, wide } from './programs.ts';
import { writeRun } from './synthetic-run.ts';

interface Checkout {
  /** Its built main.js. */
  main: string;
  /** Its bench/planning.ts, bundled. */
  planning: string;
  /** With a cache of its own: each would take what the other keeps there for damaged. */
  env: NodeJS.ProcessEnv;
}

const runId = '20260101000000-00000001';

async function main(): Promise<void> {
  mkdirSync('.test-tmp', { recursive: true });
  const directory = mkdtempSync(path.resolve('.test-tmp', 'compare-'));
  const [ours, theirs] = [
    checkout(process.argv[2], path.join(directory, 'our-cache')),
    checkout(process.argv[3], path.join(directory, 'their-cache')),
  ];
  try {
    compareCommands(directory, ours, theirs);
    compareInstances(directory, ours, theirs);
    await compareMemory(directory, ours, theirs);
    await comparePlanning(ours, theirs);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function checkout(paths: string | undefined, cache: string): Checkout {
  const [mainFile, planning] = paths?.split(',') ?? [];
  if (mainFile === undefined || planning === undefined) throw new Error('two checkouts are needed');
  return { main: mainFile, planning, env: { ...process.env, XDG_CACHE_HOME: cache } };
}

function once({ main: file, env }: Checkout, words: readonly string[]): Spent {
  return spend([process.execPath, file, ...words], { env });
}

function compareCommands(directory: string, ours: Checkout, theirs: Checkout): void {
  const listed = wide(path.join(directory, 'listed'), 50).directory;
  const shown = path.join(directory, 'shown');
  begin(shown, '');
  const tasks = Array.from({ length: 10_000 }, (_, i) => taskSpec(`t${i}`, []));
  writeRun(shown, planOf(tasks), runId);
  const chained = chain(path.join(directory, 'chained'), 100);
  const driven = wide(path.join(directory, 'driven'), 200);
  const rows: [string, number, string[]][] = [
    ['--version', 41, ['--version']],
    ['task list of 50', 41, ['task', 'list', listed]],
    ['run show of 10,000', 15, ['run', 'show', shown, runId]],
    ['run list', 21, ['run', 'list', shown]],
    ['run start, a chain of 100', 7, ['run', 'start', chained.directory, ...chained.select]],
    ['run start, 1 instance', 21, ['run', 'start', driven.directory, '--root', 't0']],
  ];
  for (const [name, count, words] of rows) {
    const pairs = Array.from(
      { length: count },
      () => [once(ours, words), once(theirs, words)] as const,
    );
    print(
      `${name}: wall`,
      pairs.map(([a, b]) => [a.wallMs, b.wallMs]),
      'ms',
    );
    print(
      `${name}: processor`,
      pairs.map(([a, b]) => [a.cpuMs, b.cpuMs]),
      'ms',
    );
  }
}

/** Processor time of an added instance: of a run of 700 above one of 100. */
function compareInstances(directory: string, ours: Checkout, theirs: Checkout): void {
  const [few, many] = [100, 700].map((count) =>
    wide(path.join(directory, `driven-${count}`), count),
  );
  if (few === undefined || many === undefined) return;
  const added = (checkout: Checkout): number => {
    const [a, b] = [few, many].map(
      ({ directory: program, select }) =>
        once(checkout, ['run', 'start', program, ...select]).cpuMs,
    );
    return ((b ?? NaN) - (a ?? NaN)) / 600;
  };
  const pairs = Array.from({ length: 9 }, (): [number, number] => [added(ours), added(theirs)]);
  print('an added instance, 100 to 700: processor', pairs, 'ms');
}

async function compareMemory(directory: string, ours: Checkout, theirs: Checkout): Promise<void> {
  const { directory: program, select } = wide(path.join(directory, 'many'), 2000);
  const peak = async ({ main: file, env }: Checkout) => {
    const argv = [process.execPath, file, 'run', 'start', program, ...select] as const;
    return (await watchProcess(argv, { env })).peakMb;
  };
  const pairs: [number, number][] = [];
  for (let i = 0; i < 3; i += 1) pairs.push([await peak(ours), await peak(theirs)]);
  print('peak memory, 2,000 instances', pairs, 'MB');
}

async function comparePlanning(ours: Checkout, theirs: Checkout): Promise<void> {
  const [a, b] = await Promise.all([load(ours), load(theirs)]);
  for (const planner of [a, b]) measurePlanning([10_000], planner);
  const rounds = Array.from({ length: 5 }, () => [
    measurePlanning([100_000], a),
    measurePlanning([100_000], b),
  ]);
  const of = (planned: Planned[] | undefined, name: string): number =>
    planned?.find((each) => each.name === name)?.us ?? NaN;
  for (const { name } of rounds[0]?.[0] ?? []) {
    const pairs = rounds.map(([x, y]): [number, number] => [of(x, name), of(y, name)]);
    // A shape that the other checkout does not know has nothing to be compared with.
    if (pairs.every(([, theirs]) => !Number.isNaN(theirs)))
      print(`planning 100,000 ${name}, an instance`, pairs, 'µs');
  }
}

async function load({ planning }: Checkout): Promise<Planner> {
  return (await import(pathToFileURL(planning).href)) as Planner;
}

function print(name: string, pairs: [number, number][], unit: string): void {
  const ratio = median(pairs.map(([a, b]) => a / b));
  const [a, b] = [0, 1].map((side) => median(pairs.map((pair) => pair[side] ?? NaN)));
  process.stdout.write(
    `${name}: ${a?.toFixed(1)} ${unit} against ${b?.toFixed(1)}, ratio ${ratio.toFixed(3)}\n`,
  );
}

await main();
