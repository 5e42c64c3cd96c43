/** 17. What a program may not ask of regions: `for_each` and `gather`, each with its place and what to write instead. */
import { describe, expect, it } from 'vitest';
import { brief, project, report, task, type Files } from '../sample-program.ts';

/** What is said of these files. */
async function found(files: Files): Promise<string[]> {
  const { errors, warnings, notes } = await report({
    'project.yaml': `${project}edition: 2\n`,
    ...files,
  });
  return [...errors, ...warnings, ...notes].map(
    (one) => `${brief(one)}: ${one.message}${one.hint === null ? '' : ` | ${one.hint}`}`,
  );
}

const find = task('find');
const fix = task(
  'fix',
  'for_each: {items: deps.find.result.failures, as: failure}\ndepends_on: [{task: find, kind: order}]\n',
);

describe('17. where tasks stand', () => {
  it('has nothing against a region that is gathered', async () => {
    const files = {
      'tasks/find.yaml': find,
      'tasks/fix.yaml': fix,
      'tasks/check.yaml': task('check', 'depends_on: [{task: fix, kind: order}]\n'),
      'tasks/end.yaml': task('end', 'depends_on: [{task: check, kind: order, gather: settled}]\n'),
    };
    expect(await found(files)).toEqual([]);
  });

  it('says where there is nothing to gather', async () => {
    const files = {
      'tasks/find.yaml': find,
      'tasks/end.yaml': task('end', 'depends_on: [{task: find, kind: order, gather: all}]\n'),
    };
    expect(await found(files)).toEqual([
      'error task.gather_without_region tasks/end.yaml:3:48: there is nothing to gather: "find" stands in no region, and has one instance | Remove "gather", or give the task that is to run for every item "for_each".',
    ]);
  });
});

const files: Files = { 'tasks/find.yaml': find };
const schema = JSON.stringify({
  type: 'object',
  properties: {
    failures: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          file: { type: 'string' },
          lines: { type: 'array', items: { type: 'integer' } },
        },
        required: ['file', 'lines'],
        additionalProperties: false,
      },
    },
    count: { type: 'integer' },
  },
  required: ['failures', 'count'],
  additionalProperties: false,
});

/** A task `fix` for the items of this, with more lines. */
function each(forEach: string, more = 'depends_on: [{task: find, kind: order}]\n'): Files {
  return {
    'tasks/find.yaml': task('find', 'result_schema: find.json\n'),
    'find.json': schema,
    'tasks/fix.yaml': task('fix', `for_each: ${forEach}\n${more}`),
  };
}

/** The task at the end, which gathers. */
function gathering(depends: string, more = ''): Files {
  return {
    ...each('{items: deps.find.result.failures, as: failure}'),
    'tasks/check.yaml': task('check', 'depends_on: [{task: fix, kind: order}]\n'),
    'tasks/end.yaml': task('end', `depends_on: ${depends}\n${more}`),
  };
}

const inputOf = (text: string): Files => ({
  'project.yaml': `${project}edition: 2\nuser_inputs: {files: files.yaml}\n`,
  'files.yaml': text,
});

const boundTo = (agent: string, items: string, more = ''): Files => ({
  'project.yaml': `${project}edition: 2\nagents: {strict: {backend: codex}, quick: {backend: codex}}\n`,
  ...each(`{items: ${items}, as: reviewer}`, `agent: ${agent}\n${more}`),
});

interface Case {
  name: string;
  files: Files;
  expected: string[];
  says?: string[];
}

const cases: Case[] = [
  {
    name: 'a list that leads to no dependency',
    files: {
      ...files,
      'tasks/fix.yaml': task('fix', 'for_each: {items: deps.find.result, as: x}\n'),
    },
    expected: ['error task.unknown_reference tasks/fix.yaml:3:19'],
    says: ['which this task does not have'],
  },
  {
    name: 'a list that is a file',
    files: each(
      '{items: deps.find.artifacts.final.md, as: x}',
      'depends_on: [{task: find, kind: context, consume: [final.md]}]\n',
    ),
    expected: ['error task.reference_is_no_value tasks/fix.yaml:3:19'],
  },
  {
    name: 'a list written as in other tools',
    files: each('{items: "${{ deps.find.result.failures }}", as: x}'),
    expected: ['error task.unknown_reference tasks/fix.yaml:3:19'],
    says: ['Write it without braces: deps.find.result.failures'],
  },
  {
    name: 'no list',
    files: each('{items: {a: 1}, as: x}'),
    expected: ['error task.wrong_type tasks/fix.yaml:3:19'],
    says: ['"items" must be a list'],
  },
  {
    name: 'a reference alone',
    files: each('deps.find.result.failures'),
    expected: ['error task.wrong_type tasks/fix.yaml:3:11'],
    says: ['Write {items: deps.find.result.failures, as: item}'],
  },
  {
    name: 'what the result_schema says is no list',
    files: each('{items: deps.find.result.count, as: x}'),
    expected: ['error task.reference_ruled_out tasks/fix.yaml:3:19'],
    says: ['(type integer) is no array'],
  },
  {
    name: 'a path that the result_schema rules out',
    files: each('{items: deps.find.result.failure, as: x}'),
    expected: ['error task.reference_ruled_out tasks/fix.yaml:3:19'],
    says: ['Did you mean "failures"?'],
  },
  {
    name: 'a key that the result_schema rules out',
    files: each('{items: deps.find.result.failures, as: x, key: name}'),
    expected: ['error task.reference_ruled_out tasks/fix.yaml:3:58'],
    says: ['there is no "name"'],
  },
  {
    name: 'a key that is no text',
    files: each('{items: deps.find.result.failures, as: x, key: lines}'),
    expected: ['error task.reference_ruled_out tasks/fix.yaml:3:58'],
    says: ['(type array) is no string or number or integer'],
  },
  {
    name: 'a key that may be',
    files: each('{items: deps.find.result.failures, as: x, key: file}'),
    expected: [],
  },
  {
    name: 'keys that are the same, by case too',
    files: each('{items: [{f: a}, {f: A}, {f: b}, {f: 2}, {f: "2"}], as: x, key: f}', ''),
    expected: ['error for_each.key tasks/fix.yaml:3:28', 'error for_each.key tasks/fix.yaml:3:52'],
    says: ['item 1 (they count from 0) has the key "A" of item 0'],
  },
  {
    name: 'items without a key',
    files: each('{items: [{f: a}, {g: 1}, text, {f: null}, {f: ""}], as: x, key: f}', ''),
    expected: [28, 36, 42, 53].map((column) => `error for_each.key tasks/fix.yaml:3:${column}`),
    says: [
      'the item has no "f" (it has "g")',
      'the item is a string, which has no "f"',
      'is null, not a text or a number',
      'is empty',
    ],
  },
  {
    name: 'more than max_items',
    files: each('{items: [a, b, c], as: x, max_items: 2}', ''),
    expected: ['error for_each.too_many tasks/fix.yaml:3:19'],
    says: ['has 3 items'],
  },
  { name: 'none', files: each('{items: [], as: x}', ''), expected: [] },
  {
    name: 'names that are no input, and bounds that are none',
    files: each(
      '{items: [a], as: a.b, key: a..b, max_parallel: 0, ask_above: -1, stop_after: 0}',
      '',
    ),
    expected: [28, 38, 58, 72, 88].map(
      (column) => `error task.bad_value tasks/fix.yaml:3:${column}`,
    ),
  },
  {
    name: 'more at a time than the project allows',
    files: each('{items: [a], as: x, max_parallel: 9}', ''),
    expected: ['warning for_each.max_parallel tasks/fix.yaml:3:45'],
    says: ['no more than 2 attempts run at a time'],
  },
  {
    name: 'an input of the same name',
    files: { ...inputOf('[a]'), ...each('{items: inputs.files, as: files}', '') },
    expected: [
      'error for_each.own_item tasks/fix.yaml:3:19',
      'error for_each.input_taken tasks/fix.yaml:3:37',
    ],
  },
  {
    name: 'the name of a region around it',
    files: {
      ...each('{items: deps.find.result.failures, as: x}'),
      'tasks/part.yaml': task(
        'part',
        'for_each: {items: inputs.x.lines, as: x}\ndepends_on: [{task: fix, kind: order}]\n',
      ),
    },
    expected: [
      'error for_each.own_item tasks/part.yaml:3:19',
      'error for_each.input_taken tasks/part.yaml:3:39',
    ],
    says: ['the region of "fix" around it has the input "x"'],
  },
  {
    name: 'an input that is no list',
    files: { ...inputOf('a: 1'), ...each('{items: inputs.files, as: x}', '') },
    expected: ['error for_each.no_list tasks/fix.yaml:3:19'],
    says: ['(files.yaml) is no list: "inputs.files" is an object'],
  },
  {
    name: 'the list of an input whose keys are the same',
    files: { ...inputOf('[{f: a}, {f: a}]'), ...each('{items: inputs.files, as: x, key: f}', '') },
    expected: ['error for_each.key tasks/fix.yaml:3:19'],
  },
  {
    name: 'an item outside of its region',
    files: gathering(
      '[{task: fix, kind: order, gather: all}]',
      'compose: [{kind: ref, ref: inputs.failure.file}]\n',
    ),
    expected: ['warning for_each.input_elsewhere tasks/end.yaml:4:28'],
  },
  {
    name: 'what is gathered, by its list',
    files: gathering(
      '[{task: fix, kind: order, gather: all}]',
      'compose: [{kind: ref, ref: deps.fix.result.0.result.verdict}]\n',
    ),
    expected: [],
  },
  {
    name: 'what is gathered, as if it were one',
    files: gathering(
      '[{task: fix, kind: order, gather: all}]',
      'compose: [{kind: ref, ref: deps.fix.result.verdict}, {kind: ref, ref: deps.fix.result.0.verdict}]\n',
    ),
    expected: [
      'error task.reference_ruled_out tasks/end.yaml:4:28',
      'error task.reference_ruled_out tasks/end.yaml:4:71',
    ],
    says: ['what is gathered of "fix" is a list of its items'],
  },
  {
    name: 'a file of what is gathered that is not consumed',
    files: gathering(
      '[{task: fix, kind: context, consume: [final.md], gather: all}]',
      'compose: [{kind: ref, ref: deps.fix.artifacts.other.md}]\n',
    ),
    expected: ['error task.reference_not_consumed tasks/end.yaml:4:28'],
    says: ['other.md'],
  },
  {
    name: 'one task of a region with, another without gather',
    files: gathering('[{task: fix, kind: order, gather: all}, {task: check, kind: order}]'),
    expected: ['error task.gather_inside_region tasks/end.yaml:3:47'],
    says: ['the task depends on "check", so that it stands in the region of "fix" itself'],
  },
  {
    name: 'an optional gather',
    files: gathering('[{task: fix, kind: order, gather: all, optional: true}]'),
    expected: ['warning task.optional_without_effect tasks/end.yaml:3:62'],
  },
  {
    name: 'two regions of which neither lies in the other',
    files: {
      ...each('{items: [a], as: x}', ''),
      'tasks/other.yaml': task('other', 'for_each: {items: [b], as: y}\n'),
      'tasks/end.yaml': task(
        'end',
        'depends_on: [{task: fix, kind: order}, {task: other, kind: order}]\n',
      ),
    },
    expected: ['error task.regions_apart tasks/end.yaml:3:47'],
  },
  {
    name: 'a controller that leads into a region',
    files: {
      ...each('{items: [a], as: x}', ''),
      'tasks/pick.yaml': task(
        'pick',
        'kind: controller\ncontrol: {mode: route, routes: [{label: a, targets: [check]}]}\n',
      ),
      'tasks/check.yaml': task(
        'check',
        'depends_on: [{task: fix, kind: order}, {task: pick, kind: order}]\n',
      ),
    },
    expected: ['error control.target_in_region tasks/pick.yaml:4:54'],
    says: [
      'the target "check" stands in the region of "fix", and its controller "pick" in no region',
    ],
  },
  {
    name: 'an ambiguous alias',
    files: {
      ...files,
      'tasks/other.yaml': task('other'),
      'tasks/fix.yaml': task(
        'fix',
        'for_each: {items: deps.a.result.b.result, as: x}\ndepends_on: [{task: find, kind: order, as: a}, {task: other, kind: order, as: a.result.b}]\n',
      ),
    },
    expected: ['error task.ambiguous_reference tasks/fix.yaml:3:19'],
  },
  {
    name: 'a directory of the item with a tree',
    files: each('{items: [a], as: x}', 'workspace: ${inputs.x}\nisolation: tree\n'),
    expected: ['error tree.bound_workspace tasks/fix.yaml:4:12'],
    says: ['comes from the items of "fix"'],
  },
  {
    name: 'an agent that the items name',
    files: boundTo('"${inputs.reviewer.agent}"', '[{agent: strict}, {agent: default}]'),
    expected: [],
  },
  {
    name: 'an agent that no project has',
    files: boundTo('"${inputs.reviewer.agent}"', '[{agent: strict}, {agent: quik}, {name: x}]'),
    expected: [
      'error agent.undefined tasks/fix.yaml:3:37',
      'error agent.unresolved tasks/fix.yaml:3:52',
    ],
    says: ['Did you mean "quick"?', 'has no "agent"'],
  },
  {
    name: 'a model that the items do not name',
    files: boundTo('strict', '[{model: a}, {model: 2}]', 'model: "${inputs.reviewer.model}"\n'),
    expected: ['error agent.unresolved tasks/fix.yaml:3:32'],
  },
  {
    name: 'an agent that takes no run, which an item names',
    files: boundTo('"${inputs.reviewer}"', '[shell, strict]', 'run: "true"\n'),
    expected: ['error agent.unresolved tasks/fix.yaml:5:6'],
  },
  {
    name: 'what an agent is bound to, and nobody knows',
    files: boundTo('"${deps.find.result}"', '[a]'),
    expected: ['error agent.unknown_reference tasks/fix.yaml:4:8'],
  },
];

describe('17. regions', () => {
  it.each(cases)('$name', async ({ files: given, expected, says = [] }) => {
    const all = await found(given);
    expect(all.map((one) => one.split(': ')[0])).toEqual(expected);
    for (const words of says) expect(all.join('\n')).toContain(words);
  });
});
