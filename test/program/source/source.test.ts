import { mkdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadProgram } from '../../../src/program/load-program.ts';
import { directorySource, editedSource, type Edits } from '../../../src/program/source/source.ts';
import { validateProgram } from '../../../src/program/validate.ts';
import { brief, sampleProgram, task, writeFiles, type Files } from '../sample-program.ts';

const files: Files = {
  'project.yaml': 'name: S\nworkspace: .\nedition: 2\n',
  'tasks/a.yaml': task('a', 'compose: [{kind: file, path: prompts/a.md}]\n'),
  'tasks/b.yaml': task('b', 'result_schema: schemas/b.json\n'),
  'prompts/a.md': 'Build it.\n',
  'schemas/b.json': '{"type": "object"}',
};

function edited(edits: Record<string, string | null>, on: Files = files) {
  return editedSource(directorySource(sampleProgram(on)), new Map(Object.entries(edits)));
}

describe('the files of a directory', () => {
  it('reads, lists by code unit, and says what is where', () => {
    const program = sampleProgram({ 'x/b': '2', 'x/B': '1', 'x/a.md': '\ufefftext' });
    mkdirSync(path.join(program, 'x/folder'));
    symlinkSync('nowhere', path.join(program, 'x/dangling'));
    const source = directorySource(program);
    expect(source.read('x/a.md')).toEqual({ ok: true, text: 'text' });
    expect(source.read('x/none')).toMatchObject({ ok: false, problem: { code: 'missing' } });
    expect(source.read('x/b', 0)).toMatchObject({ ok: false, problem: { code: 'too_large' } });
    expect(source.list('x')).toEqual(['B', 'a.md', 'b', 'dangling', 'folder']);
    expect(source.list('none')).toEqual([]);
    expect(['x', 'x/b', 'x/dangling', 'x/none'].map(source.kindOf)).toEqual([
      'folder',
      'file',
      null,
      null,
    ]);
  });
});

describe('a program as edits would leave it', () => {
  it('has the new text, and lacks what is deleted', () => {
    const source = edited({ 'prompts/a.md': 'Test it.\n', 'tasks/a.yaml': null });
    expect(source.read('prompts/a.md')).toEqual({ ok: true, text: 'Test it.\n' });
    expect(source.read('./prompts//a.md')).toEqual({ ok: true, text: 'Test it.\n' });
    expect(source.read('tasks/a.yaml')).toEqual({
      ok: false,
      problem: { code: 'missing', message: 'does not exist' },
    });
    expect(source.read('tasks/b.yaml')).toMatchObject({ ok: true });
    expect(source.kindOf('tasks/a.yaml')).toBeNull();
    expect(source.list('tasks')).toEqual(['b.yaml']);
  });

  it('has new files, and the folders above them', () => {
    const source = edited({ 'new/deep/one.md': '1', 'tasks/A.yaml': '2', 'gone/away.md': null });
    expect(source.list('tasks')).toEqual(['A.yaml', 'a.yaml', 'b.yaml']);
    expect(source.list('new')).toEqual(['deep']);
    expect(source.list('new/deep/')).toEqual(['one.md']);
    expect(source.list('.')).toEqual(['new', 'project.yaml', 'prompts', 'schemas', 'tasks']);
    expect(['new', 'new/deep', 'new/deep/one.md', 'gone', 'ne'].map(source.kindOf)).toEqual([
      'folder',
      'folder',
      'file',
      null,
      null,
    ]);
  });

  it('reads a text as it would read the file', () => {
    const source = edited({ 'a.md': '\ufeffx', 'b.md': 'x'.repeat(11) });
    expect(source.read('a.md')).toEqual({ ok: true, text: 'x' });
    expect(source.read('b.md', 10)).toEqual({
      ok: false,
      problem: { code: 'too_large', message: 'has 11 bytes; at most 10 are allowed' },
    });
  });

  it('leaves the directory as it is', () => {
    const program = sampleProgram(files);
    const source = directorySource(program);
    editedSource(source, new Map([['tasks/a.yaml', null]]));
    expect(source.list('tasks')).toEqual(['a.yaml', 'b.yaml']);
  });

  /** What validation says of the edits must be what it says once they are written. */
  it.each<[string, Record<string, string | null>, string[]]>([
    ['nothing', {}, []],
    ['a deleted prompt', { 'prompts/a.md': null }, ['error file.missing tasks/a.yaml:3:30']],
    [
      'a broken schema',
      { 'schemas/b.json': '{' },
      ['error result_schema.invalid schemas/b.json:1:1'],
    ],
    [
      'a schema that refers to a new one',
      { 'schemas/b.json': '{"$ref": "new.json"}', 'schemas/new.json': '{"type": "object"}' },
      [],
    ],
    [
      'a new role without its instructions',
      { 'assistant_roles/lead/role.yaml': 'id: lead\ntitle: Lead\n' },
      [
        'warning role.missing_operating_model assistant_roles/_shared/operating-model.md',
        'error role.missing_file assistant_roles/lead/role.yaml:1:1',
      ],
    ],
    [
      'a new input',
      {
        'project.yaml': 'name: S\nworkspace: .\nedition: 2\nuser_inputs: {x: x.json}\n',
        'x.json': '{',
      },
      ['error input.invalid x.json:1:2'],
    ],
    ['a preset', { 'presets/p.yaml': 'x' }, ['error preset.wrong_type presets/p.yaml:1:1']],
    ['a task of another ending', { 'tasks/c.yml': '' }, ['warning task.ignored_file tasks/c.yml']],
  ])('is validated as it would be on disk: %s', async (_what, changes, expected) => {
    const program = sampleProgram(files);
    const edits: Edits = new Map(Object.entries(changes));
    const say = async (source: ReturnType<typeof directorySource>): Promise<string[]> =>
      (await validateProgram(loadProgram(source, { globalRoot: null }))).map(brief);
    const before = await say(editedSource(directorySource(program), edits));
    writeFiles(
      program,
      Object.fromEntries([...edits].filter(([, text]) => text !== null)) as Files,
    );
    for (const [file, text] of edits) if (text === null) rmSync(path.join(program, file));
    const after = await say(directorySource(program));
    expect(before).toEqual(after);
    expect(before).toEqual(expected);
  });
});
