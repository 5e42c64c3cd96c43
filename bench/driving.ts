/** What driving a run costs: an instance, growth, makespan, memory, flushing. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import {
  cliArgv,
  drive,
  latestRun,
  ms,
  row,
  rounds,
  times,
  timesOf,
  type Bench,
  type Row,
} from './bench.ts';
import { leastWork } from './least-work.ts';
import { median, pairs, time, watchMemory } from './measure.ts';
import { chain, loop, sleepers, wide, type BenchProgram } from './programs.ts';

/** A run of no-op commands against `xargs` starting as many, both with their output in files. */
export function instanceCost(bench: Bench): Row[] {
  const count = bench.quick ? 50 : 1000;
  const program = wide(path.join(bench.directory, 'instance'), count);
  let round = 0;
  const bare = (): number => {
    const out = path.join(bench.directory, `bare-${(round += 1)}`);
    mkdirSync(out);
    const each = `: >${out}/{}.out 2>${out}/{}.err`;
    const line = `seq ${count} | xargs -P2 -I{} /bin/sh -c '${each}'`;
    return time(['/bin/sh', '-c', line]).wallMs;
  };
  const least = (): number => leastWork(path.join(bench.directory, `least-${(round += 1)}`), count);
  const ours = (): number => drive(bench, program).wallMs;
  const bareRatio = pairs(rounds(bench, 5), ours, bare);
  const leastRatio = pairs(rounds(bench, 5), ours, least);
  const each = `${ms(bareRatio.a / count)} against ${ms(bareRatio.b / count)}`;
  return [
    row(
      `cost of an instance: ${count} no-op commands, 2 at a time, against \`xargs -P2\``,
      `${times(bareRatio.ratio)} (${each})`,
      'at most 2×',
      bareRatio.ratio <= 2,
    ),
    row(
      'the same against the least that the contract asks for: its files, and a flush before each start',
      `${times(leastRatio.ratio)} (${ms(leastRatio.a / count)} against ${ms(leastRatio.b / count)})`,
      'at most 1.3×',
      leastRatio.ratio <= 1.3,
    ),
  ];
}

/** Cost per instance of a large run against a small one, and the memory of the engine of the former. */
export async function growth(bench: Bench): Promise<Row[]> {
  const [small, large] = bench.quick ? [10, 30] : [100, 10_000];
  const rows: Row[] = [];
  for (const [name, make] of Object.entries({ wide, chain, loop })) {
    const few = make(path.join(bench.directory, `${name}-few`), small);
    const many = make(path.join(bench.directory, `${name}-many`), large);
    const perInstance = (): number => {
      const { driveMs, instances } = drive(bench, few);
      return driveMs / instances;
    };
    // Small runs before and after, so that a noisy hour is not taken for growth.
    const before = Array.from({ length: rounds(bench, 5) }, perInstance);
    const smallPeakMb = await peakOf(bench, few);
    const peakMb = await peakOf(bench, many);
    const after = Array.from({ length: rounds(bench, 5) }, perInstance);
    const { driveMs, instances } = timesOf(latestRun(many.directory));
    const cost = { few: median([...before, ...after]), many: driveMs / instances };
    const ratio = cost.many / cost.few;
    const eachKb = ((peakMb - smallPeakMb) * 1024) / (large - small);
    rows.push(
      row(
        `growth, ${name}: an instance of ${large} against one of ${small}`,
        `${times(ratio)} (${ms(cost.many)} against ${ms(cost.few)})`,
        'at most 1.2×',
        ratio <= 1.2,
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
  const words = ['run', 'start', program.directory, ...program.select, '--wait'];
  const { status, peakMb } = await watchMemory(cliArgv(bench, ...words), {});
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
