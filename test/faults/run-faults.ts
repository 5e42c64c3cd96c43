/**
 * `npm run faults`: kills the engine before, and in the middle of, every step that it takes in every
 * program, lets a person go on, and prints how many points were tried and how many recovered whole.
 *
 *   npm run faults -- [--sample N] [--seed S] [--only PROGRAM,…] [--kind K] [--typed WORD,…] [--double N] [--parallel N] [--keep]
 *
 * --kind K     only steps of this kind, as src/disk/fault-point.ts names them: git, flush, rename …
 * --typed W    only steps of commands with this word: integrate, clean …
 * --sample N   N points of each program, drawn evenly at random, instead of all
 * --double N   draws N points of each program at which the recovery is killed too (default: a fifth)
 */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runWithCrashes, type CrashPoint, type Outcome } from './driver.ts';
import { crashPrograms, type CrashProgram } from './programs.ts';
import { doublePoints, everyPoint, randomFrom, sampleOf } from './points.ts';

const { values } = parseArgs({
  options: {
    sample: { type: 'string' },
    seed: { type: 'string', default: '1' },
    only: { type: 'string' },
    kind: { type: 'string' },
    typed: { type: 'string' },
    double: { type: 'string' },
    parallel: { type: 'string', default: '2' },
    directory: { type: 'string', default: '.test-tmp' },
    keep: { type: 'boolean', default: false },
  },
});
const base = path.resolve(values.directory);
const cli = path.join(base, 'build', 'main.js');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

const total = { tried: 0, whole: 0 };
const summary = (): string =>
  `crash points tried: ${total.tried}; recovered whole: ${total.whole} (Node ${process.version})`;

async function tryProgram(program: CrashProgram): Promise<void> {
  const random = randomFrom(Number(values.seed));
  const calm = await runWithCrashes(
    cli,
    program,
    path.join(base, `${program.name}-calm`),
    [],
    null,
  );
  const tally = { tried: 0, whole: 0 };
  if (calm.problems.length > 0) {
    say(`${program.name}: undisturbed, it fails: ${calm.problems.join('; ')}`);
    process.exitCode = 1;
    return;
  }
  const all = everyPoint(calm, values.kind, values.typed?.split(','));
  const single = values.sample === undefined ? all : sampleOf(all, Number(values.sample), random);
  const doubles = Number(values.double ?? Math.ceil(single.length / 5));
  const plans: CrashPoint[][] = [
    ...single.map((point) => [point]),
    ...doublePoints(all, doubles, random),
  ];
  const startedAtMs = Date.now();
  let missed = 0;
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < plans.length; index = next++) {
      const plan = plans[index] ?? [];
      const directory = path.join(base, `${program.name}-${index}`);
      const outcome = await attemptPlan(program, directory, plan, calm.digest);
      tally.tried += 1;
      total.tried += 1;
      if (outcome.deaths === 0) missed += 1;
      if (outcome.problems.length === 0) {
        tally.whole += 1;
        total.whole += 1;
        // An engine in the background may still be on its way out.
        if (!values.keep) rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
        continue;
      }
      process.exitCode = 1;
      say(`${program.name} ${plan.map(describe).join(' then ')}: ${outcome.problems.join('; ')}`);
      say(`  see ${directory}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.parallel) }, worker));
  const seconds = Math.round((Date.now() - startedAtMs) / 1000);
  say(
    `${program.name}: ${all.length} points; tried ${tally.tried} (${plans.length - single.length} of them twice), ` +
      `${tally.whole} recovered whole, ${missed} not reached; ${seconds} s`,
  );
}

async function attemptPlan(
  program: CrashProgram,
  directory: string,
  plan: CrashPoint[],
  calm: string[],
): Promise<Outcome> {
  try {
    return await runWithCrashes(cli, program, directory, plan, calm);
  } catch (error) {
    const problems = [`the driver failed: ${(error as Error).stack ?? String(error)}`];
    return { problems, deaths: 0, steps: new Map(), typed: [], digest: [] };
  }
}

function describe({ command, engine, step, torn }: CrashPoint): string {
  return `command ${command}${engine ? ' engine' : ''} step ${step}${torn ? ' torn' : ''}`;
}

// A run that is cut short says what it got through.
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    say(`stopped: ${summary()}`);
    process.exit(130);
  });
}
const only = values.only?.split(',');
for (const program of crashPrograms) {
  if (only && !only.includes(program.name)) continue;
  await tryProgram(program);
}
say(summary());
if (process.exitCode === undefined && !values.keep) rmSync(base, { recursive: true, force: true });
