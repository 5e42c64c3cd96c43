/** `blame`, from the words to what is printed. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { makeRepository, testEnv, type MadeRepository } from '../git/made-repository.ts';
import { captureCli, type Captured } from './captured-context.ts';

const RUN = '20260101000000-0123abcd';

function worked(): MadeRepository {
  const repo = makeRepository();
  repo.write('sub/a', '1\n2\n');
  repo.commit('first');
  repo.write('sub/a', 'one\n2\n');
  const trailers = { Run: RUN, Instance: 'one-11111111', Task: 'one', Attempt: '2' };
  const lines = Object.entries(trailers).map(([name, value]) => `Codex-Orch-${name}: ${value}`);
  repo.commit(`One\n\n${lines.join('\n')}`);
  return repo;
}

const run = (repo: MadeRepository, ...words: string[]): Promise<Captured> =>
  captureCli(['blame', ...words], { cwd: path.join(repo.dir, 'sub'), env: testEnv });

it('a file is named as the shell sees it, and each line with who made it', async () => {
  const repo = worked();
  const { stdout, code } = await run(repo, 'a');
  expect(code).toBe(0);
  expect(stdout).toBe(`1\tone\t${RUN}\tone-11111111\t2\tone\n2\t-\t-\t-\t-\t2\n`);
  const json = JSON.parse((await run(repo, 'a', '-L', '1,1', '--json')).stdout) as unknown;
  expect(json).toEqual([
    {
      line: 1,
      commit: repo.git('rev-parse', 'HEAD'),
      run: RUN,
      instance: 'one-11111111',
      task: 'one',
      attempt: 2,
      text: 'one',
    },
  ]);
});

it('why a line is there is asked of the program that has the run', async () => {
  const repo = worked();
  const json = JSON.parse((await run(repo, 'a', '--why', '1', '--json')).stdout) as unknown;
  expect(json).toMatchObject({ line: 1, task: 'one', program: null, prompt: null, answers: [] });
  expect((await run(repo, 'a', '--why', '1')).stdout).toContain('--program DIR');
  const unknown = await run(repo, 'a', '--why', '2');
  expect([unknown.code, unknown.stderr]).toMatchObject([4, expect.stringContaining('line 2 of a')]);
});

it.each([
  [['a', '-L', 'x'], 2],
  [['a', '--why', '0'], 2],
  [['none'], 1],
  [['a', '--why', '1', '--program', 'none'], 2],
])('%j is refused', async (words, status) => {
  expect((await run(worked(), ...words)).code).toBe(status);
});
