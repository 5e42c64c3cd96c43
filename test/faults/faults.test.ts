/**
 * Section 11 of the contract, by killing: a sample of what `npm run faults` goes through in full. Each
 * test run draws other points; a failure names its seed (CODEX_ORCH_FAULTS_SEED repeats it). At each point one or two engines die.
 */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cases } from '../support/cases.ts';
import { runWithCrashes } from './driver.ts';
import { doublePoints, everyPoint, randomFrom, sampleOf } from './points.ts';
import { crashPrograms } from './programs.ts';

const seed = Number(process.env['CODEX_ORCH_FAULTS_SEED'] ?? Date.now() % 1_000_000);
let directory: string;
let cli: string;

beforeAll(() => {
  mkdirSync('.test-tmp', { recursive: true });
  directory = mkdtempSync(path.resolve('.test-tmp', 'faults-test-'));
  cli = path.join(directory, 'build', 'main.js');
  const words = ['scripts/build.mjs', '--faults', '--out', path.dirname(cli)];
  expect(spawnSync(process.execPath, words, { stdio: 'inherit' }).status).toBe(0);
});
afterAll(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));

it.concurrent.each(crashPrograms)(
  `$name comes to the same end after a crash (seed ${seed})`,
  { timeout: cases({ few: 240_000, many: 3_600_000 }) },
  async (program) => {
    const random = randomFrom(seed);
    const calm = await runWithCrashes(cli, program, path.join(directory, program.name), [], null);
    expect(calm.problems).toEqual([]);
    const all = everyPoint(calm);
    const count = cases({ few: 1, many: 25 });
    const once = sampleOf(all, count, random).map((point) => [point]);
    const plans = random() < 0.5 ? once : doublePoints(all, count, random);
    for (const points of plans) {
      const place = path.join(directory, `${program.name}-crashed`);
      const outcome = await runWithCrashes(cli, program, place, points, calm.digest);
      expect(outcome.problems, JSON.stringify(points)).toEqual([]);
    }
  },
);
