import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { resolveWorkspaces } from '../../src/program/workspaces.ts';
import { sampleProgram } from './sample-program.ts';

const plain = { id: 'a', workspace: null, extra_writable_roots: [] };

describe('where a task works', () => {
  function place(): string {
    const directory = sampleProgram({ 'repo/part/.keep': '', 'data/.keep': '' });
    return path.join(directory, 'program');
  }

  it('is the workspace of the project, or its own inside of that', () => {
    const program = place();
    const repo = path.join(program, '../repo');
    const values = { part: 'part\n', data: path.join(program, '../data') };
    const task = {
      id: 'a',
      workspace: '${inputs.part}',
      extra_writable_roots: ['${inputs.data}', '.'],
    };
    expect(resolveWorkspaces(program, { workspace: '../repo' }, plain, values)).toEqual({
      ok: true,
      workspaces: { projectWorkspaceDir: repo, cwd: repo, extraRoots: [] },
    });
    expect(resolveWorkspaces(program, { workspace: '../repo' }, task, values)).toEqual({
      ok: true,
      workspaces: {
        projectWorkspaceDir: repo,
        cwd: path.join(repo, 'part'),
        extraRoots: [values.data, path.join(repo, 'part')],
      },
    });
  });

  it('tells an input that is missing, and may come, from a place that is none', () => {
    const program = place();
    writeFileSync(path.join(program, '../file'), '');
    const resolve = (workspace: string, values = {}): unknown =>
      resolveWorkspaces(program, { workspace: '..' }, { ...plain, workspace }, values);
    expect(resolve('${inputs.later}')).toMatchObject({ ok: false, missingInput: true });
    expect(resolve('${inputs.later}', { later: '' })).toMatchObject({
      ok: false,
      missingInput: false,
      message: 'tasks.a.workspace "${inputs.later}": the input "later" is empty',
    });
    expect(resolve('none')).toMatchObject({ ok: false, missingInput: false });
    expect(resolve('file')).toMatchObject({
      ok: false,
      message: expect.stringMatching(/is no directory$/),
    });
  });
});
