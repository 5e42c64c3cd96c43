/** Section 20 of the contract: a run that is over asks nothing, and one that could go on says so. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listRunIds, runPaths } from '../../src/store/layout.ts';
import { currentHolder } from '../../src/store/lock/run-lock.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import { until } from '../support/built-program.ts';
import { cli, program, start, type Run } from './questions.ts';

const json = async <T>(...words: string[]): Promise<T> =>
  JSON.parse((await cli(...words, '--json')).stdout) as T;

interface Listed {
  id: string;
  status: string;
  aborted: boolean;
  stopped: boolean;
  attention: number;
}
const listed = async ({ id }: Run): Promise<Listed | undefined> =>
  (await json<Listed[]>('run', 'list')).find((each) => each.id === id);

const theQuestion = (run: Run): string => [...viewRun(run.paths).state.interrupts.keys()][0] ?? '';

describe('an aborted run', () => {
  it('asks nothing, takes no answer, and is over for good', async () => {
    const run = await start('plain');
    const id = theQuestion(run);
    expect((await cli('run', 'abort', run.id)).code).toBe(0);
    expect(await run.open()).toEqual([]);
    const [entry] = await json<{ interrupt: { status: string } }[]>(
      ...['inbox', 'list', '--run-id', run.id],
    );
    expect(entry?.interrupt.status).toBe('closed');
    expect(await listed(run)).toMatchObject({ status: 'failed', aborted: true, attention: 0 });

    const answered = await cli('inbox', 'reply', id, '--text', 'Too late.');
    expect(answered.code).toBe(2);
    expect(answered.stderr).toContain('the question is closed: the run was aborted');
    expect(existsSync(run.paths.replyFile(id))).toBe(false);

    writeFileSync(run.paths.replyFile(id), '{"text": "By hand."}');
    const shown = await cli('inbox', 'list', '--run-id', run.id);
    expect(shown.stderr).toContain('the question is closed: the run was aborted');

    const log = readFileSync(run.paths.eventsLog);
    const retried = await cli('run', 'retry-instance', run.id, 'plain');
    expect(retried.code).toBe(2);
    expect(retried.stderr).toContain('was aborted: nothing in it can go on');
    const resumed = await cli('run', 'resume', run.id);
    expect(resumed.code).toBe(1);
    expect(resumed.stderr).toContain('aborted');
    expect(resumed.stderr).not.toContain('retry-instance');
    expect(readFileSync(run.paths.eventsLog)).toEqual(log);
    const explained = await cli('run', 'explain', run.id);
    expect(explained.stdout).toContain('The run was aborted: it is over\t\n');
    expect((await cli('run', 'verify', run.id)).code).toBe(0);
  });
});

describe('a run that is done', () => {
  it('asks nothing either', async () => {
    const run = await start('asks_on');
    expect(run.ended.code).toBe(0);
    expect(await run.open()).toEqual([]);
    expect(await listed(run)).toMatchObject({ status: 'done', attention: 0 });
    const answered = await cli('inbox', 'reply', theQuestion(run), '--text', 'Too late.');
    expect(answered.code).toBe(2);
    expect(answered.stderr).toContain('the question is closed: the run is over');
    expect((await cli('run', 'verify', run.id)).code).toBe(0);
  });
});

describe('a run that is answered, and that nobody drives,', () => {
  it('says so everywhere, with the command', async () => {
    const run = await start('plain');
    expect((await cli('inbox', 'reply', theQuestion(run), '--text', 'So.')).code).toBe(0);
    const resume = `codex-orch run resume ${run.id}`;
    for (const words of [['list'], ['show', run.id], ['watch', run.id], ['explain', run.id]]) {
      const { stdout, stderr } = await cli('run', ...words);
      expect(stdout + stderr, words[0]).toMatch(/nobody drives/);
      expect(stdout + stderr, words[0]).toContain(resume);
    }
    const { stderr } = await cli('inbox', 'list', '--unresolved-only');
    expect(stderr).toContain(`run ${run.id}: all is answered, and nobody drives it`);
    expect(stderr).toContain(resume);
    expect((await cli('run', 'resume', run.id)).code).toBe(0);
    expect((await cli('run', 'list')).stderr).not.toContain(run.id);
  });
});

describe('a run that was stopped', () => {
  it('is shown as stopped, also what was skipped for it', async () => {
    const starting = start('naps', 'after_nap');
    await until(() => existsSync(path.join(program, 'ws', 'napping')) || null);
    const [newest = ''] = listRunIds(program);
    const engine = currentHolder(runPaths(program, newest));
    if (engine === null) throw new Error('nobody drives the run');
    process.kill(engine.pid, 'SIGINT');
    const run = await starting;
    expect(run.ended.code).toBe(130);
    expect(await listed(run)).toMatchObject({ status: 'failed', stopped: true, aborted: false });
    const shown = await json<{
      stopped: boolean;
      instances: Record<string, { task_id: string; status: string; stopped: boolean }>;
    }>('run', 'show', run.id);
    expect(shown.stopped).toBe(true);
    expect(
      Object.values(shown.instances).map((each) => [each.task_id, each.status, each.stopped]),
    ).toEqual([
      ['naps', 'failed', true],
      ['after_nap', 'skipped', false],
    ]);
    expect((await cli('run', 'list')).stdout).toContain(`instances=2\tstopped\n`);
    for (const words of [['watch'], ['explain'], ['logs']]) {
      const { stdout, stderr } = await cli('run', ...words, run.id);
      expect(stdout + stderr, words[0]).toContain('stopped');
      expect(stdout + stderr, words[0]).not.toMatch(/failed:/);
    }
    expect((await cli('run', 'explain', run.id)).stdout).toContain('was stopped; it comes back');
  });
});
