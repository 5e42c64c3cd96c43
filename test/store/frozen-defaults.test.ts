/** Runs that were frozen before their optional fields came to be are read and verified as if they had them. */
import { cpSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { runPaths } from '../../src/store/layout.ts';
import { verifyRunDirectory } from '../../src/store/verify/verify.ts';
import { takeDefaultsOut } from '../support/before-defaults.ts';
import { storeOf, systemNow, temporaryProgram } from './sample-run.ts';

const fixtures = path.resolve('test', 'fixtures', 'format-1');
let remove: () => void = () => undefined;
afterEach(() => remove());

it.each(readdirSync(fixtures))('%s', async (name) => {
  const program = temporaryProgram();
  ({ remove } = program);
  cpSync(path.join(fixtures, name), program.dir, { recursive: true });
  const [runId = ''] = readdirSync(path.join(program.dir, '.runs'));
  const problems = async (): Promise<unknown> =>
    (await verifyRunDirectory(runPaths(program.dir, runId), { now: systemNow })).problems;
  const before = storeOf(program.dir).view(runId).state;
  const known = await problems();
  expect(takeDefaultsOut(path.join(program.dir, '.runs', runId))).toBeGreaterThan(20);

  const { state } = storeOf(program.dir).view(runId);
  expect(state.plan).toEqual(before.plan);
  expect(state.instances).toEqual(before.instances);
  expect(await problems()).toEqual(known);
});
