/**
 * `npm run bench [-- --quick] [--rows a,b] [--peers]`: measures what docs/performance.md speaks of, and writes
 * bench/results.md. `--quick`, in seconds, tells only whether the measurements still work, and writes
 * nothing. `--peers` adds what else of this machine runs as many commands. Never beside anything else: it measures this machine, too.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { removeAll, rounds, row, type Bench, type Row } from './bench.ts';
import {
  chainLatency,
  disk,
  growth,
  idle,
  instanceCost,
  makespan,
  priceOfSafety,
  smallRuns,
} from './driving.ts';
import { decideCost, itemCost } from './items.ts';
import { machines } from './machines.ts';
import { median } from './measure.ts';
import { output } from './output.ts';
import { page } from './page.ts';
import { peers } from './peers.ts';
import { measurePlanning } from './planning.ts';
import { question, recovery, startUp } from './starting.ts';
import { trees } from './trees.ts';

const measurements: Record<string, (bench: Bench) => Row[] | Promise<Row[]>> = {
  instance: instanceCost,
  items: itemCost,
  decide: decideCost,
  small: smallRuns,
  chain: chainLatency,
  disk,
  idle,
  safety: priceOfSafety,
  growth,
  planning,
  makespan,
  recovery,
  start: startUp,
  question,
  trees,
  page,
  machines,
  output,
};

function planning(bench: Bench): Row[] {
  const counts = bench.quick ? [100, 1000] : [1000, 10_000, 100_000];
  // Once before, unmeasured: a program that has just started runs uncompiled.
  measurePlanning([1000]);
  const all = Array.from({ length: rounds(bench, 3) }, () => measurePlanning(counts));
  const planned = (all[0] ?? []).map(({ name, count }, index) => ({
    name,
    count,
    us: median(all.map((round) => round[index]?.us ?? Infinity)),
  }));
  return [...new Set(planned.map(({ name }) => name))].map((name) => {
    const ofShape = planned.filter((each) => each.name === name);
    const [before = Infinity, largest = Infinity] = ofShape.slice(-2).map(({ us }) => us);
    const each = ofShape.map(({ count, us }) => `${us.toFixed(1)} µs of ${count}`).join(', ');
    // A thousand instances fit into the processor's caches, and die before the collector moves them.
    const isLinear = largest <= 1.5 * before;
    const met = largest <= 20 && isLinear;
    return row(`planning alone, ${name}, an instance`, each, 'at most 20 µs, linear', met);
  });
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      quick: { type: 'boolean', default: false },
      rows: { type: 'string' },
      cli: { type: 'string' },
      peers: { type: 'boolean', default: false },
    },
  });
  if (values.cli === undefined) throw new Error('--cli is missing: start it by npm run bench');
  mkdirSync('.test-tmp', { recursive: true });
  const directory = mkdtempSync(path.resolve('.test-tmp', 'bench-'));
  const bench: Bench = { cli: path.resolve(values.cli), directory, quick: values.quick };
  const names = values.rows?.split(',') ?? Object.keys(measurements);
  const load = loadNow();
  const rows: Row[] = [];
  const print = (each: Row): void => {
    process.stdout.write(`${line(each)}\n`);
    rows.push(each);
  };
  try {
    for (const name of names) {
      const measure = measurements[name];
      if (!measure)
        throw new Error(`no row ${name}; there are ${Object.keys(measurements).join(', ')}`);
      for (const each of await measure(bench)) print(each);
    }
    if (values.peers) for (const each of peers(bench)) print(each);
  } finally {
    removeAll(bench);
  }
  if (!bench.quick && values.rows === undefined)
    writeFileSync('bench/results.md', report(rows, load));
}

function report(rows: Row[], load: string): string {
  const git = (...words: string[]): string =>
    execFileSync('git', words, { encoding: 'utf8' }).trim();
  const changed =
    git('status', '--porcelain', '--untracked-files=no') === '' ? '' : ', with changes';
  const [cpu] = cpus();
  const gb = Math.round(totalmem() / 2 ** 30);
  return `# Measured

By \`npm run bench\`, on ${cpus().length} × ${cpu?.model ?? 'unknown'}, ${gb} GB, ${process.platform} ${release()}, Node
${process.version}; commit ${git('rev-parse', '--short', 'HEAD')}${changed}, ${new Date().toISOString().slice(0, 10)}, load ${load} before it began.

Ratios are medians of rounds that measure the two in turn. What is behind the figures, and why what misses its
target does: [docs/performance.md](../docs/performance.md).

| measure | measured | target | |
| --- | --- | --- | --- |
${rows.map((each) => line(each)).join('\n')}
`;
}

function line({ measure, measured, target, met }: Row): string {
  return `| ${measure} | ${measured} | ${target} | ${met === null ? '' : met ? 'met' : 'missed'} |`;
}

function loadNow(): string {
  try {
    return readFileSync('/proc/loadavg', 'utf8').split(' ')[0] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}

await main();
