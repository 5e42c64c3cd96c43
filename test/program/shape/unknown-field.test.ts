/** Section 3: a name that is one of ours mis-spelt, or another tool's word for it, blocks; others do not. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { fileKinds, type FileKind } from '../../../src/program/shape/file-kinds.ts';
import { checkShape, type Fields, type Shape } from '../../../src/program/shape/shape.ts';

/** `error needs: here that is called "depends_on"` of each issue with an unknown name. */
function unknown(kind: FileKind, value: JsonObject): string[] {
  const found: string[] = [];
  checkShape({ type: 'object', fields: kind.fields, words: kind.words }, value, (issue) => {
    if (issue.code !== 'unknown_field') return;
    found.push(`${issue.severity} ${issue.path.join('.')}: ${issue.message} ${issue.hint ?? ''}`);
  });
  return found;
}

const { task, project, role, preset } = fileKinds;

/** File kind, a value with one wrong name, where it stands, and what has to be named. */
const cases: [FileKind, JsonObject, string, string][] = [
  [task, { depend_on: [] }, 'depend_on', '"depends_on"'],
  [task, { dependsOn: [] }, 'dependsOn', '"depends_on"'],
  [task, { 'depends-on': [] }, 'depends-on', '"depends_on"'],
  [task, { needs: ['a'] }, 'needs', 'depends_on: [{task: plan, kind: order}]'],
  [task, { Needs: ['a'] }, 'Needs', '"depends_on"'],
  [task, { requires: ['a'] }, 'requires', '"depends_on"'],
  [task, { after: 'a' }, 'after', '"depends_on"'],
  [task, { prompt: 'x' }, 'prompt', 'compose: [{kind: file, path: prompts/build.md}]'],
  [task, { command: 'x' }, 'command', 'run: npm test'],
  [task, { script: 'x' }, 'script', '"run"'],
  [task, { cmd: 'x' }, 'cmd', '"run"'],
  [task, { timeout: 5 }, 'timeout', 'project.yaml'],
  [task, { 'timeout-minutes': 5 }, 'timeout-minutes', 'node_wall_timeout_sec'],
  [task, { 'working-directory': '.' }, 'working-directory', '"workspace"'],
  [task, { tags: [] }, 'tags', '"labels"'],
  [task, { name: 'x' }, 'name', '"title"'],
  [task, { outputs: [] }, 'outputs', '"publish"'],
  [task, { schema: 'x' }, 'schema', '"result_schema"'],
  [task, { if: 'x' }, 'if', 'when: {ref: '],
  [task, { matrix: { items: [] } }, 'matrix', '"for_each"'],
  [task, { for_each: { in: [], as: 'x' } }, 'for_each.in', '"items"'],
  [
    task,
    { depends_on: [{ task: 'a', kind: 'order', collect: 'all' }] },
    'depends_on.0.collect',
    '"gather"',
  ],
  [task, { max_iterations: 3 }, 'max_iterations', '"control"'],
  [task, { env: {} }, 'env', 'agents.<name>.env'],
  [task, { depends_on: [{ id: 'a', kind: 'order' }] }, 'depends_on.0.id', '"task"'],
  [task, { depends_on: [{ taks: 'a', kind: 'order' }] }, 'depends_on.0.taks', '"task"'],
  [task, { compose: [{ kind: 'file', file: 'a.md' }] }, 'compose.0.file', '"path"'],
  [task, { compose: [{ type: 'file', path: 'a.md' }] }, 'compose.0.type', '"kind"'],
  [task, { compose: [{ kind: 'file', path: 'a', text: 'b' }] }, 'compose.0.text', 'kind: literal'],
  [task, { control: { mode: 'route', branches: [] } }, 'control.branches', '"routes"'],
  [
    task,
    { control: { mode: 'loop', maxIterations: 1 } },
    'control.maxIterations',
    'max_iterations',
  ],
  [
    task,
    { control: { mode: 'route', routes: [{ label: 'a', to: ['b'] }] } },
    'control.routes.0.to',
    '"targets"',
  ],
  [task, { assistant_hints: { roles: [] } }, 'assistant_hints.roles', '"preferred_roles"'],
  [task, { interaction_policy: { human: true } }, 'interaction_policy.human', '"allow_human"'],
  [
    task,
    { required_decisions: [{ kind: 'review' }] },
    'required_decisions.0.kind',
    'decision_kind',
  ],
  [project, { tasks: {} }, 'tasks', 'tasks/<id>.yaml'],
  [project, { inputs: {} }, 'inputs', '"user_inputs"'],
  [project, { concurrency: 2 }, 'concurrency', '"max_concurrency"'],
  [project, { timeout: 2 }, 'timeout', '"node_wall_timeout_sec"'],
  [project, { model: 'x' }, 'model', '"default_model"'],
  [project, { workspce: '.' }, 'workspce', '"workspace"'],
  [project, { agents: { a: { type: 'command' } } }, 'agents.a.type', '"backend"'],
  [project, { agents: { a: { cmd: ['x'] } } }, 'agents.a.cmd', '"command"'],
  [project, { agents: { a: { environment: {} } } }, 'agents.a.environment', '"env"'],
  [role, { prompt: 'x' }, 'prompt', '"instructions"'],
  [role, { managed_asets: [] }, 'managed_asets', '"managed_assets"'],
  [role, { policy: { labels: [] } }, 'policy.labels', '"task_labels_any"'],
  [preset, { parameters: {} }, 'parameters', '"variables"'],
  [preset, { variables: { a: { value: 'x' } } }, 'variables.a.value', '"default"'],
];

describe('3. names of fields', () => {
  it.each(cases.map((one) => [`${one[0].name} ${one[2]}`, one] as const))('%s', (_name, one) => {
    const [kind, value, place, names] = one;
    const found = unknown(kind, value);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^error /);
    expect(found[0]).toContain(`error ${place}: `);
    expect(found[0]).toContain(names);
  });

  it('leaves "x-…" to the author at every level, and warns of what means nothing of ours', () => {
    expect(unknown(task, { 'x-owner': 1, depends_on: [{ task: 'a', 'x-y': 1 }] })).toEqual([]);
    expect(unknown(task, { owner: 'me', compose: [{ kind: 'file', path: 'a', zzz: 1 }] })).toEqual([
      'warning owner: the field "owner" is unknown and ignored ',
      'warning compose.0.zzz: the field "zzz" is unknown and ignored ',
    ]);
  });

  it('takes the empty fields of other forms, which a program that writes all of them leaves', () => {
    expect(unknown(task, { compose: [{ kind: 'file', path: 'a', ref: null, text: '' }] })).toEqual(
      [],
    );
    const control = { mode: 'loop', continue_targets: ['a'], routes: [] };
    expect(unknown(task, { control })).toEqual([]);
  });

  it('has no word that is a field in the same place', () => {
    const clashes: string[] = [];
    const visit = (shape: Shape): void => {
      if (shape.type === 'list') visit(shape.items);
      if (shape.type === 'map') visit(shape.values);
      const forms: Fields[] =
        shape.type === 'object'
          ? [shape.fields]
          : shape.type === 'tagged'
            ? Object.values(shape.variants)
            : [];
      const known = forms.flatMap((fields) => Object.keys(fields));
      const words = 'words' in shape ? Object.entries(shape.words ?? {}) : [];
      for (const [word, meant] of words) {
        const isName = /^[a-z_]+$/.test(meant);
        if (known.includes(word) && shape.type !== 'tagged') clashes.push(word);
        if (isName && ![...known, ...('tag' in shape ? [shape.tag] : [])].includes(meant)) {
          clashes.push(`${word} -> ${meant}`);
        }
      }
      for (const field of forms.flatMap((fields) => Object.values(fields))) visit(field.shape);
    };
    for (const { fields, words } of Object.values(fileKinds))
      visit({ type: 'object', fields, words });
    expect(clashes).toEqual([]);
  });
});

/** Message and hint of the first issue. */
function first(value: JsonObject): string {
  const found: string[] = [];
  checkShape({ type: 'object', fields: task.fields, words: task.words }, value, (issue) =>
    found.push(`${issue.message}: ${issue.hint ?? ''}`),
  );
  return found[0] ?? '';
}

describe('3. a single thing where a list belongs', () => {
  const base = { id: 'a', title: 'A' };
  it.each([
    [{ depends_on: 'plan' }, '[{task: plan, kind: order}]'],
    [{ depends_on: ['plan'] }, '{task: plan, kind: order}'],
    [{ depends_on: { plan: { condition: 'done' } } }, '[{task: plan, kind: order}]'],
    [{ depends_on: { task: 'plan', kind: 'order' } }, 'into a list'],
    [{ compose: 'prompts/a.md' }, '[{kind: file, path: prompts/a.md}]'],
    [{ compose: 'Do the thing.' }, '[{kind: literal, text: Do the thing.}]'],
    [{ compose: ['inputs.brief'] }, '{kind: ref, ref: inputs.brief}'],
    [{ compose: [{ path: 'a.md' }] }, 'Add "kind: file".'],
    [{ labels: 'x' }, 'Write [x]'],
    [{ publish: 'a: b.md' }, 'Write ["a: b.md"]'],
    [{ required_decisions: ['review'] }, '{decision_kind: review}'],
  ] as [JsonObject, string][])('%j', (value, written) => {
    expect(first({ ...base, ...value })).toContain(written);
  });
});
