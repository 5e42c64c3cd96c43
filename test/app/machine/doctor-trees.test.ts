/** What `doctor` says of git, and of place and room for trees. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { checkForTrees } from '../../../src/app/machine/doctor-trees.ts';
import { makeRepository, testEnv } from '../../git/made-repository.ts';

const said = async (workspace: string, treesDir: string, env = testEnv): Promise<string[]> =>
  (await checkForTrees({ env, cwd: workspace }, [workspace], treesDir)).map(
    (each) => `${each.id} ${each.ok ? 'ok' : each.severity} ${each.message}`,
  );

it('names git and the room for trees, and what stands against them', async () => {
  const { dir } = makeRepository();
  const beside = path.join(path.dirname(dir), 'not-there', 'trees');
  const fine = await said(dir, beside);
  expect(fine[0]).toMatch(/^trees.git ok git \d+\.\d+.*, for trees\.$/);
  expect(fine[1]).toMatch(/^trees.place \w+ \d+ MiB are free for trees in /);
  expect((await said(dir, path.join(dir, 'trees')))[1]).toMatch(/^trees.place error .*inside/);
  const none = { ...testEnv, CODEX_ORCH_GIT_BIN: '/nonexistent/git' };
  expect((await said(dir, beside, none))[0]).toMatch(/^trees.git error git cannot be run/);
  expect(
    (
      await said(path.dirname(dir), beside, {
        ...testEnv,
        GIT_CEILING_DIRECTORIES: path.dirname(path.dirname(dir)),
      })
    )[1],
  ).toMatch(/^trees.git error .*not in a git repository/);
});
