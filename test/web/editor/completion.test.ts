/** What the page's editor offers while somebody writes a file of a program. `|` is the cursor. */
import { describe, expect, it } from 'vitest';
import { authoredSchema } from '../../../src/app/program/authored-schema.ts';
import type { ProgramView } from '../../../src/web/api/program.ts';
import { namesAt } from '../../../src/web/page/editor/program-names.ts';
import { offersOf } from '../../../src/web/page/editor/schema-completion.ts';
import { yamlPlace, type YamlPlace } from '../../../src/web/page/editor/yaml-place.ts';

function placeIn(text: string): YamlPlace | null {
  const at = text.indexOf('|');
  const before = text.slice(0, at).split('\n');
  const lines = (text.slice(0, at) + text.slice(at + 1)).split('\n');
  return yamlPlace(lines, before.length - 1, before.at(-1)?.length ?? 0);
}

function labels(text: string, kind = 'task'): string[] {
  const place = placeIn(text);
  return place === null ? [] : offersOf(authoredSchema(kind), place).map(({ label }) => label);
}

const program = {
  tasks: [
    { id: 'plan', title: 'Plan', publish: ['final.md', 'plan.json'], labels: ['nightly'] },
    { id: 'build', title: 'Build', publish: ['final.md'], labels: [] },
  ],
  roles: [{ id: 'boss', title: 'Boss' }],
  inputs: [{ key: 'topic' }],
  project: { agents: { quick: { backend: 'codex_cli' } } },
} as unknown as ProgramView;

function names(text: string): string[] {
  const place = placeIn(text);
  const known = { program, files: ['prompts/a.md', 'schemas/s.json', 'inputs/topic.txt'] };
  return place === null ? [] : namesAt(known, place, text).map(({ name }) => name);
}

describe('the place in a text that is being written', () => {
  it.each([
    ['|', [], 'key', ''],
    ['id: a\nsta|', [], 'key', 'sta'],
    ['status: re|', ['status'], 'value', 're'],
    ['depends_on:\n  - ta|', ['depends_on', '[]'], 'key', 'ta'],
    ['depends_on:\n- ta|', ['depends_on', '[]'], 'key', 'ta'],
    ['depends_on:\n  - task: a\n    ki|', ['depends_on', '[]'], 'key', 'ki'],
    [
      'depends_on:\n  - task: a\n    consume:\n      - fi|',
      ['depends_on', '[]', 'consume', '[]'],
      'key',
      'fi',
    ],
    [
      'depends_on:\n  - task: a\n    consume: [x, fi|',
      ['depends_on', '[]', 'consume', '[]'],
      'key',
      'fi',
    ],
    ['depends_on:\n  - {task: a, ki|', ['depends_on', '[]'], 'key', 'ki'],
    ['depends_on: [{task: a, kind: or|}]', ['depends_on', '[]', 'kind'], 'value', 'or'],
    [
      'control:\n  mode: route\n  routes:\n    - label: x\n      targets:\n        - b|',
      ['control', 'routes', '[]', 'targets', '[]'],
      'key',
      'b',
    ],
    ['# why\nlabels:\n\n  # these\n  - a\n  - |', ['labels', '[]'], 'key', ''],
    ['a:\n  b:\n    c: 1\n|', [], 'key', ''],
    ['title: "x"\n  |', ['title'], 'key', ''],
  ])('%j', (text, path, what, typed) => {
    expect(placeIn(text)).toMatchObject({ path, what, typed });
  });

  it.each(['# a comm|', 'title: x # wh|', 'title: "un|', 'run: |\n  set |'.replace('|\n', '>\n')])(
    'is none in %j',
    (text) => expect(placeIn(text)).toBeNull(),
  );
});

describe('what is offered', () => {
  it('is the fields that are not there yet', () => {
    const offered = labels('id: a\ntitle: A\n|\nstatus: ready\n');
    expect(offered).toContain('depends_on');
    expect(offered).toContain('agent');
    for (const there of ['id', 'title', 'status']) expect(offered).not.toContain(there);
  });

  it('is the values of a field', () => {
    expect(labels('status: |')).toEqual(expect.arrayContaining(['draft', 'ready', 'archived']));
    expect(labels('depends_on:\n  - task: a\n    kind: |').sort()).toEqual(['context', 'order']);
    expect(labels('interaction_policy:\n  allow_human: |')).toEqual(['true', 'false']);
    expect(labels('default_sandbox: |', 'project')).toContain('read-only');
  });

  it('is what goes with what stands beside', () => {
    expect(labels('compose:\n  - kind: ref\n    |')).toEqual(['ref']);
    expect(labels('compose:\n  - kind: |\n    text: x')).toEqual(
      expect.arrayContaining(['file', 'ref', 'literal']),
    );
    expect(labels('control:\n  |\n  mode: loop')).toContain('max_iterations');
    expect(labels('control:\n  |\n  mode: loop')).not.toContain('routes');
    expect(labels('compose: [{kind: file, |')).toEqual(['path']);
  });

  it('reaches into presets and roles', () => {
    expect(labels('tasks:\n  - id: a\n    depends_on:\n      - kind: |', 'preset').sort()).toEqual([
      'context',
      'order',
    ]);
    expect(labels('policy:\n  |', 'role')).toContain('decision_kinds');
  });
});

describe('names of the program', () => {
  it.each([
    ['depends_on:\n  - task: |', ['plan', 'build']],
    ['depends_on: [{task: |', ['plan', 'build']],
    ['control:\n  mode: loop\n  stop_targets: [|', ['plan', 'build']],
    [
      'control:\n  mode: route\n  routes:\n    - label: x\n      targets:\n        - |',
      ['plan', 'build'],
    ],
    [
      'depends_on:\n  - task: plan\n    kind: context\n    consume:\n      - |',
      ['final.md', 'plan.json'],
    ],
    ['depends_on:\n  - task: plan\n    consume: [|', ['final.md', 'plan.json']],
    ['depends_on:\n  - {task: plan, kind: context, consume: [|', ['final.md', 'plan.json']],
    ['agent: |', ['quick', 'default', 'shell']],
    ['assistant_hints:\n  preferred_roles: [|', ['boss']],
    ['labels:\n  - |', ['nightly']],
    ['compose:\n  - kind: file\n    path: |', ['prompts/a.md']],
    ['result_schema: |', ['schemas/s.json']],
    ['user_inputs:\n  topic: |', ['inputs/topic.txt']],
    ['tasks:\n  - id: x\n    depends_on:\n      - task: |', ['plan', 'build']],
    [
      'depends_on: [{task: plan, kind: order}]\nwhen:\n  ref: |',
      [
        'inputs.topic',
        ...['deps.plan.result', 'deps.plan.artifacts.final.md', 'deps.plan.artifacts.plan.json'],
        ...['runtime.replies', 'runtime.latest_reply'],
      ],
    ],
  ])('%j', (text, expected) => expect(names(text)).toEqual(expected));
});
