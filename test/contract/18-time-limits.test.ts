/** Section 18 of the contract: a person is asked at the time limit of an attempt, and what they say is done. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { InterruptEntry } from '../../src/app/inbox/list.ts';
import { until } from '../support/built-program.ts';
import { dir, instancesOf, orch, program, show } from './shell-program.ts';

const first = '[ "$(basename "$CODEX_ORCH_ATTEMPT_DIR")" = 0001 ]';
const slow = {
  run: `if ${first}; then exec sleep 600; fi; echo done > "$CODEX_ORCH_ATTEMPT_DIR/final.md"`,
};
const limits = { node_wall_timeout_sec: 0.5, node_terminate_grace_sec: 1 };

async function question(): Promise<InterruptEntry> {
  const { stdout } = await orch('inbox', 'list', '--unresolved-only', '--json');
  const [entry] = JSON.parse(stdout) as InterruptEntry[];
  if (!entry) throw new Error('nothing is asked');
  return entry;
}

describe('18. At the time limit', () => {
  it('an attempt of edition 1 fails, and validation says what edition 2 does', async () => {
    program({ a: slow }, limits);
    const validated = await orch('project', 'validate');
    expect(validated.code).toBe(0);
    expect(validated.stdout).toMatch(/note.*edition 2 asks at a time limit .on_wall: ask/);
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    expect(instancesOf(await show(), 'a')).toMatchObject([{ termination_reason: 'wall_timeout' }]);
  });

  it('one of edition 2 waits for an answer, which the terminal gives', async () => {
    program({ a: slow }, { ...limits, edition: 2 });
    const started = await orch('run', 'start', '--root', 'a');
    expect(started.code).toBe(3);
    const { interrupt } = await question();
    const listed = await orch('inbox', 'list');
    expect(listed.stdout).toContain(`instance=${interrupt.instance_id}`);
    const refused = await orch('inbox', 'reply', interrupt.interrupt_id, '--text', 'sure');
    expect(refused).toMatchObject({ code: 2, stdout: '' });
    expect(refused.stderr).toContain('"grant" (with a number: wall_sec) or "give up"');
    const wrong = ['--text', 'x', '--payload-json', '{"choice": "maybe"}'];
    expect((await orch('inbox', 'reply', interrupt.interrupt_id, ...wrong)).code).toBe(2);
    const answer = ['--text', 'grant 30', '--resume'];
    expect((await orch('inbox', 'reply', interrupt.interrupt_id, ...answer)).code).toBe(0);
    expect(instancesOf(await show(), 'a')).toMatchObject([{ status: 'done', attempt: 2 }]);
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('a file answers it, too, and one that is no answer is named', async () => {
    program({ a: slow }, { ...limits, edition: 2 });
    await orch('run', 'start', '--root', 'a');
    const { interrupt, run_id: run } = await question();
    const file = path.join(dir, '.runs', run, 'inbox/replies', `${interrupt.interrupt_id}.json`);
    writeFileSync(file, JSON.stringify({ text: 'hm' }));
    expect((await orch('run', 'resume', 'latest')).code).toBe(3);
    expect((await orch('inbox', 'list')).stderr).toContain('the answer must be "grant"');
    writeFileSync(file, JSON.stringify({ text: 'no', payload: { choice: 'give up' } }));
    expect((await orch('run', 'resume', 'latest')).code).toBe(1);
    expect(instancesOf(await show(), 'a')).toMatchObject([
      { status: 'failed', error: 'a person gave it up at its time limit' },
    ]);
  });

  it('a grant answers it, and raises the limit of an attempt at work', async () => {
    program({ a: slow }, { ...limits, edition: 2 });
    await orch('run', 'start', '--root', 'a');
    const { interrupt } = await question();
    const granted = await orch('run', 'grant', 'latest', 'a', '--wall-sec', '30', '--json');
    expect(JSON.parse(granted.stdout)).toEqual({
      instance_id: interrupt.instance_id,
      wall_sec: 30,
    });
    expect((await orch('run', 'resume', 'latest')).code).toBe(0);
    for (const nonsense of ['0', '-1', 'much', '']) {
      expect((await orch('run', 'grant', 'latest', 'a', '--wall-sec', nonsense)).code).toBe(2);
    }
    expect((await orch('run', 'grant', 'latest', 'a', '--wall-sec', '5')).code).toBe(2);
  });

  it('an attempt at work is granted more, and goes on', async () => {
    const wait =
      'until [ -e ../go ]; do sleep 0.1; done; echo > "$CODEX_ORCH_ATTEMPT_DIR/final.md"';
    program(
      { a: { run: wait } },
      { ...limits, node_wall_timeout_sec: 300, edition: 2, workspace: 'ws' },
    );
    mkdirSync(path.join(dir, 'ws'));
    const run = orch('run', 'start', '--root', 'a');
    await until(() => readdirSync(dir).includes('.runs'));
    await until(async () => ((await show()).status === 'running' ? true : null));
    expect((await orch('run', 'grant', 'latest', 'a', '--wall-sec', '600')).code).toBe(0);
    const { stdout } = await orch('run', 'events', 'latest');
    expect(stdout).toMatch(/granted.*600 s more/);
    writeFileSync(path.join(dir, 'go'), '');
    expect((await run).code).toBe(0);
  });
});
