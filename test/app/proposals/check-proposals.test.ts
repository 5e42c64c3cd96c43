/** Suggestions that nobody vouches for, and what is made of them. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkProposals } from '../../../src/app/proposals/check-proposals.ts';
import type { Json } from '../../../src/model/json.ts';
import { parseCommand } from '../../../src/store/inbox/records.ts';
import { MESSAGE_LIMITS, parseForeignJson } from '../../../src/disk/foreign-json.ts';
import { sha256 } from '../../../src/disk/sha256.ts';
import { testDirectory } from '../../support/built-program.ts';

const programDir = testDirectory('check-proposals');
beforeAll(() => {
  mkdirSync(path.join(programDir, 'assistant_roles/r'), { recursive: true });
  writeFileSync(path.join(programDir, 'shared.md'), 'shared');
  writeFileSync(path.join(programDir, 'assistant_roles/r/own.md'), 'own');
});
afterAll(() => rmSync(programDir, { recursive: true, force: true }));

const context = {
  programDir,
  role: { id: 'r', instructions: 'shared.md', managed_assets: ['own.md'] },
  interrupt: { interrupt_id: 'int-0123456789ab', run_id: 'run', instance_id: 't-1', task_id: 't' },
  now: '2026-01-01T00:00:00.000Z',
};

function suggestion(change: Record<string, Json> = {}): Json {
  return {
    kind: 'instruction_update',
    summary: 's',
    rationale: '',
    suggested_content_mode: 'snippet',
    suggested_content: 'x',
    target: { role_id: 'r' },
    ...change,
  };
}

describe('a suggestion', () => {
  it('is recorded with its place in the answer, its file and what that holds', () => {
    const asset = { role_id: 'r', managed_asset_path: 'own.md' };
    const { proposals, dropped } = checkProposals(
      ['no', suggestion(), suggestion({ kind: 'managed_asset_update', target: asset })],
      context,
    );
    expect(dropped).toEqual([{ reason: 'it is not a JSON object', proposal: 'no' }]);
    expect(
      proposals.map(({ proposal_id, target_file_path }) => [proposal_id, target_file_path]),
    ).toEqual([
      ['prop-int-0123456789ab-02', 'shared.md'],
      ['prop-int-0123456789ab-03', 'assistant_roles/r/own.md'],
    ]);
    expect(proposals.map(({ proposal }) => proposal.target)).toEqual([
      { role_id: 'r', file_sha256: sha256('shared') },
      { ...asset, file_sha256: sha256('own') },
    ]);
  });

  it.each<{ target: Record<string, Json>; recorded: Record<string, Json> | string }>([
    { target: { program_asset_path: 'shared.md' }, recorded: { program_asset_path: 'shared.md' } },
    {
      target: { managed_asset_path: 'shared.md' },
      recorded: { program_asset_path: 'shared.md', managed_asset_path: 'shared.md' },
    },
    {
      target: { role_id: null, managed_asset_path: './new.md', program_asset_path: null },
      recorded: { program_asset_path: './new.md', managed_asset_path: './new.md' },
    },
    {
      target: { managed_asset_path: null, program_asset_path: 'shared.md' },
      recorded: { program_asset_path: 'shared.md' },
    },
    {
      target: { managed_asset_path: 'a.md', program_asset_path: 'shared.md' },
      recorded: 'two targets',
    },
    { target: { managed_asset_path: '../out.md' }, recorded: 'no file of the program' },
    { target: { managed_asset_path: '.runs/x' }, recorded: 'no part of the program' },
    { target: { managed_asset_path: 3 }, recorded: 'program_asset_path' },
  ])('of a file of the program may name it in two ways: $target', ({ target, recorded }) => {
    const change = { kind: 'program_asset_update', target };
    const { proposals, dropped } = checkProposals([suggestion(change)], context);
    if (typeof recorded === 'string') expect(dropped[0]?.reason).toContain(recorded);
    else expect(proposals[0]?.proposal.target).toMatchObject(recorded);
    expect(proposals).toHaveLength(typeof recorded === 'string' ? 0 : 1);
  });

  it.each([
    ['kind', { kind: 'rewrite_everything' }],
    ['suggested_content_mode', { suggested_content_mode: 'patch' }],
    ['suggested_content', { suggested_content: ' ' }],
    ['summary', { summary: null }],
    ['rationale', { rationale: 3 }],
    ['target', { target: 'r' }],
  ] as [string, Record<string, Json>][])('is dropped for its %s', (field, change) => {
    const { proposals, dropped } = checkProposals([suggestion(change)], context);
    expect(proposals).toEqual([]);
    expect(dropped[0]?.reason).toContain(`"${field}"`);
  });

  it('passes through the inbox, however large, deep or many they are', () => {
    let deep: Json = 1;
    for (let n = 0; n < 180; n += 1) deep = [deep];
    const large = suggestion({ suggested_content: 'x'.repeat(900_000) });
    const given = [
      deep,
      large,
      large,
      large,
      'y'.repeat(2_000_000),
      ...Array<Json>(200).fill(suggestion()),
    ];
    const checked = checkProposals(given, context);
    const command = { command: 'record_proposals', interrupt_id: 'int-0123456789ab', ...checked };
    const bytes = Buffer.from(JSON.stringify(command, null, 2));
    expect(bytes.length).toBeLessThan(MESSAGE_LIMITS.maxBytes);
    const read = parseForeignJson(bytes, MESSAGE_LIMITS.maxDepth);
    if (!read.ok) throw new Error(read.reason);
    expect(parseCommand(read.value)).toMatchObject({ ok: true });
    expect(checked.dropped.map(({ reason }) => reason).join('\n')).toMatch(
      /too large[\s\S]*106 more/,
    );
  });
});
