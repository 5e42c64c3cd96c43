/** A task gets another id, with all that refers to it, in one edit that a crash cannot cut in two. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { listTasks, showTask, updateTask } from '../../../src/app/program/edit-task.ts';
import { commitEdit } from '../../../src/app/program/edit.ts';
import { editProgram } from '../../../src/app/program/held-program.ts';
import { validate } from '../../../src/app/program/validate.ts';
import { newProblems } from '../../../src/app/program/worse.ts';
import { directorySource, pendingEditText } from '../../../src/program/source/source.ts';
import { ownWorld } from '../../support/world.ts';
import { placeOf, sampleProgram, task, type Files } from '../../program/sample-program.ts';

const files: Files = {
  'tasks/plan.yaml': `# the plan\n${task('plan', 'publish: [final.md]\n')}`,
  'tasks/build.yaml': task(
    'build',
    'depends_on:\n  - {task: plan, kind: context, consume: [final.md]} # why\ncompose:\n' +
      '  - kind: ref\n    ref: deps.plan.artifacts.final.md # its text\n',
  ),
  'tasks/check.yaml': task(
    'check',
    'depends_on: [{task: plan, kind: context, as: p, consume: [final.md]}]\ncompose: [{kind: ref, ref: deps.p.artifacts.final.md}]\n',
  ),
  'tasks/gate.yaml': task(
    'gate',
    'kind: controller\ndepends_on: [{task: build, kind: order}]\n' +
      'control: {mode: loop, continue_targets: [plan], max_iterations: 2} # again\n',
  ),
  'presets/more.yaml':
    'id: more\ntitle: More\ntasks:\n  - id: extra\n    title: Extra\n    depends_on: [{task: plan, kind: order}]\n',
  'assistant_roles/boss/role.yaml':
    'id: boss\ntitle: Boss\ninstructions: i.md\nmanaged_assets: [tasks/plan.yaml] # it\n',
  'assistant_roles/boss/i.md': 'Decide.\n',
};

describe('renaming a task', () => {
  it('takes along what refers to it, and leaves every other byte', async () => {
    const place = placeOf(sampleProgram(files));
    const read = (file: string): string => readFileSync(path.join(place.programDir, file), 'utf8');
    const { id } = await updateTask(ownWorld, place, 'plan', 'id: design\ntitle: D', 'u.yaml');
    expect(id).toBe('design');
    expect(existsSync(path.join(place.programDir, 'tasks/plan.yaml'))).toBe(false);
    expect(read('tasks/design.yaml')).toBe(
      String(files['tasks/plan.yaml']).replace(
        'id: plan\ntitle: Task plan',
        'id: design\ntitle: D',
      ),
    );
    const changed = (file: string, ...pairs: [string, string][]): string =>
      pairs.reduce((text, [from, to]) => text.replace(from, to), String(files[file]));
    const expected: Record<string, [string, string][]> = {
      'tasks/build.yaml': [
        ['task: plan', 'task: design'],
        ['deps.plan.', 'deps.design.'],
      ],
      'tasks/check.yaml': [['task: plan', 'task: design']],
      'tasks/gate.yaml': [['[plan]', '[design]']],
      'presets/more.yaml': [['task: plan', 'task: design']],
      'assistant_roles/boss/role.yaml': [['tasks/plan.yaml', 'tasks/design.yaml']],
    };
    for (const [file, pairs] of Object.entries(expected)) {
      expect(read(file), file).toBe(changed(file, ...pairs));
    }
    expect((await validate(place)).report.errors).toEqual([]);
    expect(existsSync(path.join(place.programDir, '.codex-orch/edit.json'))).toBe(false);
  });

  it('does not take the place of another, nor a name that is none', async () => {
    const place = placeOf(sampleProgram(files));
    const rename = (text: string) => updateTask(ownWorld, place, 'plan', text, 'u.yaml');
    await expect(rename('id: build')).rejects.toMatchObject({ code: 'task-exists' });
    await expect(rename('id: ../x')).rejects.toMatchObject({ code: 'task-invalid' });
    await expect(rename('id: 3')).rejects.toMatchObject({ code: 'task-invalid' });
  });

  it('is not stopped by errors that the task had', async () => {
    const place = placeOf(
      sampleProgram({ 'tasks/a.yaml': task('a', 'depends_on: [{task: zz, kind: order}]\n') }),
    );
    await updateTask(ownWorld, place, 'a', 'id: b', 'u.yaml');
    expect(listTasks(place.programDir).tasks.map(({ id }) => id)).toEqual(['b']);
  });
});

it('an edit of several files that was cut short counts, and the next one finishes it', async () => {
  const place = placeOf(sampleProgram({ 'tasks/a.yaml': task('a'), 'tasks/b.yaml': task('b') }));
  const at = (file: string): string => path.join(place.programDir, file);
  // As a process leaves it that dies before the first file.
  await editProgram(ownWorld, place, 'x', () => {
    const source = directorySource(place.programDir);
    const edits = new Map([
      ['tasks/a.yaml', null],
      ['tasks/b.yaml', task('b', 'labels: [done]\n')],
      ['tasks/c.yaml', task('c')],
    ]);
    writeFileSync(at('.codex-orch/edit.json'), pendingEditText(source, edits));
  });
  const ids = (): string[] => listTasks(place.programDir).tasks.map(({ id }) => id);
  expect(ids()).toEqual(['b', 'c']);
  expect(showTask(place.programDir, 'b').labels).toEqual(['done']);
  // What somebody writes since stays.
  writeFileSync(at('tasks/b.yaml'), task('b', 'labels: [mine]\n'));
  await updateTask(ownWorld, place, 'c', 'labels: [x]', 'u.yaml');
  expect(ids()).toEqual(['b', 'c']);
  expect(existsSync(at('tasks/a.yaml'))).toBe(false);
  expect(existsSync(at('.codex-orch/edit.json'))).toBe(false);
  expect(showTask(place.programDir, 'b').labels).toEqual(['mine']);
  expect(showTask(place.programDir, 'c').labels).toEqual(['x']);
});

describe('whether an edit makes a program worse', () => {
  const edit = async (before: Files, file: string, text: string): Promise<string[]> => {
    const place = placeOf(sampleProgram(before));
    const old = (await validate(place)).report.errors;
    const now = (await validate(place, new Map([[file, text]]))).report.errors;
    return newProblems(old, now).map(({ code }) => code);
  };
  const two = 'depends_on: [{task: a, kind: order}, {task: zz, kind: order}]\n';

  it('does not count errors that moved', async () => {
    const before = { 'tasks/a.yaml': task('a'), 'tasks/b.yaml': task('b', two) };
    const one = 'depends_on: [{task: zz, kind: order}]\n';
    expect(await edit(before, 'tasks/b.yaml', task('b', `# x\n${one}`))).toEqual([]);
    expect(await edit(before, 'tasks/b.yaml', task('b', `kind: no\n${one}`))).toEqual([
      'task.bad_value',
    ]);
    const more = two.replace('}]', '}, {task: yy, kind: order}]');
    expect(await edit(before, 'tasks/b.yaml', task('b', more))).toEqual([
      'task.unknown_dependency',
    ]);
  });

  it('lets a file be mended step by step', async () => {
    const before = { 'tasks/b.yaml': 'id: b\ntitle: [\n' };
    expect(await edit(before, 'tasks/b.yaml', task('b', two))).toEqual([]);
  });

  it('is asked by every verb', async () => {
    const place = placeOf(sampleProgram({ 'tasks/b.yaml': task('b', two) }));
    await expect(
      editProgram(ownWorld, place, 'x', (held) =>
        commitEdit(held, new Map([['tasks/c.yaml', task('c', two)]])),
      ),
    ).rejects.toMatchObject({ code: 'edit-breaks-program' });
  });
});
