/** Section 9 of the contract: what `interrupt create` refuses, and what it makes. */
import { readdirSync, rmSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { InterruptEntry } from '../../src/app/inbox/list.ts';
import type { Instance } from '../../src/model/run.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import { cli, start, type Run } from './questions.ts';

describe('9. interrupt create refuses', () => {
  let run: Run;
  beforeAll(async () => {
    run = await start('closed');
    expect(run.ended.code).toBe(0);
  });
  const asker = (): Instance => {
    const [instance] = run.instances().filter(({ task_id }) => task_id === 'closed');
    if (!instance) throw new Error('no instance of closed');
    return instance;
  };
  const create = (...args: string[]) =>
    cli(
      ...['interrupt', 'create', '--program-dir', '.', '--run-id', run.id],
      ...['--instance-id', asker().instance_id, '--kind', 'question', '--question', 'q', ...args],
    );

  it.each([
    ['a human where allow_human is false', ['--audience', 'human'], 'may not ask a human'],
    [
      'a role that the task may not ask',
      ['--audience', 'assistant', '--target-role', 'reviewer'],
      'task closed may not ask role reviewer; it may ask namer',
    ],
    [
      'an unknown role',
      ['--audience', 'assistant', '--target-role', 'ghost'],
      'there is no role ghost',
    ],
    [
      'a question that no role fits',
      ['--audience', 'assistant'],
      'name one with --target-role: namer',
    ],
    [
      'an artifact outside the program',
      ['--audience', 'assistant', '--target-role', 'namer', '--artifact', '../x'],
      'artifact "../x": ',
    ],
    [
      'a schema outside the program',
      ['--audience', 'assistant', '--target-role', 'namer', '--reply-schema', '/etc/passwd'],
      'reply schema "/etc/passwd": ',
    ],
    [
      'a schema that no reply could fit',
      [
        '--audience',
        'assistant',
        '--target-role',
        'namer',
        '--reply-schema',
        'schemas/broken.json',
      ],
      'schemas/broken.json is no valid JSON Schema',
    ],
    ['another task', ['--audience', 'human', '--task-id', 'gate'], 'is of task closed, not gate'],
    ['an empty question', ['--audience', 'human', '--question', ' '], 'the question is empty'],
    [
      'a question of a run that is over',
      ['--audience', 'assistant', '--target-role', 'namer'],
      'is over: nobody would answer',
    ],
  ])('%s', async (_name, args, message) => {
    const ended = await create(...args);
    expect(ended).toMatchObject({ code: 2, stdout: '' });
    expect(ended.stderr).toContain(message);
    expect(ended.stderr).toContain('hint: ');
    expect(readdirSync(run.paths.inboxInterrupts)).toEqual([]);
  });

  it('an instance that the run does not have', async () => {
    const ended = await create('--audience', 'human', '--instance-id', 'closed-00000000');
    expect(ended).toMatchObject({ code: 4 });
    expect(ended.stderr).toContain('has no instance "closed-00000000"');
  });

  it('nothing else: it prints the id, or the interrupt, and takes it in where no engine lives', async () => {
    // It waits for another answer.
    run = await start('closed', 'plain');
    expect(run.ended.code).toBe(3);
    rmSync(run.paths.stateDir, { recursive: true });
    const args = ['--audience', 'assistant', '--decision-kind', 'naming', '--option', 'a', 'b'];
    // Of a flag and its contrary the later counts.
    args.push('--blocking', '--non-blocking');
    const ended = await create(...args, '--metadata', 'k=v=w', '--json');
    expect(ended.code, ended.stderr).toBe(0);
    const interrupt = JSON.parse(ended.stdout) as InterruptEntry['interrupt'];
    expect(interrupt).toMatchObject({
      run_id: run.id,
      task_id: 'closed',
      blocking: false,
      decision_kind: 'naming',
      options: ['a', 'b'],
      metadata: { k: 'v=w' },
      requested_target_role_id: null,
      recommended_target_role_id: 'namer',
      resolved_target_role_id: 'namer',
      target_resolution_reason: 'it takes naming decisions',
      status: 'open',
    });
    expect(interrupt.interrupt_id).toMatch(/^int-[0-9a-f]{12}$/);
    const taken = viewRun(run.paths).state.interrupts.get(interrupt.interrupt_id)?.interrupt;
    // When it was asked is what the clock of whoever takes it in says.
    expect(taken).toEqual({ ...interrupt, created_at: taken?.created_at });
    const listed = await cli(
      ...['interrupt', 'list', '--run-id', run.id, '--audience', 'assistant'],
    );
    expect(listed.stdout).toBe(
      `${interrupt.interrupt_id}\trun=${run.id}\tinstance=${asker().instance_id}\taudience=assistant\tstatus=open\n`,
    );
    const recommended = await cli(
      ...['interrupt', 'recommend', '--run-id', run.id, '--task-id', 'closed'],
      ...['--kind', 'question', '--decision-kind', 'naming', '--json'],
    );
    expect(JSON.parse(recommended.stdout)).toEqual({
      audience: 'assistant',
      request_kind: 'question',
      decision_kind: 'naming',
      allowed_assistant_roles: ['namer'],
      ranked_role_ids: ['namer'],
      recommended_target_role_id: 'namer',
      target_resolution_reason: 'it takes naming decisions',
      allow_human: false,
    });
    const human = await cli(
      ...[
        'interrupt',
        'recommend',
        '--run-id',
        run.id,
        '--task-id',
        'closed',
        '--audience',
        'human',
      ],
      '--json',
    );
    expect(JSON.parse(human.stdout)).toMatchObject({ allow_human: false });
  });
});
