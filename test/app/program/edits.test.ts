import { readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  applyPreset,
  presetsOf,
  checkedPreview,
  previewPreset,
} from '../../../src/app/program/apply-preset.ts';
import { addEdge, listEdges, removeEdge } from '../../../src/app/program/edit-edge.ts';
import {
  addTasks,
  deleteTask,
  listTasks,
  showTask,
  updateTask,
} from '../../../src/app/program/edit-task.ts';
import { Refusal } from '../../../src/model/refusal.ts';
import { ownWorld } from '../../support/world.ts';
import {
  placeOf,
  PROMPT,
  sampleProgram,
  snapshot,
  task,
  writeFiles,
  type Files,
} from '../../program/sample-program.ts';

const two: Files = {
  'tasks/a.yaml': `# first\n${task('a', 'status: ready # now\nlabels:\n- x\n')}`,
  'tasks/b.yaml': task('b', 'depends_on:\n  # why\n  - {task: a, kind: order} # wait\n'),
};

function read(program: string, file: string): string {
  return readFileSync(path.join(program, file), 'utf8');
}

/** Runs an edit that must be refused, and must change nothing on disk. */
async function refusedWithoutTrace(
  program: string,
  edit: () => Promise<unknown>,
): Promise<{ code: string; exit: number; text: string }> {
  const before = snapshot(program);
  const error: unknown = await edit().then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Refusal);
  expect(snapshot(program)).toEqual(before);
  const { code, exit, message, hint } = error as Refusal;
  return { code, exit, text: `${message}\n${hint ?? ''}` };
}

describe('task edits', () => {
  it('adds a task as it was written', async () => {
    const program = sampleProgram(two);
    const text = `# mine\n${task('c', 'depends_on: [{task: b, kind: order}]\n')}`;
    expect(await addTasks(ownWorld, placeOf(program), text, 'c.yaml')).toEqual({
      ids: ['c'],
      warnings: [],
    });
    expect(read(program, 'tasks/c.yaml')).toBe(text);
  });

  it('adds several tasks that need each other, and JSON', async () => {
    const program = sampleProgram(two);
    const compose = [{ kind: 'literal', text: 'Work.' }];
    const gate = {
      id: 'gate',
      title: 'Gate',
      compose,
      kind: 'controller',
      control: { mode: 'route', routes: [{ label: 'yes', targets: ['after'] }] },
    };
    const edges = [{ task: 'gate', kind: 'order' }];
    const after = { id: 'after', title: 'After', compose, depends_on: edges };
    const alone = await refusedWithoutTrace(program, () =>
      addTasks(ownWorld, placeOf(program), JSON.stringify(gate), 'gate.json'),
    );
    expect(alone.text).toContain('there is no task "after" to go to');
    const added = await addTasks(
      ownWorld,
      placeOf(program),
      JSON.stringify([gate, after]),
      'both.json',
    );
    expect(added.ids).toEqual(['gate', 'after']);
    expect(showTask(program, 'gate').control?.mode).toBe('route');
  });

  it('updates top-level fields, and leaves comments and the rest', async () => {
    const program = sampleProgram(two);
    await updateTask(
      ownWorld,
      placeOf(program),
      'a',
      'status: done\ndescription: more\n',
      'u.yaml',
    );
    expect(read(program, 'tasks/a.yaml')).toBe(
      '# first\nid: a\ntitle: Task a\nstatus: done # now\nlabels:\n- x\n' +
        `${PROMPT}description: more\n`,
    );
  });

  it.each([
    ['a missing dependency', 'depends_on: [{task: zz, kind: order}]', 'edit-breaks-program'],
    ['a cycle', 'depends_on: [{task: b, kind: order}]', 'edit-breaks-program'],
    ['a wrong type', 'title: 3', 'edit-breaks-program'],
    ['the id of another task', 'id: b', 'task-exists'],
    ['broken YAML', 'title: [', 'task-invalid'],
    ['a list', '[]', 'task-invalid'],
  ])('refuses an update with %s, and changes nothing', async (_name, text, code) => {
    const program = sampleProgram(two);
    const refusal = await refusedWithoutTrace(program, () =>
      updateTask(ownWorld, placeOf(program), 'a', text, 'u.yaml'),
    );
    expect(refusal).toMatchObject({ code, exit: 2 });
  });

  it('lets an edit through that leaves earlier errors as they were', async () => {
    const program = sampleProgram({ ...two, 'tasks/c.yaml': task('c', 'kind: controller\n') });
    await updateTask(ownWorld, placeOf(program), 'a', 'title: New', 'u.yaml');
    expect(showTask(program, 'a').title).toBe('New');
  });

  it('deletes only what nobody needs', async () => {
    const program = sampleProgram(two);
    const refusal = await refusedWithoutTrace(program, () =>
      deleteTask(ownWorld, placeOf(program), 'a'),
    );
    expect(refusal.text).toContain('codex-orch edge remove a b order');
    await deleteTask(ownWorld, placeOf(program), 'b');
    await deleteTask(ownWorld, placeOf(program), 'a');
    expect(listTasks(program).tasks).toEqual([]);
  });

  it.each(['nope', '../project', ''])('does not know a task %j', async (id) => {
    const program = sampleProgram(two);
    const place = placeOf(program);
    expect(() => showTask(program, id)).toThrow(expect.objectContaining({ exit: 4 }) as Error);
    expect((await refusedWithoutTrace(program, () => deleteTask(ownWorld, place, id))).exit).toBe(
      4,
    );
    expect(
      (await refusedWithoutTrace(program, () => updateTask(ownWorld, place, id, 'a: 1', 'f'))).exit,
    ).toBe(4);
  });
});

describe('edge edits', () => {
  it('adds and removes edges, and keeps comments', async () => {
    const program = sampleProgram(two);
    const edge = {
      source: 'a',
      target: 'b',
      kind: 'context',
      scopeAlias: 'x',
      consume: ['final.md'],
    } as const;
    const added = await addEdge(ownWorld, placeOf(program), { ...edge, consume: ['final.md'] });
    expect(added.edge).toEqual({
      source: 'a',
      target: 'b',
      kind: 'context',
      scope: 'x',
      consume: ['final.md'],
    });
    expect(read(program, 'tasks/b.yaml')).toContain('# why\n  - {task: a, kind: order} # wait\n');
    expect(listEdges(program).edges).toHaveLength(2);
    await removeEdge(ownWorld, placeOf(program), 'a', 'b', 'context');
    expect(read(program, 'tasks/b.yaml')).toBe(two['tasks/b.yaml']);
    await removeEdge(ownWorld, placeOf(program), 'a', 'b', 'order');
    expect(listEdges(program).edges).toEqual([]);
  });

  it.each([
    ['a duplicate scope', 'a', 'b', 'order', null, [], 2],
    ['a cycle', 'b', 'a', 'order', null, [], 2],
    ['nothing consumed', 'a', 'b', 'context', 'x', [], 2],
    ['a file that is not published', 'a', 'b', 'context', 'x', ['no.md'], 2],
    ['an unknown source', 'zz', 'b', 'order', null, [], 4],
    ['an unknown target', 'a', 'zz', 'order', null, [], 4],
  ] as const)('refuses %s', async (_name, source, target, kind, scopeAlias, consume, exit) => {
    const program = sampleProgram(two);
    const refusal = await refusedWithoutTrace(program, () =>
      addEdge(ownWorld, placeOf(program), {
        source,
        target,
        kind,
        scopeAlias,
        consume: [...consume],
      }),
    );
    expect(refusal.exit).toBe(exit);
  });

  it('does not know an edge of another kind', async () => {
    const program = sampleProgram(two);
    const refusal = await refusedWithoutTrace(program, () =>
      removeEdge(ownWorld, placeOf(program), 'a', 'b', 'context'),
    );
    expect(refusal).toMatchObject({ code: 'edge-unknown', exit: 4 });
    expect(refusal.text).toContain('kind order');
  });
});

describe('2.4 Presets', () => {
  const preset = (tasks: string): string =>
    `id: p\ntitle: P\nvariables:\n  name: {}\n  cost: {default: "5"}\n  note: {required: false}\ntasks:\n${tasks}`;
  const pair = preset(
    [
      '  - {id: "${name}_one", title: "$name for $$$cost, ${inputs.k} $1$note", agent: shell, run: x}',
      '  - {id: "${name}_two", title: x, depends_on: [{task: "${name}_one", kind: order}], agent: shell, run: x}',
      '',
    ].join('\n'),
  );
  const name = new Map([['name', 'my']]);
  const does = 'agent: shell, run: x';

  it('checks what a preview would break, and fills in the defaults', () => {
    const program = sampleProgram({ 'presets/p.yaml': pair });
    const { complete } = checkedPreview(placeOf(program), 'p', name);
    expect(complete[0]).toMatchObject({ status: 'draft', publish: ['final.md'], labels: [] });
    const broken = preset(
      '  - {id: x, title: x, depends_on: [{task: nobody, kind: order}], agent: shell, run: x}\n',
    );
    const place = placeOf(sampleProgram({ 'presets/p.yaml': broken }));
    expect(() => checkedPreview(place, 'p', name)).toThrow(
      'there is no task "nobody" to depend on',
    );
  });

  it('previews with variables in place', () => {
    const program = sampleProgram({ 'presets/p.yaml': pair });
    const { tasks } = previewPreset(placeOf(program), 'p', name);
    expect(tasks[0]).toMatchObject({ id: 'my_one', title: 'my for $5, ${inputs.k} $1' });
    expect(tasks[1]).toMatchObject({ depends_on: [{ task: 'my_one' }] });
  });

  it('writes all tasks, refuses to overwrite, and overwrites when told', async () => {
    const program = sampleProgram({ 'presets/p.yaml': pair, 'tasks/my_two.yaml': task('my_two') });
    const place = placeOf(program);
    const apply = (overwrite: boolean): ReturnType<typeof applyPreset> =>
      applyPreset(ownWorld, place, 'p', name, { overwrite });
    const refusal = await refusedWithoutTrace(program, () => apply(false));
    expect(refusal).toMatchObject({ code: 'task-exists', exit: 2 });
    expect(await apply(true)).toMatchObject({ ids: ['my_one', 'my_two'], overwritten: ['my_two'] });
    expect(showTask(program, 'my_two').depends_on).toHaveLength(1);
  });

  it.each([
    ['a missing variable', pair, new Map<string, string>(), '--var name=…'],
    ['an unknown variable', pair, new Map([['nam', 'x']]), 'did you mean "name"?'],
    ['an unsafe id', pair, new Map([['name', '../x']]), 'no safe file name'],
    [
      'two tasks of one id',
      preset('  - {id: x, title: x}\n  - {id: $name, title: x}\n'),
      new Map([['name', 'x']]),
      'two tasks "x"',
    ],
    [
      'one bad task of two',
      preset(
        `  - {id: good, title: x, ${does}}\n  - {id: bad, title: x, status: $name, ${does}}\n`,
      ),
      name,
      '"status" must be one of',
    ],
  ])('writes nothing for %s', async (_name, text, variables, says) => {
    const program = sampleProgram({ 'presets/p.yaml': text });
    const refusal = await refusedWithoutTrace(program, () =>
      applyPreset(ownWorld, placeOf(program), 'p', variables, { overwrite: false }),
    );
    expect(refusal.exit).toBe(2);
    expect(refusal.text).toContain(says);
  });

  it('hides a global preset behind the program’s own', () => {
    const program = sampleProgram({ 'presets/p.yaml': pair });
    const globalRoot = path.join(program, 'global');
    const other = 'title: Global\ntasks: [{id: g, title: g}]\n';
    writeFiles(globalRoot, {
      'presets/p.yaml': `id: p\n${other}`,
      'presets/q.yaml': `id: q\n${other}`,
    });
    const { presets } = presetsOf({ programDir: program, globalRoot });
    expect(Object.entries(presets).map(([id, { source }]) => [id, source])).toEqual([
      ['p', 'program'],
      ['q', 'global'],
    ]);
  });

  it('does not know others', async () => {
    const program = sampleProgram({ 'presets/review.yaml': pair.replace('id: p', 'id: review') });
    const refusal = await refusedWithoutTrace(program, () =>
      applyPreset(ownWorld, placeOf(program), 'reveiw', name, { overwrite: false }),
    );
    expect(refusal).toMatchObject({ code: 'preset-unknown', exit: 4 });
    expect(refusal.text).toContain('did you mean "review"?');
  });
});

it('does not write through a link that leaves the program', async () => {
  const outside = sampleProgram();
  const program = sampleProgram();
  symlinkSync(outside, path.join(program, 'tasks'));
  const refusal = await refusedWithoutTrace(outside, () =>
    addTasks(ownWorld, placeOf(program), task('x'), 'x.yaml'),
  );
  expect(refusal.code).toBe('edit-outside');
});
