/** Section 16 of the contract: the work of all instances is merged before a run is done, and a person is asked where it does not fit. */
import { expect, it } from 'vitest';
import { recordPrepared } from '../../../src/core/judge/workspace.ts';
import { recordMerged } from '../../../src/core/plan/run-result.ts';
import type { RunPlan } from '../../../src/model/run.ts';
import type { RunResult, WorkspaceBase } from '../../../src/model/trees.ts';
import { NOW, task } from '../../support/make.ts';
import { ScriptedRun } from '../scripted-run.ts';

const base: WorkspaceBase = {
  ...{ repository: '/r/.git', worktree: '/r', object_format: 'sha1', branch: null },
  ...{ head: 'b', commit: 'b' },
  uncommitted: 'none',
};

function committed(run: ScriptedRun, id: string): void {
  const prepared = {
    worktree: '/r',
    directory: `/t/${id}`,
    start: 'b',
    parents: [],
    conflicts: [],
  };
  const { instance_id: instance } = run.running(id);
  run.events.push(...recordPrepared(run.state, instance, prepared, NOW));
  const counts = { files: 1, insertions: 1, deletions: 0, left_out: [], conflicts: [] };
  const commit = {
    ...counts,
    attempt: 1,
    commit: `c-${id}`,
    tree: 't',
    parents: ['b'],
    start: 'b',
  };
  run.finish(id, { workspace: { kind: 'committed', commit } });
}

/** Two instances that have committed; nothing is left to do. */
function worked(): ScriptedRun {
  const run = new ScriptedRun([task({ id: 'a' }), task({ id: 'merge' })]);
  run.state.plan.workspace_bases = [base];
  (run.events[0]?.payload as RunPlan).workspace_bases = [base];
  committed(run, 'a');
  committed(run, 'merge');
  return run;
}

const result = (run: ScriptedRun, change: Partial<RunResult> = {}): RunResult => ({
  ...{ repository: '/r/.git', worktree: '/r', commit: null, problem: null, resolver: 'a' },
  sides: ['a', 'merge'].map((id) => {
    const { instance_id } = run.last(id);
    return { instance_id, commit: `c-${id}`, ref: `refs/${instance_id}` };
  }),
  conflicts: [{ path: 'f', kinds: ['contents'], markers: true }],
  ...change,
});

function merged(run: ScriptedRun, change: Partial<RunResult> = {}): void {
  run.events.push(...recordMerged(run.state, [result(run, change)], NOW));
  run.plan();
}

it('a run with commits is done when they are merged, and not before', () => {
  const run = worked();
  expect(run.status()).toBe('pending');
  merged(run, { commit: 'm', conflicts: [] });
  expect(run.status()).toBe('done');
  expect(recordMerged(run.state, [], NOW)).toEqual([]);
});

it('where git failed, it is done all the same, and asks nothing', () => {
  const run = worked();
  merged(run, { sides: [], conflicts: [], problem: 'git failed' });
  expect(run.status()).toBe('done');
  expect(run.state.interrupts.size).toBe(0);
});

it('a conflict is a question of the run, which waits for it', () => {
  const run = worked();
  merged(run);
  expect(run.status()).toBe('waiting');
  const [question] = run.state.interrupts.values();
  expect(question?.interrupt).toMatchObject({
    ...{ instance_id: null, task_id: null, request_kind: 'control_request' },
    options: ['agent', 'person', 'apart'],
    reply_schema: 'codex-orch/result_conflict.json',
  });
  expect(question?.interrupt.question).toContain('`f` (contents)');
});

it.each(['person', 'apart'])('%s ends it', (answer) => {
  const run = worked();
  merged(run, { resolver: null });
  const [id = ''] = run.state.runQuestions;
  expect(run.reply(id, { text: 'agent' })).toMatchObject({ ok: false });
  expect(run.reply(id, { text: answer }).ok).toBe(true);
  run.plan();
  expect(run.status()).toBe('done');
});

it('agent makes one instance that starts from all of it, wherever the log was cut off', () => {
  const run = worked();
  merged(run);
  const [id = ''] = run.state.runQuestions;
  run.reply(id, { text: 'agent' });
  const answered = run.events.length;
  run.plan();
  for (let count = answered; count <= run.events.length; count += 1) {
    const again = new ScriptedRun([]);
    again.events.splice(0, Infinity, ...run.events);
    again.crashAfter(count);
    again.plan();
    // The program has a task of that name.
    const made = again.running('merge-2');
    expect(made).toMatchObject({ status: 'running', attempt: 1 });
    expect(Object.values(made.dependency_instances)).toEqual(
      result(again).sides.map(({ instance_id }) => instance_id),
    );
    committed(again, 'merge-2');
    expect(again.status()).toBe('pending');
    merged(again, { commit: 'm', conflicts: [] });
    expect(again.status()).toBe('done');
  }
});
