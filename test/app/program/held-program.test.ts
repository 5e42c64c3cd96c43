/** One edit of a program at a time, and none on what is no longer there. */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { commitEdit } from '../../../src/app/program/edit.ts';
import { addEdge } from '../../../src/app/program/edit-edge.ts';
import { listTasks, updateTask } from '../../../src/app/program/edit-task.ts';
import { editProgram } from '../../../src/app/program/held-program.ts';
import { initProgram } from '../../../src/app/program/init.ts';
import { ownWorld } from '../../support/world.ts';
import {
  placeOf,
  sampleProgram,
  task,
  temporaryDirectory,
  writeFiles,
} from '../../program/sample-program.ts';

const eight = Array.from({ length: 8 }, (_, index) => `d${index}`);

describe('edits at the same time', () => {
  it('all stand in the file, or say that they do not', async () => {
    const program = sampleProgram({
      ...Object.fromEntries(eight.map((id) => [`tasks/${id}.yaml`, task(id)])),
      'tasks/j.yaml': task('j'),
    });
    const place = placeOf(program);
    await Promise.all([
      ...eight.map((source) =>
        addEdge(ownWorld, place, {
          source,
          target: 'j',
          kind: 'order',
          scopeAlias: null,
          consume: [],
        }),
      ),
      updateTask(ownWorld, place, 'j', 'labels: [x]', 'u.yaml'),
      updateTask(ownWorld, place, 'j', 'description: y', 'u.yaml'),
    ]);
    const j = listTasks(program).tasks.find(({ id }) => id === 'j');
    expect(j?.depends_on.map((dependency) => dependency.task).sort()).toEqual(eight);
    expect(j).toMatchObject({ labels: ['x'], description: 'y' });
  });

  it('make one program, whoever is first', async () => {
    const place = placeOf(path.join(temporaryDirectory(), 'new'));
    const wanted = {
      workspace: '.',
      template: 'basic',
      description: null,
      defaultAgent: null,
      defaultSandbox: null,
      maxConcurrency: null,
      edition: 2,
    } as const;
    const tries = await Promise.allSettled(
      ['one', 'two', 'three'].map((name) => initProgram(ownWorld, place, { ...wanted, name })),
    );
    expect(tries.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
    const winner = ['one', 'two', 'three'][tries.findIndex(({ status }) => status === 'fulfilled')];
    const text = readFileSync(path.join(place.programDir, 'project.yaml'), 'utf8');
    expect(text).toContain(`name: ${winner}\n`);
  });

  it('wait for each other, say for whom, and give up within half a minute', async () => {
    const place = placeOf(sampleProgram({ 'tasks/a.yaml': task('a') }));
    let elapsedMs = 0;
    const said: string[] = [];
    const hurried = {
      clock: { ...ownWorld.clock, elapsedMs: () => (elapsedMs += 900) },
      onWait: (what: string) => void said.push(what),
    };
    await editProgram(ownWorld, place, 'task add', async () => {
      await expect(updateTask(hurried, place, 'a', 'labels: [x]', 'u.yaml')).rejects.toMatchObject({
        code: 'program-busy',
        message: expect.stringContaining(`"task add" (pid ${process.pid})`) as string,
      });
    });
    expect(elapsedMs).toBeLessThan(30_000);
    expect(said).toEqual([expect.stringContaining('waiting: the program is held by "task add"')]);
    await updateTask(hurried, place, 'a', 'labels: [x]', 'u.yaml');
  });

  it('take the lock over from one that died, and leave it when they fail', async () => {
    const place = placeOf(sampleProgram({ 'tasks/a.yaml': task('a') }));
    const update = () => updateTask(ownWorld, place, 'a', 'labels: [x]', 'u.yaml');
    await expect(updateTask(ownWorld, place, 'a', 'kind: no', 'u.yaml')).rejects.toThrow();
    await update();
    const lock = path.join(place.programDir, '.codex-orch/lock');
    const record = JSON.parse(readFileSync(path.join(lock, '00000002.json'), 'utf8')) as object;
    const died = { ...record, startTime: '1', released_at: null };
    writeFileSync(path.join(lock, '00000003.json'), JSON.stringify(died));
    await update();
  });
});

describe('an edit of a file that somebody else changes meanwhile', () => {
  it('is refused, and what was written stays', async () => {
    const place = placeOf(sampleProgram({ 'tasks/a.yaml': task('a') }));
    const file = path.join(place.programDir, 'tasks/a.yaml');
    const edit = editProgram(ownWorld, place, 'x', async (held) => {
      const before = held.source.read('tasks/a.yaml');
      appendFileSync(file, 'labels: [theirs]\n');
      const text = before.ok ? `${before.text}labels: [ours]\n` : '';
      return commitEdit(held, new Map([['tasks/a.yaml', text]]));
    });
    await expect(edit).rejects.toMatchObject({ code: 'edit-conflict' });
    expect(readFileSync(file, 'utf8')).toContain('theirs');
  });

  it('is refused where the file has come', async () => {
    const place = placeOf(sampleProgram());
    const file = path.join(place.programDir, 'tasks/a.yaml');
    const edit = editProgram(ownWorld, place, 'x', async (held) => {
      expect(held.source.kindOf('tasks/a.yaml')).toBeNull();
      writeFiles(place.programDir, { 'tasks/a.yaml': task('a', 'labels: [theirs]\n') });
      return commitEdit(held, new Map([['tasks/a.yaml', task('a')]]));
    });
    await expect(edit).rejects.toMatchObject({ code: 'edit-conflict' });
    expect(readFileSync(file, 'utf8')).toContain('theirs');
  });
});

it('what only reads leaves no trace', () => {
  const program = sampleProgram({ 'tasks/a.yaml': task('a') });
  listTasks(program);
  expect(existsSync(path.join(program, '.codex-orch'))).toBe(false);
});
