/** Section 9 of the contract: which questions are taken. */
import { describe, expect, it } from 'vitest';
import { task } from '../../support/make.ts';
import { ScriptedRun } from '../scripted-run.ts';

const toRole = { audience: 'assistant', resolved_target_role_id: 'helper' } as const;

describe('a question', () => {
  const policed = () =>
    new ScriptedRun([
      task({
        id: 'a',
        interaction_policy: { allowed_assistant_roles: ['helper'], allow_human: false },
      }),
    ]);

  it.each([
    ['of another run', { run_id: 'other' }, 'wrong-run'],
    ['of no instance', { instance_id: 'a-00000000' }, 'no-instance'],
    ['of another task', { task_id: 'b' }, 'wrong-task'],
    ['to a human who may not be asked', {}, 'human-not-allowed'],
    ['to no role', { audience: 'assistant' as const }, 'no-role'],
    [
      'to a role that may not be asked',
      { ...toRole, resolved_target_role_id: 'other' },
      'role-not-allowed',
    ],
  ])('%s is refused', (_name, asked, code) => {
    const run = policed();
    const decision = run.decide({
      command: 'ask',
      interrupt: run.question(run.running('a'), asked),
    });
    expect(decision).toMatchObject({ ok: false, code });
    expect(run.state.interrupts.size).toBe(0);
  });

  it('taken in twice is one question', () => {
    const run = policed();
    const question = run.question(run.running('a'), toRole);
    const request = { command: 'ask', interrupt: question } as const;
    expect(run.decide(request)).toMatchObject({ ok: true });
    expect(run.decide(request)).toEqual({ ok: true, events: [] });
    expect(run.last('a').blocking_interrupts).toEqual([question.interrupt_id]);
  });
});
