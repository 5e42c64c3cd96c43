/** Section 10 of the contract: proposals are recorded, marked, and nothing else. */
import { describe, expect, it } from 'vitest';
import type { Proposal } from '../../../src/model/run.ts';
import { NOW, RUN_ID, task } from '../../support/make.ts';
import { ScriptedRun } from '../scripted-run.ts';

function proposal(run: ScriptedRun, interruptId: string, number: number): Proposal {
  return {
    proposal_id: `prop-${interruptId}-0${number}`,
    run_id: RUN_ID,
    instance_id: run.last('a').instance_id,
    interrupt_id: interruptId,
    source_role_id: 'helper',
    requester_task_id: 'a',
    target_file_path: 'tasks/a.yaml',
    proposal: {
      kind: 'task_update',
      target: { task_id: 'a' },
      summary: 'say more',
      rationale: 'it was asked',
      suggested_content_mode: 'append',
      suggested_content: 'more',
    },
    status: 'proposed',
    status_note: null,
    created_at: NOW,
    status_updated_at: NOW,
  } as unknown as Proposal;
}

function asked(): { run: ScriptedRun; id: string } {
  const run = new ScriptedRun([task({ id: 'a' })]);
  return { run, id: run.ask(run.running('a')) };
}

describe('proposals', () => {
  it('are recorded once, however often they are reported, and those that break a rule as well', () => {
    const { run, id } = asked();
    const broken = (reason: string) => ({ reason, proposal: { kind: 'none' } });
    const record = (dropped: ReturnType<typeof broken>[], ...numbers: number[]): number => {
      const before = run.events.length;
      const proposals = numbers.map((number) => proposal(run, id, number));
      run.decide({ command: 'record_proposals', interrupt_id: id, proposals, dropped });
      return run.events.length - before;
    };
    const three = [broken('first'), broken('second'), broken('third')];
    expect(record(three.slice(0, 1), 1)).toBe(2);
    // A crash can have kept a part of a recording.
    expect(record(three, 1, 2)).toBe(3);
    expect(record(three, 1, 2)).toBe(0);
    expect(run.payloads('proposal_dropped').map(({ reason }) => reason)).toEqual([
      'first',
      'second',
      'third',
    ]);
    expect([...run.state.proposals.keys()]).toEqual([`prop-${id}-01`, `prop-${id}-02`]);
  });

  it('of a question that the run does not know change nothing', () => {
    const { run } = asked();
    const id = 'int-ffffffffffff';
    const dropped = [{ reason: 'none', proposal: null }];
    const proposals = [proposal(run, id, 1)];
    const decision = run.decide({
      command: 'record_proposals',
      interrupt_id: id,
      proposals,
      dropped,
    });
    expect(decision).toEqual({ ok: true, events: [] });
  });

  it('are marked, where they are there, and stay in the log as they were', () => {
    const { run, id } = asked();
    const proposals = [proposal(run, id, 1)];
    run.decide({ command: 'record_proposals', interrupt_id: id, proposals, dropped: [] });
    const mark = (number: number) =>
      run.decide({
        command: 'mark_proposal',
        proposal_id: `prop-${id}-0${number}`,
        status: 'rejected',
        note: 'no',
      });
    expect(mark(1)).toMatchObject({ ok: true, events: [{}] });
    expect(mark(2)).toEqual({ ok: true, events: [] });
    expect(run.state.proposals.get(`prop-${id}-01`)).toMatchObject({
      status: 'rejected',
      status_note: 'no',
    });
    expect(run.payloads('proposal_recorded')[0]?.proposal.status).toBe('proposed');
  });
});
