/**
 * Many engines at one lock of their user. Some die while they hold it, some are killed at any moment: never are there more
 * holders than it has slots, and in the end it is free for whoever comes.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Holds, holdersOfUser } from '../../src/attempt/hold/holds.ts';
import { until } from '../support/built-program.ts';
import { cases } from '../support/cases.ts';

const CONTENDERS = 4;
/** What one of them takes at most before another comes in its place. */
const MOST = 10;
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

interface Race {
  globalRoot: string;
  marks: string;
  slots: number;
}

/** Its exit status, or null where it was killed: by itself with a lock in hand, or at any moment after so long. */
function contend({ globalRoot, marks, slots }: Race, killAfterMs: number | null) {
  const words = [path.join(directory, 'contender.mjs'), globalRoot, marks, `${MOST}`, `${slots}`];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'ignore', 'inherit'] });
  const kill = (): boolean => child.kill('SIGKILL');
  const timer = killAfterMs === null ? undefined : setTimeout(kill, killAfterMs);
  return new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      clearTimeout(timer);
      resolve(code);
    });
  });
}

it.each([1, 3])(
  'a lock with %i slots',
  { timeout: cases({ few: 600_000, many: 7_200_000 }) },
  async (slots) => {
    const globalRoot = path.join(directory, `home-${slots}`);
    const marks = path.join(directory, `marks-${slots}`);
    mkdirSync(marks);
    const taken = (): number =>
      statSync(path.join(marks, 'taken'), { throwIfNoEntry: false })?.size ?? 0;
    let [deaths, begun] = [0, 0];
    const contender = async (): Promise<void> => {
      while (taken() < rounds) {
        begun += 1;
        // Every other one is let be: where all were killed before they have begun, nothing would be taken.
        const killAfterMs = begun % 2 === 0 ? null : Math.random() * 1000;
        const code = await contend({ globalRoot, marks, slots }, killAfterMs);
        expect([0, null]).toContain(code);
        if (code === null) deaths += 1;
      }
    };
    await Promise.all(Array.from({ length: CONTENDERS }, contender));
    if (rounds >= 1000) {
      process.stderr.write(`${taken()} times taken by ${begun}, of which ${deaths} were killed\n`);
      expect(deaths).toBeGreaterThan(0);
    }
    await until(() => (holdersOfUser(globalRoot, 'x').length === 0 ? true : null));
    const holds = new Holds({ globalRoot, now: () => '2026-01-01T00:00:00.000Z' });
    const last = {
      ...{ program_dir: '', run_id: 'r', instance_id: 'last', attempt: 1 },
      ...{ attempt_dir: '', control_dir: '/nowhere' },
    };
    // Of the guard too: who had that for a moment may have been killed.
    expect(holds.takeLocks(last, [{ name: 'x', scope: 'user', slots: 1 }])).toBe(true);
  },
);
