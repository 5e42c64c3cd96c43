/** What commands cost that only look or ask, against a Node that does nothing. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';
import { cliArgv, ms, row, rounds, times, type Bench, type Row } from './bench.ts';
import { median, pairs, time, watchProcess } from './measure.ts';
import { planOf, taskSpec } from './planning.ts';
import { begin, task, wide } from './programs.ts';
import { writeRun } from './synthetic-run.ts';

const bareNode = (): number => time([process.execPath, '-e', '0']).wallMs;

function against(
  bench: Bench,
  measure: string,
  words: string[],
  limit: number,
  env: NodeJS.ProcessEnv = process.env,
): Row {
  const ours = (): number => time(cliArgv(bench, ...words), { env }).wallMs;
  const { a, b, ratio } = pairs(rounds(bench, 15), ours, bareNode);
  const each = `${ms(a)} against ${ms(b)}`;
  return row(measure, `${times(ratio)} (${each})`, `at most ${limit}×`, ratio <= limit);
}

export async function startUp(bench: Bench): Promise<Row[]> {
  const small = wide(path.join(bench.directory, 'listed'), 50).directory;
  const large = path.join(bench.directory, 'shown');
  const [instances, runs, tasks] = bench.quick ? [50, 10, 20] : [10_000, 1000, 1000];
  const listed = wide(path.join(bench.directory, 'many-listed'), tasks).directory;
  begin(large, '');
  const runId = '20260101000000-00000001';
  writeRun(large, planOf(tasksOf(instances)), runId);
  const many = path.join(bench.directory, 'many-runs');
  begin(many, '');
  const plan = planOf(tasksOf(5));
  for (let i = 0; i < runs; i += 1) {
    writeRun(many, plan, `20260101000000-${i.toString(16).padStart(8, '0')}`);
  }
  return [
    against(bench, 'start-up: `--version` against `node -e 0`', ['--version'], 1.5),
    against(bench, 'start-up: `task list` of 50', ['task', 'list', small], 2),
    against(bench, `start-up: \`task list\` of ${tasks}`, ['task', 'list', listed], 4),
    against(bench, `start-up: \`run show\` of ${instances}`, ['run', 'show', large, runId], 6),
    await memoryOfShow(bench, large, runId, instances),
    against(bench, `start-up: \`run list\` of ${runs}`, ['run', 'list', many], 5),
  ];
}

async function memoryOfShow(
  bench: Bench,
  program: string,
  runId: string,
  instances: number,
): Promise<Row> {
  const { peakMb } = await watchProcess(cliArgv(bench, 'run', 'show', program, runId), {});
  const shown = `${Math.round(peakMb)} MB`;
  return row(`memory of \`run show\` of ${instances}`, shown, 'at most 110 MB', peakMb <= 110);
}

/** `run resume` of a run whose engine died: until the one attempt that is left starts. */
export function recovery(bench: Bench): Row[] {
  const count = bench.quick ? 50 : 10_000;
  const measured = Array.from({ length: rounds(bench, 5) }, (_, round) => {
    const directory = path.join(bench.directory, `recovered-${round}`);
    begin(directory, '');
    const stamp = path.join(directory, 'stamp');
    const tasks = tasksOf(count);
    tasks.push({ ...taskSpec('last', []), run: `date +%s%N >${stamp}` });
    writeRun(directory, planOf(tasks), '20260101000000-00000001', 'last');
    const before = performance.timeOrigin + performance.now();
    time(cliArgv(bench, 'run', 'resume', directory, 'latest'));
    return Number(readFileSync(stamp, 'utf8')) / 1e6 - before;
  });
  const wallMs = median(measured);
  const limit = 1500;
  const measure = `recovery: \`run resume\` with ${count} instances done, until the one left starts`;
  return [row(measure, ms(wallMs), `at most ${ms(limit)}`, wallMs <= limit)];
}

/** A worker's question: asked from the surroundings that a worker has, of a run that is driven. */
export async function question(bench: Bench): Promise<Row[]> {
  const directory = path.join(bench.directory, 'asking');
  begin(directory, '');
  const surroundings = path.join(directory, 'surroundings');
  task(
    directory,
    'ask',
    `env -0 >${surroundings}.tmp; mv ${surroundings}.tmp ${surroundings}; sleep 600`,
  );
  const [node, ...words] = cliArgv(bench, 'run', 'start', directory, '--root', 'ask', '--wait');
  const engine = spawn(node, words, { stdio: 'ignore' });
  const ended = new Promise((resolve) => engine.once('exit', resolve));
  while (!existsSync(surroundings)) await new Promise((resolve) => setTimeout(resolve, 20));
  const entries = readFileSync(surroundings, 'utf8')
    .split('\0')
    .filter((entry) => entry !== '');
  const env = Object.fromEntries(
    entries.map((entry) => [
      entry.slice(0, entry.indexOf('=')),
      entry.slice(entry.indexOf('=') + 1),
    ]),
  );
  const ask = [
    '--audience',
    'human',
    '--kind',
    'question',
    '--question',
    'Which?',
    '--non-blocking',
  ];
  const words2 = ['interrupt', 'create', ...ask];
  const asked = against(bench, 'a worker’s question: `interrupt create`', words2, 2.5, env);
  engine.kill('SIGINT');
  await ended;
  return [asked];
}

function tasksOf(count: number) {
  return Array.from({ length: count }, (_, i) => taskSpec(`t${i}`, []));
}
