/** What a command file may ask for, and what the fields of a message may hold. */
import { expect, it } from 'vitest';
import { parseCommand, parseInterrupt, parseReply } from '../../../src/store/inbox/records.ts';
import { interrupt, NOW } from '../../support/make.ts';

const retry = { command: 'retry_instance', instance_id: 'a-00000000', granted_iterations: 0 };
const proposal = {
  proposal_id: 'prop-int-0123456789ab-01',
  run_id: '20260102030405-0123abcd',
  instance_id: 'a-00000000',
  interrupt_id: 'int-0123456789ab',
  source_role_id: 'role',
  requester_task_id: 'a',
  proposal: {
    kind: 'instruction_update',
    summary: 's',
    rationale: 'r',
    suggested_content_mode: 'snippet',
    suggested_content: 'c',
    target: {},
  },
  target_file_path: 'x.md',
  status: 'proposed',
  created_at: '2026-01-02T03:04:05.000Z',
  status_updated_at: '2026-01-02T03:04:05.000Z',
  status_note: null,
};
const record = { command: 'record_proposals', interrupt_id: 'int-0123456789ab', dropped: [] };

it.each([0, 3])('%i more iterations', (granted_iterations) => {
  expect(parseCommand({ ...retry, granted_iterations }).ok).toBe(true);
});

it.each([-1, 1.5, '2'])('not %j more iterations', (granted_iterations) => {
  expect(parseCommand({ ...retry, granted_iterations }).ok).toBe(false);
});

it('proposals whose ids are names of files, and of their question', () => {
  expect(parseCommand({ ...record, proposals: [proposal] })).toMatchObject({ ok: true });
  for (const proposal_id of [
    'prop-x',
    '../prop-int-0123456789ab-01',
    'prop-int-0123456789ab-1',
    7,
  ]) {
    const proposals = [{ ...proposal, proposal_id }];
    expect(parseCommand({ ...record, proposals })).toMatchObject({ ok: false });
  }
});

it('a grant of something', () => {
  const grant = { command: 'grant', instance_id: null };
  expect(parseCommand(grant)).toEqual({
    ok: false,
    reason: expect.stringMatching(/^"\w+" is missing \(.*, iterations\)$/),
  });
  expect(parseCommand({ ...grant, iterations: 2 })).toMatchObject({
    ok: true,
    value: { iterations: 2 },
  });
});

it('a thousand entries in a list', () => {
  const reply = (entries: number) =>
    parseReply(
      { text: 'left', citations: Array<string>(entries).fill('a') },
      { interruptId: 'int-0123456789ab', modifiedAt: NOW },
    );
  expect(reply(1000)).toMatchObject({ ok: true });
  expect(reply(1001)).toEqual({
    ok: false,
    reason: '"citations" has 1001 entries; at most 1000 are taken',
  });
});

it('roles by their ids', () => {
  const asked = interrupt();
  const naming = (role: string) =>
    parseInterrupt(
      { ...asked, requested_target_role_id: role },
      { interruptId: asked.interrupt_id, runId: asked.run_id, modifiedAt: NOW, asker: null },
    );
  expect(naming('reviewer')).toMatchObject({ ok: true });
  expect(naming('../reviewer')).toEqual({
    ok: false,
    reason: '"requested_target_role_id" is "../reviewer", which is no id',
  });
});
