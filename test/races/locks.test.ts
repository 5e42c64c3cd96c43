/** Many engines at one lock of their user, some killed while they hold it: never two holders, nor one of the dead. */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Holds, holdersOfUser } from '../../src/attempt/hold/holds.ts';
import { until } from '../support/built-program.ts';
import { cases } from '../support/cases.ts';

const rounds = cases({ few: 60, many: 1000 });
let directory: string;
beforeAll(async () => {
  mkdirSync('.test-tmp', { recursive: true });
  directory = mkdtempSync(path.resolve('.test-tmp', 'lock-races-'));
  await build({
    entryPoints: ['test/races/lock-contender.ts'],
    outfile: path.join(directory, 'contender.mjs'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Its exit status, or null where it was killed. */
function contend(globalRoot: string, marks: string, most: number): Promise<number | null> {
  const words = [path.join(directory, 'contender.mjs'), globalRoot, marks, String(most)];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  return new Promise((resolve) => child.once('exit', resolve));
}

it('locks of the user', { timeout: 600_000 }, async () => {
  const globalRoot = path.join(directory, 'home');
  const marks = path.join(directory, 'marks');
  mkdirSync(marks);
  let deaths = 0;
  const contender = async (): Promise<void> => {
    for (let left = Math.ceil(rounds / 10 / 4); left > 0; left -= 1) {
      // About half of ten rounds end with a death.
      const code = await contend(globalRoot, marks, 10);
      expect([0, null]).toContain(code);
      if (code === null) deaths += 1;
    }
  };
  await Promise.all(Array.from({ length: 4 }, contender));
  expect(deaths).toBeGreaterThan(0);
  await until(() => (holdersOfUser(globalRoot, 'x').length === 0 ? true : null));
  const holds = new Holds({ globalRoot, now: () => '2026-01-01T00:00:00.000Z' });
  const last = {
    ...{ program_dir: '', run_id: 'r', instance_id: 'last', attempt: 1 },
    ...{ attempt_dir: '', control_dir: '/nowhere' },
  };
  expect(holds.takeLocks(last, [{ name: 'x', scope: 'user', slots: 1 }])).toBe(true);
});
