/** What driving a run costs: an instance, growth, makespan, memory, flushing. */
import { lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import {
  cliArgv,
  drive,
  latestRun,
  ms,
  row,
  rounds,
  times,
  type Bench,
  type Row,
} from './bench.ts';
import {
  median,
  pairs,
  ratioOf,
  spend,
  time,
  watchProcess,
  type Argv,
  type Pair,
  type Spent,
} from './measure.ts';
import { chain, items, loop, sleepers, wide, type BenchProgram } from './programs.ts';

/** Runs of no-op commands against `xargs`, which starts as many with their output in files, and keeps nothing. */
export function instanceCost(bench: Bench): Row[] {
  const counts = bench.quick ? [5, 10] : [100, 1000];
  const programs = counts.map((count) => wide(path.join(bench.directory, `wide-${count}`), count));
  const measured = Array.from({ length: rounds(bench, 5) }, () =>
    programs.map((program, index) => ({
      ours: spend(startOf(bench, program)),
      bare: spend(xargsOf(bench, counts[index] ?? 0, 2)),
    })),
  );
  const [few = 0, many = 0] = counts;
  const added = (of: 'ours' | 'bare', [small, large]: Record<'ours' | 'bare', Spent>[]): number =>
    ((large?.[of].cpuMs ?? NaN) - (small?.[of].cpuMs ?? NaN)) / (many - few);
  const cpu = ratioOf(measured.map((round) => [added('ours', round), added('bare', round)]));
  const wall = ratioOf(
    measured.map(([, large]) => [large?.ours.wallMs ?? NaN, large?.bare.wallMs ?? NaN]),
  );
  return [
    row(
      `processor time of an added instance, ${few} to ${many} no-op commands, 2 at a time, against \`xargs -P2\``,
      `${times(cpu.ratio)} (${ms(cpu.a)} against ${ms(cpu.b)})`,
      'at most 3×',
      cpu.ratio <= 3,
    ),
    row(
      `wall time of ${many} against \`xargs -P2\`, start included`,
      `${times(wall.ratio)} (${ms(wall.a)} against ${ms(wall.b)})`,
      'at most 4×',
      wall.ratio <= 4,
    ),
    ...eightAtATime(bench, many),
  ];
}

function eightAtATime(bench: Bench, count: number): Row[] {
  const program = wide(path.join(bench.directory, 'eight'), count, 8);
  const measured = Array.from({ length: rounds(bench, 3) }, () => [
    spend(startOf(bench, program)),
    spend(xargsOf(bench, count, 8)),
  ]);
  const of = (key: keyof Spent): string => {
    const { a, b, ratio } = ratioOf(measured.map(([x, y]) => [x?.[key] ?? NaN, y?.[key] ?? NaN]));
    return `${times(ratio)} (${ms(a)} against ${ms(b)})`;
  };
  const shown = `wall ${of('wallMs')}, processor ${of('cpuMs')}`;
  return [row(`${count}, 8 at a time, against \`xargs -P8\``, shown, 'reported', null)];
}

/** Small runs, all of the command, against a Node that does nothing. */
export function smallRuns(bench: Bench): Row[] {
  const node = [process.execPath, '-e', '0'] as const;
  return [1, 10].map((count) => {
    const program = wide(path.join(bench.directory, `small-${count}`), count);
    const measured = Array.from({ length: rounds(bench, 9) }, () => [
      spend(startOf(bench, program)),
      spend(node),
    ]);
    const of = (key: keyof Spent): Pair =>
      ratioOf(measured.map(([x, y]) => [x?.[key] ?? NaN, y?.[key] ?? NaN]));
    const [wall, cpu] = [of('wallMs'), of('cpuMs')];
    const limit = count === 1 ? 1.8 : null;
    return row(
      `a run of ${count}, whole command, against \`node -e 0\``,
      `${times(wall.ratio)} (${ms(wall.a)} against ${ms(wall.b)}), processor ${times(cpu.ratio)} (${ms(cpu.a)})`,
      limit === null ? 'reported' : `at most ${limit}×`,
      limit === null ? null : wall.ratio <= limit,
    );
  });
}

/** From the start of one agent of a chain to that of the next: nothing else runs, and the agents end at once. */
export function chainLatency(bench: Bench): Row[] {
  const count = bench.quick ? 5 : 100;
  const steps = Array.from({ length: rounds(bench, 5) }, (_, round) => {
    const directory = path.join(bench.directory, `latency-${round}`);
    const stamps = path.join(directory, 'stamps');
    const program = chain(directory, count, `date +%s%N >>${stamps}`);
    time(startOf(bench, program));
    const at = readFileSync(stamps, 'utf8').trim().split('\n').map(Number);
    return at.slice(1).map((each, index) => (each - (at[index] ?? NaN)) / 1e6);
  });
  const shown = ms(median(steps.flat()));
  const measure = `chain of ${count}: from the start of an agent (\`date\`) to that of the next`;
  return [row(measure, shown, 'reported; against 1.0 by `bench:compare`', null)];
}

/** What an instance of a command leaves, for which nothing is staged. */
export function disk(bench: Bench): Row[] {
  const program = wide(path.join(bench.directory, 'disk'), 1);
  time(startOf(bench, program));
  const runDir = latestRun(program.directory);
  const entries = ['instances', 'control', 'state/instances'].flatMap((name) =>
    below(path.join(runDir, name)),
  );
  const kb = entries.reduce((sum, file) => sum + lstatSync(file).blocks / 2, 0);
  return [
    row(
      'files and directories of an instance, nothing staged, control included',
      `${entries.length}, ${kb} kB on disk`,
      'at most 16, 52 kB',
      entries.length <= 16 && kb <= 52,
    ),
  ];
}

function below(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(directory, entry.name);
    return entry.isDirectory() ? [file, ...below(file)] : [file];
  });
}

/** Agents that sleep: what the engine does meanwhile. */
export async function idle(bench: Bench): Promise<Row[]> {
  const [agents, seconds] = bench.quick ? [2, 1] : [20, 20];
  const program = wide(path.join(bench.directory, 'idle'), agents, agents, `sleep ${seconds}`);
  const { cpuMs, looks } = await watchProcess(startOf(bench, program), {});
  // All of them have begun by then, and none has ended.
  const asleep = looks.filter(({ atMs }) => atMs > seconds * 200 && atMs < seconds * 1000);
  const asleepMs = (asleep.at(-1)?.cpuMs ?? NaN) - (asleep[0]?.cpuMs ?? NaN);
  return [
    row(
      `${agents} agents asleep for ${seconds} s: processor time of the engine, its start and their ends included`,
      `${ms(cpuMs)}, ${ms(asleepMs)} of it in the ${seconds * 0.8} s in which all slept`,
      'at most 300 ms',
      cpuMs <= 300,
    ),
  ];
}

let outputs = 0;

export function xargsOf(bench: Bench, count: number, atOnce: number): Argv {
  const out = path.join(bench.directory, `bare-${(outputs += 1)}`);
  mkdirSync(out);
  const each = `: >${out}/{}.out 2>${out}/{}.err`;
  return ['/bin/sh', '-c', `seq ${count} | xargs -P${atOnce} -I{} /bin/sh -c '${each}'`];
}

export function startOf(bench: Bench, program: BenchProgram): Argv {
  return cliArgv(bench, 'run', 'start', program.directory, ...program.select, '--wait');
}

/** Cost per instance of a large run against a small one, start included, in turn; and the memory of the engine. */
export async function growth(bench: Bench): Promise<Row[]> {
  const [small, large] = bench.quick ? [10, 30] : [1000, 10_000];
  const rows: Row[] = [];
  for (const [name, make] of Object.entries({ wide, chain, loop, items })) {
    const few = make(path.join(bench.directory, `${name}-few`), small);
    const many = make(path.join(bench.directory, `${name}-many`), large);
    const smallPeakMb = await peakOf(bench, few);
    const measured = Array.from({ length: rounds(bench, 2) }, () => [
      spend(startOf(bench, many)).cpuMs / large,
      spend(startOf(bench, few)).cpuMs / small,
    ]);
    const { a, b, ratio } = ratioOf(measured.map(([x = NaN, y = NaN]) => [x, y]));
    const peakMb = await peakOf(bench, many);
    const eachKb = ((peakMb - smallPeakMb) * 1024) / (large - small);
    rows.push(
      row(
        `growth, ${name}: processor time of an instance of ${large} against one of ${small}, start included`,
        `${times(ratio)} (${ms(a)} against ${ms(b)})`,
        'at most 1.1×',
        ratio <= 1.1,
      ),
      row(
        `memory of the engine, ${name}: ${large} instances`,
        `${Math.round(peakMb)} MB: ${eachKb.toFixed(1)} kB an instance above a run of ${small}`,
        'at most 150 MB',
        peakMb <= 150,
      ),
    );
  }
  return rows;
}

/** Drives a run of all of a program; the largest resident set of its engine, in MB. */
async function peakOf(bench: Bench, program: BenchProgram): Promise<number> {
  const { status, peakMb } = await watchProcess(startOf(bench, program), {});
  if (status !== 0) throw new Error(`${program.directory}: the run ended with ${status}`);
  return peakMb;
}

/** Random graphs of sleeping tasks against what no schedule beats, and against our order at no cost. */
export function makespan(bench: Bench): Row[] {
  const slots = 4;
  const measured = Array.from({ length: rounds(bench, 5) }, (_, seed) => {
    const directory = path.join(bench.directory, `sleepers-${seed}`);
    // In a run of few tasks the last ones decide, and no order fills all slots to the end.
    const program = sleepers(directory, bench.quick ? 8 : 120, slots, seed + 1);
    const { driveMs } = drive(bench, program);
    return { bound: driveMs / program.boundMs, order: driveMs / program.scheduleMs };
  });
  const ratio = median(measured.map(({ bound }) => bound));
  const ordered = median(measured.map(({ order }) => order));
  return [
    row(
      `makespan: random graphs of sleeping tasks on ${slots} slots, against the longest chain or the shared work`,
      `${times(ratio)} (${times(ordered)} what the order of starting takes at no cost)`,
      'at most 1.05×',
      ratio <= 1.05,
    ),
  ];
}

export function priceOfSafety(bench: Bench): Row[] {
  const count = bench.quick ? 20 : 1000;
  const program = wide(path.join(bench.directory, 'safety'), count);
  const { a, b, ratio } = pairs(
    rounds(bench, 5),
    () => drive(bench, program).driveMs,
    () => drive(bench, program, { CODEX_ORCH_NO_SYNC: '1' }).driveMs,
  );
  const each = `${ms(a / count)} against ${ms(b / count)}`;
  return [
    row('price of safety: flushing against not', `${times(ratio)} (${each})`, 'reported', null),
  ];
}
