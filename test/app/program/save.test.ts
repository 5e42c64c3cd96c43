import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitEdit } from '../../../src/app/program/edit.ts';
import { editProgram } from '../../../src/app/program/held-program.ts';
import { inspectTask } from '../../../src/app/program/look.ts';
import { checkTask, saveTaskFields, saveTaskYaml } from '../../../src/app/program/save.ts';
import { ownWorld } from '../../support/world.ts';
import {
  placeOf,
  PROMPT,
  sampleProgram,
  snapshot,
  task,
  type Files,
} from '../../program/sample-program.ts';

const files: Files = {
  'tasks/a.yaml': `# first\n${task('a', 'labels: [x] # why\n')}`,
  'tasks/b.yaml': task('b', 'depends_on: [{task: a, kind: order}]\n'),
  'tasks/broken.yaml': task('broken', 'depends_on: [{task: nobody, kind: order}]\n'),
};

describe('saving a task from the page', () => {
  it('sets fields, keeps comments, and returns the task as it is now', async () => {
    const place = placeOf(sampleProgram(files));
    const { hash } = await inspectTask(place, 'a');
    const saved = await saveTaskFields(ownWorld, place, 'a', { title: 'New' }, hash);
    const text = `# first\nid: a\ntitle: New\nlabels: [x] # why\n${PROMPT}`;
    expect(readFileSync(path.join(place.programDir, 'tasks/a.yaml'), 'utf8')).toBe(text);
    expect(saved).toEqual(await inspectTask(place, 'a'));
    expect(saved).toMatchObject({ yaml: text, task: { title: 'New' }, diagnostics: [] });
  });

  it('keeps the byte order mark, the line breaks and the end of a file', async () => {
    const text =
      '\ufeffid: a\r\ntitle: Task a # a\r\nagent: shell\r\nmodel:\r\ndescription: d\r\n' +
      'run: |\r\n  x\r\n  y\r\nlabels: [x]';
    const place = placeOf(sampleProgram({ ...files, 'tasks/a.yaml': text }));
    const read = () => readFileSync(path.join(place.programDir, 'tasks/a.yaml'), 'utf8');
    const { hash, yaml } = await inspectTask(place, 'a');
    const saved = await saveTaskFields(ownWorld, place, 'a', { run: 'x\nz\n' }, hash);
    expect(read()).toBe(text.replace('  y\r\n', '  z\r\n'));
    // As a text field of a browser gives it back.
    const typed = yaml.replaceAll('\r\n', '\n').replace('  x\n', '  x\n  w\n');
    const typedIn = await saveTaskYaml(ownWorld, place, 'a', typed, saved.hash);
    expect(read()).toBe(text.replace('  x\r\n', '  x\r\n  w\r\n'));
    await saveTaskFields(
      ownWorld,
      place,
      'a',
      { model: 'm', description: null, labels: ['x', 'y'] },
      typedIn.hash,
    );
    expect(read()).toBe(
      text
        .replace('  x\r\n', '  x\r\n  w\r\n')
        .replace('description: d\r\n', '')
        .replace('model:', 'model: m')
        .replace('[x]', '[x, y]'),
    );
  });

  it('saves a text, with its problems of before', async () => {
    const place = placeOf(sampleProgram(files));
    const { yaml, hash, diagnostics } = await inspectTask(place, 'broken');
    const saved = await saveTaskYaml(ownWorld, place, 'broken', `${yaml}labels: [y]`, hash);
    expect(saved).toEqual(await inspectTask(place, 'broken'));
    expect(saved.task?.labels).toEqual(['y']);
    expect(saved.diagnostics).toEqual(diagnostics);
    expect(diagnostics.map(({ code }) => code)).toEqual(['task.unknown_dependency']);
  });

  it('refuses what would break the program, or was begun on another text', async () => {
    const place = placeOf(sampleProgram(files));
    const before = snapshot(place.programDir);
    const { hash } = await inspectTask(place, 'a');
    await expect(
      saveTaskFields(ownWorld, place, 'a', { kind: 'loop' }, hash),
    ).rejects.toMatchObject({
      code: 'edit-breaks-program',
    });
    await expect(saveTaskYaml(ownWorld, place, 'a', 'id: a\n', 'another')).rejects.toMatchObject({
      code: 'edit-conflict',
    });
    await expect(saveTaskYaml(ownWorld, place, 'none', '', hash)).rejects.toMatchObject({
      code: 'task-unknown',
      exit: 4,
    });
    expect(snapshot(place.programDir)).toEqual(before);
  });

  it('tells beforehand whether an edit breaks the program', async () => {
    const project = 'name: S\nworkspace: .\nedition: 2\n';
    const place = placeOf(sampleProgram({ ...files, 'project.yaml': project }));
    expect((await checkTask(place, 'a', task('a'))).ok).toBe(true);
    const { ok, diagnostics } = await checkTask(place, 'a', task('a', 'kind: loop\n'));
    expect(ok).toBe(false);
    expect(diagnostics.map(({ file, code }) => `${file} ${code}`)).toEqual([
      'tasks/a.yaml task.bad_value',
      'tasks/broken.yaml task.unknown_dependency',
    ]);
  });
});

describe('an edit of any file', () => {
  it('is refused where it breaks a schema or a prompt that tasks use', async () => {
    const place = placeOf(
      sampleProgram({
        'tasks/a.yaml': task(
          'a',
          'result_schema: s.json\ncompose: [{kind: file, path: prompt.md}]\n',
        ),
        's.json': '{"type": "object"}',
        'prompt.md': 'Do it.\n',
      }),
    );
    const before = snapshot(place.programDir);
    await expect(
      editProgram(ownWorld, place, 'x', (held) => commitEdit(held, new Map([['s.json', '{']]))),
    ).rejects.toMatchObject({
      code: 'edit-breaks-program',
    });
    await expect(
      editProgram(ownWorld, place, 'x', (held) => commitEdit(held, new Map([['prompt.md', null]]))),
    ).rejects.toMatchObject({
      code: 'edit-breaks-program',
    });
    expect(snapshot(place.programDir)).toEqual(before);
  });
});
