/**
 * Many at once on one run: engines, repliers, askers, aborters and readers. A sample by default;
 * in the long tier 500 rounds, with
 * CODEX_ORCH_RACE_ROUNDS as many as it says.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cases } from '../support/cases.ts';
import { bundleActor } from './bundle-actor.ts';
import { playRounds } from './rounds.ts';

const wanted = Number(process.env['CODEX_ORCH_RACE_ROUNDS'] ?? cases({ few: 0, many: 500 }));
/** The sample ends with the round in which this is over. */
const SAMPLE_MS = 20_000;

let directory: string;
beforeAll(async () => {
  mkdirSync('.test-tmp', { recursive: true });
  directory = mkdtempSync(path.resolve('.test-tmp', 'races-'));
  await bundleActor(path.join(directory, 'actor.mjs'));
});
let whole = false;
afterAll(() => {
  if (whole) rmSync(directory, { recursive: true, force: true });
  else process.stdout.write(`races: the failed round lies in ${directory}\n`);
});

it(
  'many at once on one run: one writer, one answer, each attempt once, nothing lost',
  { timeout: wanted > 0 ? 24 * 3600_000 : 180_000 },
  async () => {
    const startedAtMs = Date.now();
    const tally = await playRounds(path.join(directory, 'actor.mjs'), directory, ({ rounds }) =>
      wanted > 0 ? rounds < wanted : rounds < 2 || Date.now() - startedAtMs < SAMPLE_MS,
    );
    process.stdout.write(`races: ${JSON.stringify(tally)}\n`);
    expect(tally.problems).toEqual([]);
    whole = true;
  },
);
