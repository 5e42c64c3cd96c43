import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  locateRoleFile,
  readRoleFiles,
} from '../../../../src/attempt/brief/assistant/role-files.ts';
import { OPERATING_MODEL_FILE } from '../../../../src/model/program-files.ts';
import { sampleProgram, type Files } from '../../../program/sample-program.ts';

const files: Files = {
  [OPERATING_MODEL_FILE]: 'All roles.\n',
  'assistant_roles/lead/instructions.md': '\ufeffLead.\n',
  'assistant_roles/lead/both.md': 'own',
  'both.md': 'shared',
  'notes.md': 'notes',
};
const role = {
  id: 'lead',
  instructions: 'instructions.md',
  managed_assets: ['both.md', 'notes.md'],
};

describe('the files of a role', () => {
  it('are looked up in its directory first, then in the program', async () => {
    const { operatingModel, instructions, assets } = await readRoleFiles(
      sampleProgram(files),
      role,
    );
    expect({ operatingModel, instructions }).toEqual({
      operatingModel: 'All roles.\n',
      instructions: 'Lead.\n',
    });
    expect(assets.map(({ path: place, excerpt }) => [place, excerpt.text])).toEqual([
      ['assistant_roles/lead/both.md', 'own'],
      ['notes.md', 'notes'],
    ]);
  });

  it('have a place where they would be', () => {
    expect(locateRoleFile(sampleProgram(files), 'lead', 'new.md')).toMatchObject({
      ok: true,
      path: 'assistant_roles/lead/new.md',
    });
  });

  it('are named where they are missing, outside or no text', async () => {
    const program = sampleProgram({ ...files, 'latin.md': Buffer.from([0xe4]) });
    symlinkSync('/', path.join(program, 'root'));
    const problem = async (change: Partial<typeof role>): Promise<string> =>
      readRoleFiles(program, { ...role, ...change }).then(
        () => 'none',
        ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
      );
    expect(await problem({ instructions: 'none.md' })).toBe(
      'role-file-missing: "none.md" of role lead exists neither in assistant_roles/lead nor in the program.',
    );
    expect(await problem({ instructions: '../../../x' })).toBe(
      'role-file-outside: "../../../x" of role lead cannot be used: the path must not contain "..".',
    );
    expect(await problem({ instructions: 'latin.md' })).toBe(
      'role-file-unreadable: latin.md is not UTF-8 text.',
    );
    expect(await problem({ managed_assets: ['gone.md'] })).toMatch(/^role-file-missing: "gone.md"/);
    await expect(readRoleFiles(sampleProgram(), role)).rejects.toMatchObject({
      code: 'role-file-missing',
      hint: 'codex-orch assistant-doc install',
    });
  });
});
