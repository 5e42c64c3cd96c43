/** Section 3: what lies beside the program's files: workspaces, and files that were meant to be part of it. */
import { expect, it } from 'vitest';
import { validate } from '../../src/app/program/validate.ts';
import { brief, placeOf, project, report, sampleProgram, task } from './sample-program.ts';

it('a workspace that is no directory is an error at its place, of the project once', async () => {
  const found = await report({
    'project.yaml': 'name: x\nworkspace: ../nope\n',
    'tasks/a.yaml': task('a', 'workspace: part\n'),
  });
  expect(found.errors.map(brief)).toEqual(['error workspace.missing project.yaml:2:12']);
  expect(found.errors[0]?.message).toMatch(/^project\.workspace: \/.*\/nope does not exist$/);
});

it('of a task: its workspace and its writable roots', async () => {
  const { errors } = await report({
    'file.txt': '',
    'ws/x': '',
    'project.yaml': 'name: x\nworkspace: ws\n',
    'tasks/a.yaml': task('a', 'workspace: part\n'),
    'tasks/b.yaml': task('b', 'extra_writable_roots: [., ../file.txt]\n'),
    'tasks/c.yaml': task('c', 'workspace: .\n'),
  });
  expect(errors.map((one) => [brief(one), one.message.split(' ').slice(-2).join(' ')])).toEqual([
    ['error workspace.missing tasks/a.yaml:3:12', 'not exist'],
    ['error workspace.missing tasks/b.yaml:3:27', 'no directory'],
  ]);
});

it('with inputs in it, it is a note at most: the start may give others', async () => {
  const { errors, warnings, notes, ok } = await report({
    'project.yaml': `name: x\nworkspace: .\nedition: 2\nuser_inputs: {known: k.txt}\n`,
    'k.txt': 'nope\n',
    'tasks/a.yaml': task('a', 'workspace: ${inputs.later}\n'),
    'tasks/b.yaml': task('b', 'workspace: ${inputs.known}\n'),
  });
  expect({ errors, warnings, ok }).toEqual({ errors: [], warnings: [], ok: true });
  expect(notes.map(brief)).toEqual(['note workspace.missing tasks/b.yaml:3:12']);
});

it('is no matter of an edit', async () => {
  const place = placeOf(sampleProgram({ 'project.yaml': 'name: x\nworkspace: ../nope\n' }));
  const { report: after } = await validate(place, new Map([['tasks/a.yaml', task('a')]]));
  expect(after.errors).toEqual([]);
});

it('files that were meant to be part of the program get a word', async () => {
  const { warnings, errors } = await report({
    'project.yml': project,
    'Tasks/old.yaml': task('old'),
    'task/one.yml': task('one'),
    'roles/guide/role.yaml': 'id: guide\n',
    'assistant_roles/helper.yaml': 'id: helper\n',
    'presets/p.yml': 'id: p\n',
    'presets/more/q.yaml': 'id: q\n',
    'tasks/sub/x.yaml': task('x'),
    'tasks/sub/deep/y.yml': task('y'),
    'tasks/sub/notes.md': '',
    'tasks/z.json': '{}',
    'tasks/README.md': '',
    'prompts/x.yaml': '',
  });
  expect(errors).toEqual([]);
  expect(warnings.map(brief).sort()).toEqual([
    'warning preset.ignored_file presets/more/q.yaml',
    'warning preset.ignored_file presets/p.yml',
    'warning project.ignored_file project.yml',
    'warning role.ignored_file assistant_roles/helper.yaml',
    'warning role.ignored_file roles/',
    'warning task.ignored_file Tasks/',
    'warning task.ignored_file task/',
    'warning task.ignored_file tasks/sub/deep/y.yml',
    'warning task.ignored_file tasks/sub/x.yaml',
    'warning task.ignored_file tasks/z.json',
  ]);
});
