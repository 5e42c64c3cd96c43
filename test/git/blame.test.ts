/** Who made each line: after a merge, after a squash of ours, after one that somebody else made. */
import path from 'node:path';
import { expect, it } from 'vitest';
import { blameFile } from '../../src/git/blame.ts';
import { makeRepository, testGit, type MadeRepository } from './made-repository.ts';

const RUN = '20260101000000-0123abcd';
const NS = `refs/codex-orch/${RUN}`;

/** Two instances, one line each, one after the other; the branch has moved in between. */
function worked(): { repo: MadeRepository; base: string; result: string } {
  const repo = makeRepository();
  repo.write('a', '1\n2\n3\n');
  repo.write('other', '1\n');
  const base = repo.commit('first');
  repo.git('checkout', '-q', '--detach');
  const instance = (task: string, text: string): string => {
    repo.write('a', text);
    const trailers = { Run: RUN, Instance: `${task}-11111111`, Task: task, Attempt: '2' };
    const lines = Object.entries(trailers).map(([name, value]) => `Codex-Orch-${name}: ${value}`);
    return repo.commit(`${task}\n\nWhat it says: Codex-Orch-Task: forged\n\n${lines.join('\n')}`);
  };
  instance('one', 'one\n2\n3\n');
  const result = instance('two', 'one\n2\ntwo\n');
  repo.git('update-ref', `${NS}/result`, result);
  repo.git('update-ref', `${NS}/base`, base);
  repo.git('checkout', '-q', 'main');
  repo.write('other', '2\n');
  repo.commit('moved');
  return { repo, base, result };
}

const tasksOf = async (repo: MadeRepository, file = 'a'): Promise<(string | null)[]> =>
  (await blameFile(testGit, path.join(repo.dir, file), null)).map(
    ({ author }) => author?.task ?? null,
  );

it('after a merge each line has its instance, and what is not committed has none', async () => {
  const { repo } = worked();
  repo.git('merge', '-q', '--no-edit', `${NS}/result`);
  repo.write('a', 'zero\none\n2\ntwo\n');
  const lines = await blameFile(testGit, path.join(repo.dir, 'a'), null);
  expect(lines.map(({ line, author }) => [line, author?.task ?? null])).toEqual([
    [1, null],
    [2, 'one'],
    [3, null],
    [4, 'two'],
  ]);
  expect(lines[0]).toMatchObject({ commit: null, text: 'zero' });
  expect(lines[1]?.author).toEqual({ run: RUN, instance: 'one-11111111', task: 'one', attempt: 2 });
  const some = await blameFile(testGit, path.join(repo.dir, 'a'), '2,2');
  expect(some.map(({ line }) => line)).toEqual([2]);
});

it('after a squash of ours too, through later edits and renames', async () => {
  const { repo, result } = worked();
  repo.git('merge', '-q', '--no-edit', result);
  const merge = repo.git('rev-parse', 'HEAD');
  repo.git('reset', '-q', '--soft', 'HEAD^');
  repo.git('commit', '-q', '-m', 'Squashed');
  const squash = repo.git('rev-parse', 'HEAD');
  repo.git('update-ref', '-d', `${NS}/result`);
  repo.git('update-ref', `refs/codex-orch/replace/${squash}`, merge);
  expect(await tasksOf(repo)).toEqual(['one', null, 'two']);
  repo.git('mv', 'a', 'with "quotes"');
  repo.commit('renamed');
  repo.write('with "quotes"', 'zero\none\n2\ntwo\n');
  repo.commit('edited');
  expect(await tasksOf(repo, 'with "quotes"')).toEqual([null, 'one', null, 'two']);
  expect(repo.git('blame', '-s', 'HEAD^^', '--', 'a')).not.toContain(result.slice(0, 7));
});

it('after a squash that somebody else made, where the file is still that of the result', async () => {
  const { repo } = worked();
  repo.git('merge', '-q', '--squash', `${NS}/result`);
  repo.git('commit', '-q', '-m', 'Squashed by hand');
  expect(await tasksOf(repo)).toEqual(['one', null, 'two']);
  repo.write('a', 'one\n2\n');
  repo.commit('edited');
  expect(await tasksOf(repo)).toEqual(['one', null]);
  expect(await tasksOf(repo, 'other')).toEqual([null]);
});

it('what git cannot blame is told in its words', async () => {
  const { repo } = worked();
  await expect(tasksOf(repo, 'none')).rejects.toThrow("no such path 'none' in HEAD");
  await expect(blameFile(testGit, path.join(repo.dir, 'a'), '9,9')).rejects.toThrow(
    'has only 3 lines',
  );
  await expect(blameFile(testGit, '/etc/hostname', null)).rejects.toThrow('not a git repository');
});
