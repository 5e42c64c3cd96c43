import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { validate } from '../../../src/app/program/validate.ts';
import {
  brief,
  placeOf,
  project,
  PROMPT,
  report,
  sampleProgram,
  task,
  temporaryDirectory,
  writeFiles,
  type Files,
} from '../sample-program.ts';

interface Case {
  name: string;
  files: Files;
  expected: string[];
  /** Parts of messages and hints that a reader needs. */
  says?: string[];
  saysNot?: string[];
}

/** One byte more than Linux takes at once. */
const long = 'x'.repeat(128 * 1024);

const order = (id: string): string => `depends_on: [{task: ${id}, kind: order}]\n`;

const syntax: Case[] = [
  {
    name: 'broken YAML',
    files: { 'tasks/a.yaml': 'id: a\ntitle: @me\n' },
    expected: ['error yaml.syntax tasks/a.yaml:2:8'],
  },
  {
    name: 'a quote that is not closed: where it is opened',
    files: { 'tasks/a.yaml': 'id: a\ntitle: "open\nstatus: ready\n' },
    expected: ['error yaml.syntax tasks/a.yaml:2:8'],
    says: ['Add the closing quote: "'],
  },
  {
    name: 'a bracket that is not closed: where the innermost of its kind is opened',
    files: { 'tasks/a.yaml': 'id: a\ntitle: a\nlabels: [a, [b\nstatus: ready\n' },
    expected: ['error yaml.syntax tasks/a.yaml:3:13'],
    says: ['the list that begins here does not end', 'Add the closing bracket: ]'],
  },
  {
    name: 'a duplicate key',
    files: { 'tasks/a.yaml': task('a', 'title: again\n') },
    expected: ['error yaml.duplicate_key tasks/a.yaml:3:1'],
    says: ['the key "title" occurs twice'],
  },
  {
    name: 'a project that cannot be read: its tasks are not to blame for the agents',
    files: {
      'project.yaml': 'name: v1\nworkspace: .\ndefault_agent: shell\nname: v2\n',
      'tasks/a.yaml': 'id: a\ntitle: a\nstatus: ready\nrun: echo\n',
    },
    expected: ['error yaml.duplicate_key project.yaml:4:1'],
  },
  {
    name: 'an input of a wrong name beside one without its file',
    files: {
      'project.yaml': `${project}user_inputs: {b: in/no.txt, "k y": in/broken.json}\n`,
      'in/broken.json': '{bad',
    },
    expected: [
      'error input.missing_file project.yaml:3:18',
      'error project.bad_value project.yaml:3:29',
    ],
  },
  {
    name: 'several documents',
    files: { 'tasks/a.yaml': `${task('a')}---\n${task('b')}` },
    expected: ['error yaml.multiple_documents tasks/a.yaml:4:1'],
  },
  {
    name: 'a tab as indentation',
    files: { 'tasks/a.yaml': task('a', 'assistant_hints:\n\task_when: []\n') },
    expected: ['error yaml.syntax tasks/a.yaml:4:1'],
    says: ['tabs cannot indent YAML'],
  },
  {
    name: 'text that is not UTF-8',
    files: {
      'tasks/a.yaml': Buffer.concat([Buffer.from('id: a\ntitle: caf'), Buffer.from([0xe9, 0x0a])]),
    },
    expected: ['error file.not_utf8 tasks/a.yaml'],
    says: ['offset 16 is 0xe9'],
  },
  {
    name: 'a file that is too large',
    files: { 'tasks/a.yaml': `# ${'x'.repeat(4 * 1024 * 1024)}\n` },
    expected: ['error file.too_large tasks/a.yaml'],
    says: ['at most 4194304'],
  },
  {
    name: 'brackets nested too deeply',
    files: { 'tasks/a.yaml': `labels: ${'['.repeat(5000)}` },
    expected: ['error yaml.too_deep tasks/a.yaml:1:109'],
  },
  {
    name: 'indentation nested too deeply',
    files: {
      'tasks/a.yaml': Array.from({ length: 5000 }, (_, i) => `${' '.repeat(i)}a:\n`)
        .slice(0, 1500)
        .join(''),
    },
    expected: ['error yaml.too_deep tasks/a.yaml'],
  },
  {
    name: 'aliases that explode',
    files: {
      'tasks/a.yaml': [
        'a: &a [x, x, x, x, x, x, x, x, x, x]',
        ...['b', 'c', 'd', 'e', 'f', 'g', 'h'].map(
          (name, i) => `${name}: &${name} [${Array(10).fill(`*${'abcdefg'[i]}`).join(', ')}]`,
        ),
      ].join('\n'),
    },
    expected: ['error yaml.too_large tasks/a.yaml'],
  },
  {
    name: 'a list instead of a mapping',
    files: { 'tasks/a.yaml': '- id: a\n' },
    expected: ['error task.wrong_type tasks/a.yaml:1:1'],
    says: ['must be a mapping, not a list'],
  },
  {
    name: 'an empty file',
    files: { 'tasks/a.yaml': '' },
    expected: [
      'error task.missing_field tasks/a.yaml:1:1',
      'error task.missing_field tasks/a.yaml:1:1',
      'error task.no_prompt tasks/a.yaml:1:1',
    ],
  },
  {
    name: 'no project.yaml',
    files: { 'project.yaml': '' },
    expected: [
      'error project.missing_field project.yaml:1:1',
      'error project.missing_field project.yaml:1:1',
    ],
    says: ['"name" is missing', '"workspace" is missing'],
  },
];

const fields: Case[] = [
  {
    name: 'an unknown field, near to a known one',
    files: { 'tasks/a.yaml': task('a', 'dependson: []\n') },
    expected: ['error task.unknown_field tasks/a.yaml:3:1'],
    says: ['Did you mean "depends_on"?'],
  },
  {
    name: 'a field of older programs',
    files: { 'project.yaml': `${project}default_assistant_profile: x\n` },
    expected: ['warning project.unknown_field project.yaml:3:1'],
  },
  {
    name: 'a number where a string belongs',
    files: { 'tasks/a.yaml': `id: a\ntitle: 12\n${PROMPT}` },
    expected: ['error task.wrong_type tasks/a.yaml:2:8'],
    says: ['Quote it: "12"'],
  },
  {
    name: 'a string where a number belongs',
    files: { 'project.yaml': `${project}max_concurrency: "2"\n` },
    expected: ['error project.wrong_type project.yaml:3:18'],
  },
  {
    name: 'no time at all, and concurrency of nothing',
    files: {
      'project.yaml': `${project}node_wall_timeout_sec: 0\nnode_idle_timeout_sec: -1\nmax_concurrency: 0\n`,
    },
    expected: [
      'error project.bad_value project.yaml:3:24',
      'error project.bad_value project.yaml:4:24',
      'error project.bad_value project.yaml:5:18',
    ],
  },
  {
    name: 'an unknown word of a fixed set',
    files: { 'tasks/a.yaml': task('a', 'status: redy\n') },
    expected: ['error task.bad_value tasks/a.yaml:3:9'],
    says: ['Did you mean "ready"?'],
  },
  {
    name: 'an id that differs from the file name',
    files: { 'tasks/a.yaml': task('b') },
    expected: ['error task.id_mismatch tasks/a.yaml:1:5'],
  },
  {
    name: 'an unsafe id',
    files: { 'tasks/a b.yaml': `id: a b\ntitle: x\n${PROMPT}` },
    expected: ['error task.bad_value tasks/a b.yaml:1:5', 'error task.bad_id tasks/a b.yaml:1:5'],
  },
  {
    name: 'a file that ends in .yml',
    files: { 'tasks/a.yml': task('a') },
    expected: ['warning task.ignored_file tasks/a.yml'],
  },
  {
    name: 'publishing outside',
    files: { 'tasks/a.yaml': task('a', 'publish: [../x, /etc/passwd, ok.md]\n') },
    expected: ['error task.bad_value tasks/a.yaml:3:11', 'error task.bad_value tasks/a.yaml:3:17'],
  },
  {
    name: 'an unknown part of a prompt',
    files: { 'tasks/a.yaml': task('a', 'compose:\n  - {kind: fil, path: x}\n  - {path: x}\n') },
    expected: [
      'error task.bad_value tasks/a.yaml:4:12',
      'error task.missing_field tasks/a.yaml:5:5',
    ],
  },
  {
    name: 'empty control lists, without a second complaint',
    files: { 'tasks/a.yaml': task('a', 'kind: controller\ncontrol: {mode: route, routes: []}\n') },
    expected: ['error task.bad_value tasks/a.yaml:4:32'],
  },
  {
    name: 'an unknown control mode',
    files: { 'tasks/a.yaml': task('a', 'kind: controller\ncontrol: {mode: lop}\n') },
    expected: ['error task.bad_value tasks/a.yaml:4:17'],
  },
  {
    name: 'words for truth values, and empty fields, which are fine',
    files: {
      'tasks/a.yaml': task('a', 'labels:\ninteraction_policy: {allow_human: yes}\ncontrol:\n'),
    },
    expected: [],
  },
];

const rules: Case[] = [
  {
    name: 'a missing dependency',
    files: { 'tasks/plan.yaml': task('plan'), 'tasks/b.yaml': task('b', order('paln')) },
    expected: ['error task.unknown_dependency tasks/b.yaml:3:21'],
    says: ['Did you mean "plan"?'],
  },
  {
    name: 'no blame for pointing to a task whose file is broken',
    files: { 'tasks/a.yaml': 'id: [', 'tasks/b.yaml': task('b', order('a')) },
    expected: ['error yaml.syntax tasks/a.yaml:1:5'],
  },
  {
    name: 'a cycle, with its name',
    files: {
      'tasks/a.yaml': task('a', order('c')),
      'tasks/b.yaml': task('b', order('a')),
      'tasks/c.yaml': task('c', order('b')),
    },
    expected: ['error task.cycle tasks/a.yaml:3:21'],
    says: ['a -> c -> b -> a'],
  },
  {
    name: 'a task that depends on itself',
    files: { 'tasks/a.yaml': task('a', order('a')) },
    expected: ['error task.cycle tasks/a.yaml:3:21'],
  },
  {
    name: 'a duplicate scope',
    files: {
      'tasks/a.yaml': task('a'),
      'tasks/b.yaml': task(
        'b',
        'depends_on:\n  - {task: a, kind: order}\n  - {task: a, kind: context, consume: [final.md]}\n',
      ),
    },
    expected: ['error task.duplicate_scope tasks/b.yaml:5:12'],
  },
  {
    name: 'consuming what is not published, nothing, or by an order edge',
    files: {
      'tasks/a.yaml': task('a'),
      'tasks/b.yaml': task(
        'b',
        'depends_on:\n  - {task: a, kind: context, consume: [finl.md], as: x}\n  - {task: a, kind: context}\n  - {task: a, kind: order, consume: [final.md], as: y}\n',
      ),
    },
    expected: [
      'error task.consume_not_published tasks/b.yaml:4:40',
      'error task.context_without_consume tasks/b.yaml:5:5',
      'error task.order_with_consume tasks/b.yaml:6:37',
    ],
    says: ['Did you mean "final.md"?'],
  },
  {
    name: 'a path that the schema of the result rules out',
    files: {
      'schemas/find.json':
        '{"type":"object","properties":{"failures":{"type":"array","items":{"type":"string"}}},"required":["failures"],"additionalProperties":false}',
      'tasks/find.yaml': task(
        'find',
        'result_schema: schemas/find.json\nagent: shell\nrun: make\n',
      ),
      'tasks/a.yaml': task(
        'a',
        `${order('find')}compose: [{kind: ref, ref: deps.find.result.failures.0}, {kind: ref, ref: deps.find.result.failure.0}]\n`,
      ),
    },
    expected: ['error task.reference_ruled_out tasks/a.yaml:4:75'],
    says: ['in the result there is no "failure" (only "failures")', 'Did you mean "failures"?'],
  },
  {
    name: 'a reference that two dependencies could be meant by',
    files: {
      'tasks/b.yaml': task('b'),
      'tasks/a.yaml': task(
        'a',
        'depends_on: [{task: b, kind: order}, {task: b, kind: order, as: b.result}]\ncompose: [{kind: ref, ref: deps.b.result.result}]\n',
      ),
    },
    expected: ['error task.ambiguous_reference tasks/a.yaml:4:28'],
    says: ['could mean the dependency "b.result" as well as "b"'],
  },
  {
    name: 'references',
    files: {
      'tasks/a.b.yaml': task('a.b', 'publish: [x/result.json]\n'),
      'tasks/c.yaml': task(
        'c',
        [
          'depends_on: [{task: a.b, kind: context, consume: [x/result.json]}]',
          'compose:',
          '  - {kind: ref, ref: deps.a.b.result}',
          '  - {kind: ref, ref: deps.a.b.artifacts.x/result.json}',
          '  - {kind: ref, ref: inputs.anything}',
          '  - {kind: ref, ref: runtime.latest_reply}',
          '  - {kind: ref, ref: deps.a.b.artifacts.x/resul.json}',
          '  - {kind: ref, ref: deps.ab.result}',
          '  - {kind: ref, ref: runtime.replys}',
          '  - {kind: ref, ref: inputs.}',
          '  - {kind: ref, ref: deps.a.b.changes}',
          '',
        ].join('\n'),
      ),
    },
    expected: [
      'error task.reference_not_consumed tasks/c.yaml:9:22',
      'error task.unknown_reference tasks/c.yaml:10:22',
      'error task.unknown_reference tasks/c.yaml:11:22',
      'error task.unknown_reference tasks/c.yaml:12:22',
      'error task.reference_without_tree tasks/c.yaml:13:22',
    ],
    says: ['Did you mean "a.b"?', 'Did you mean "runtime.replies"?'],
  },
  {
    name: 'route rules',
    files: {
      'tasks/gate.yaml': task(
        'gate',
        [
          'kind: controller',
          'control:',
          '  mode: route',
          '  routes:',
          '    - {label: x, targets: [a, b]}',
          '    - {label: x, targets: [a]}',
          '    - {label: y, targets: [nowhere]}',
          '',
        ].join('\n'),
      ),
      'tasks/a.yaml': task('a', order('gate')),
      'tasks/b.yaml': task('b'),
    },
    expected: [
      'error control.target_not_dependent tasks/gate.yaml:7:31',
      'error control.duplicate_label tasks/gate.yaml:8:15',
      'error control.shared_target tasks/gate.yaml:8:28',
      'error control.unknown_target tasks/gate.yaml:9:28',
    ],
  },
  {
    name: 'loop rules',
    files: {
      'tasks/start.yaml': task('start'),
      'tasks/gate.yaml': task(
        'gate',
        `${order('start')}kind: controller\ncontrol: {mode: loop, continue_targets: [start, after], stop_targets: [after, start, aside]}\n`,
      ),
      'tasks/after.yaml': task('after', order('gate')),
      'tasks/aside.yaml': task('aside'),
    },
    expected: [
      'error control.continue_not_ancestor tasks/gate.yaml:5:49',
      'error control.overlap tasks/gate.yaml:5:72',
      'error control.overlap tasks/gate.yaml:5:79',
      'error control.target_not_dependent tasks/gate.yaml:5:86',
    ],
  },
  {
    name: 'control where none belongs, and none where it does',
    files: {
      'tasks/a.yaml': task('a', 'kind: controller\n'),
      'tasks/b.yaml': task('b', 'control: {mode: loop, continue_targets: [a]}\n'),
    },
    expected: [
      'error control.missing tasks/a.yaml:1:1',
      'error control.unexpected tasks/b.yaml:3:10',
    ],
  },
  {
    name: 'agents',
    files: {
      'project.yaml': `${project}agents:\n  tests: {backend: command, run: npm test, command: [npm]}\n  bare: {backend: command, sandbox: read-only}\n  mixed: {run: x}\n`,
      'tasks/a.yaml': task('a', 'agent: shell\n'),
      'tasks/b.yaml': task('b', 'agent: anything\nrun: make\n'),
      'tasks/c.yaml': task('c', 'agent: tests\nsandbox: read-only\nmodel: m\n'),
      'tasks/d.yaml': task('d', 'agent: shel\n'),
      'tasks/e.yaml': task('e', 'agent: shell\nrun: make\n'),
    },
    expected: [
      'error agent.unresolved project.yaml:4:34',
      'warning agent.unsupported_field project.yaml:5:37',
      'error agent.unresolved project.yaml:6:16',
      'error agent.unresolved tasks/a.yaml:3:8',
      'error agent.undefined tasks/b.yaml:3:8',
      'warning agent.unsupported_field tasks/c.yaml:4:10',
      'warning agent.unsupported_field tasks/c.yaml:5:8',
      'error agent.undefined tasks/d.yaml:3:8',
    ],
    says: ['Did you mean "shell"?', 'use one of: tests, bare, mixed, default, shell'],
  },
  {
    name: 'agents where the project defines none: Codex, but what is nearly another is told',
    files: {
      'tasks/b.yaml': task('b', 'agent: anything\nrun: make\n'),
      'tasks/c.yaml': task('c', 'agent: anything\n'),
      'tasks/d.yaml': task('d', 'agent: shel\n'),
    },
    expected: [
      'error agent.unresolved tasks/b.yaml:4:6',
      'warning agent.undefined tasks/d.yaml:3:8',
    ],
  },
  {
    name: 'a default agent that is not defined: once, in the project',
    files: {
      'project.yaml': `${project}agents: {fixer: {}}\ndefault_agent: fixr\n`,
      'tasks/a.yaml': task('a'),
      'tasks/b.yaml': task('b', 'agent: default\n'),
      'tasks/c.yaml': task('c', 'agent: fixer\n'),
    },
    expected: ['error agent.undefined project.yaml:4:16'],
    says: ['Did you mean "fixer"?'],
  },
  {
    name: 'agents that nothing tells what to do',
    files: {
      'tasks/a.yaml': 'id: a\ntitle: A\n',
      'tasks/b.yaml': 'id: b\ntitle: B\ncompose: [{kind: literal, text: " "}]\n',
      'tasks/c.yaml': 'id: c\ntitle: C\ncompose: []\nprompt: Do it.\n',
      'tasks/d.yaml': 'id: d\ntitle: D\nrequired_decisions: [{decision_kind: review}]\n',
      'tasks/e.yaml': 'id: e\ntitle: E\nagent: shell\nrun: make\n',
      'tasks/f.yaml': 'id: f\ntitle: F\ncompose: [{kind: file, path: empty.md}]\n',
      'empty.md': '\n',
    },
    expected: [
      'error task.no_prompt tasks/a.yaml:1:1',
      'error task.no_prompt tasks/b.yaml:3:10',
      'error task.unknown_field tasks/c.yaml:4:1',
      'error task.no_prompt tasks/f.yaml:3:10',
    ],
  },
  {
    name: 'words and variables that no process can be started with',
    files: {
      'project.yaml': [
        project.trim(),
        'agents:',
        `  tests: {backend: command, command: [sh, "${long}"], env: {BIG: "${long}"}}`,
        `  more: {backend: command, run: "${long}"}`,
        `  coder: {args: ["${long}"]}`,
        '  nul: {backend: command, run: "a\\0b", env: {A: "\\0"}}',
        '',
      ].join('\n'),
      'tasks/a.yaml': task('a', `agent: shell\nrun: |\n  echo ${long}\n`),
      'tasks/b.yaml': task('b', 'agent: shell\nrun: "echo a\\0b"\n'),
      'tasks/c.yaml': task('c', `agent: shell\nrun: ${'y'.repeat(128 * 1024 - 1)}\n`),
      'tasks/d.yaml': task('d', 'agent: coder\nmodel: "a\\0"\n'),
    },
    expected: [
      'error agent.too_long project.yaml:4:43',
      'error agent.too_long project.yaml:4:131131',
      'error agent.too_long project.yaml:5:33',
      'error agent.too_long project.yaml:6:18',
      'error project.bad_value project.yaml:7:32',
      'error project.bad_value project.yaml:7:49',
      'error agent.too_long tasks/a.yaml:4:6',
      'error task.bad_value tasks/b.yaml:4:6',
      'error task.bad_value tasks/d.yaml:4:8',
    ],
    says: ['the variable BIG has 131076 bytes', 'hand it over in a file', 'contains a NUL'],
  },
  {
    name: 'a prompt that is longer than the agent takes',
    files: {
      'tasks/a.yaml': task('a', 'compose: [{kind: file, path: a.md}, {kind: literal, text: 😀}]\n'),
      'tasks/b.yaml': task('b', 'compose: [{kind: file, path: a.md}]\n'),
      'tasks/c.yaml': task(
        'c',
        'agent: shell\nrun: cat\ncompose: [{kind: file, path: a.md}, {kind: file, path: a.md}]\n',
      ),
      'a.md': 'x'.repeat(1024 * 1024),
    },
    expected: ['error task.prompt_too_long tasks/a.yaml:3:10'],
    says: ['has 1048577 characters', 'takes at most 1048576'],
  },
  {
    name: 'extra roots in a read-only sandbox',
    files: { 'tasks/a.yaml': task('a', 'sandbox: read-only\nextra_writable_roots: [.]\n') },
    expected: ['error task.read_only_roots tasks/a.yaml:4:23'],
  },
  {
    name: 'roles that are not there, and decisions that nobody can take',
    files: {
      'tasks/a.yaml': task(
        'a',
        [
          'assistant_hints: {preferred_roles: [nobody], decision_kind_overrides: {review: nobody, nme: x}}',
          'interaction_policy: {allow_human: false, allowed_assistant_roles: []}',
          'required_decisions: [{decision_kind: review}]',
          '',
        ].join('\n'),
      ),
    },
    expected: [
      'error task.unknown_role tasks/a.yaml:3:37',
      'error task.unknown_role tasks/a.yaml:3:80',
      'warning task.override_not_allowed tasks/a.yaml:3:80',
      'error task.bad_value tasks/a.yaml:3:88',
      'error task.unanswerable_decision tasks/a.yaml:5:22',
    ],
  },
];

const disk: Case[] = [
  {
    name: 'a missing prompt file',
    files: {
      'prompts/build.md': 'x',
      'tasks/a.yaml': task('a', 'compose: [{kind: file, path: prompts/biuld.md}]\n'),
    },
    expected: ['error file.missing tasks/a.yaml:3:30'],
    says: ['Did you mean "prompts/build.md"?'],
  },
  {
    name: 'a folder that is spelt wrong: the file in it, and no folder, is suggested',
    files: {
      'prompts/build.md': 'x',
      'promts2/other/x.md': 'x',
      'tasks/a.yaml': task('a', 'compose: [{kind: file, path: prompt/build.md}]\n'),
      'tasks/b.yaml': task('b', 'compose: [{kind: file, path: prompt/nothing-like-it.md}]\n'),
    },
    expected: ['error file.missing tasks/a.yaml:3:30', 'error file.missing tasks/b.yaml:3:30'],
    says: ['Did you mean "prompts/build.md"?'],
    saysNot: ['Did you mean "prompts"?'],
  },
  {
    name: 'default inputs that do not load',
    files: {
      'project.yaml': `${project}user_inputs:\n  a: inputs/a.json\n  b: inputs/b.yaml\n  c: inputs/c.txt\n  d: inputs/d.txt\n`,
      'inputs/a.json': '{\n  "x": 1,\n}\n',
      'inputs/b.yaml': 'a: 1\na: 2\n',
      'inputs/c.txt': Buffer.from([0xff]),
    },
    expected: [
      'error input.invalid inputs/a.json:3:1',
      'error input.invalid inputs/b.yaml:2:1',
      'error input.invalid project.yaml:6:6',
      'error input.missing_file project.yaml:7:6',
    ],
  },
  {
    name: 'paths bound to inputs that are not clean strings',
    files: {
      'project.yaml':
        'name: x\nworkspace: ${inputs.good}\nuser_inputs: {good: a.txt, two: b.txt, list: c.json}\n',
      'a.txt': 'some/where\n',
      'b.txt': 'one\ntwo\n',
      'c.json': '[]',
      'tasks/a.yaml': task(
        'a',
        'workspace: ${inputs.two}\nextra_writable_roots: ["${inputs.list}/x", "${inputs.later}", "${input.two}"]\n',
      ),
    },
    expected: [
      'error path_binding.unclean_input tasks/a.yaml:3:12',
      'error path_input.non_string tasks/a.yaml:4:24',
      'error path_binding.unknown_reference tasks/a.yaml:4:63',
    ],
    says: ['has more than one line', 'is a list, not a string'],
  },
  {
    name: 'role files',
    files: {
      'assistant_roles/policy/role.yaml':
        'id: policy\ntitle: Policy\nmanaged_assets: [guide.md, own.md, missing.md, ../x.md]\n',
      'assistant_roles/policy/own.md': 'x',
      'guide.md': 'x',
      'assistant_roles/empty/notes.txt': '',
    },
    expected: [
      'warning file.missing assistant_roles/empty/role.yaml',
      'error role.missing_file assistant_roles/policy/role.yaml:1:1',
      'error role.missing_file assistant_roles/policy/role.yaml:3:36',
      'error role.bad_value assistant_roles/policy/role.yaml:3:48',
      'warning role.missing_operating_model assistant_roles/_shared/operating-model.md',
    ],
  },
  {
    name: 'a schema that is none: in its file, where it is wrong, and once',
    files: {
      'schemas/type.json': '{\n  "type": "object",\n  "properties": {"a": {"type": "strng"}}\n}\n',
      'schemas/ref.yaml':
        'type: object\nproperties:\n  a:\n    $ref: "#/$defs/nope"\n  b:\n    $ref: part.json#/nope\n',
      'schemas/part.json': '{\n  "anyOf": [{}, {"pattern": "("}]\n}\n',
      'schemas/outer.yaml': 'properties: {p: {$ref: part.json}}\n',
      'schemas/comma.json': '{\n  "type": "object",\n}\n',
      'schemas/open.yaml': 'type: [object\n',
      'schemas/list.json': '[]',
      'tasks/a.yaml': task('a', 'result_schema: schemas/type.json\n'),
      'tasks/b.yaml': task('b', 'result_schema: schemas/type.json\n'),
      'tasks/c.yaml': task('c', 'result_schema: schemas/ref.yaml\n'),
      'tasks/d.yaml': task('d', 'result_schema: schemas/outer.yaml\n'),
      'tasks/e.yaml': task('e', 'result_schema: schemas/comma.json\n'),
      'tasks/f.yaml': task('f', 'result_schema: schemas/open.yaml\n'),
      'tasks/g.yaml': task('g', 'result_schema: schemas/list.json\n'),
    },
    expected: [
      'error result_schema.invalid schemas/comma.json:3:1',
      'error result_schema.invalid schemas/list.json:1:1',
      'error result_schema.invalid schemas/open.yaml:1:7',
      'error result_schema.invalid schemas/part.json:2:29',
      'error result_schema.invalid schemas/ref.yaml:4:11',
      'error result_schema.invalid schemas/type.json:3:32',
    ],
    says: ['"type" must be one of "array"', '"$ref" leads to nothing', 'Unterminated group'],
  },
  {
    name: 'result schemas',
    files: {
      'schemas/bad.json': '{"type": "objekt"}',
      'schemas/far.json': '{"$ref": "https://example.com/x.json"}',
      'schemas/odd.json':
        '{\n  "properties": {\n    "a": {"const": 1},\n    "b": {"items": {}}\n  },\n  "oneOf": [{}]\n}\n',
      'tasks/a.yaml': task('a', 'result_schema: schemas/bad.json\n'),
      'tasks/b.yaml': task('b', 'result_schema: schemas/far.json\n'),
      'tasks/c.yaml': task('c', 'result_schema: schemas/odd.json\n'),
      'tasks/d.yaml': task('d', 'result_schema: schemas/oddd.json\n'),
      'tasks/e.yaml': task('e', 'agent: shell\nrun: x\nresult_schema: schemas/odd.json\n'),
    },
    expected: [
      'warning output_schema.object_missing_type schemas/odd.json:2:3',
      'warning output_schema.object_missing_required schemas/odd.json:2:3',
      'error output_schema.const_missing_type schemas/odd.json:3:11',
      'warning output_schema.array_missing_type schemas/odd.json:4:11',
      'warning output_schema.unsupported_keyword schemas/odd.json:6:3',
      'error result_schema.invalid schemas/bad.json:1:10',
      'error result_schema.remote_reference tasks/b.yaml:3:16',
      'error result_schema.missing tasks/d.yaml:3:16',
    ],
    says: ['Did you mean "schemas/odd.json"?'],
  },
  {
    name: 'misspelt words of schemas: of a condition, and of results that no output schema is made for',
    files: {
      'schemas/plain.yaml':
        'type: object\nproperties:\n  minimun: {type: integer, minimun: 1}\n  other: {$ref: other.json}\nx-minimun: 1\nowner: me\n',
      'schemas/other.json': '{\n  "enum": [{"tpye": 1}],\n  "anyOf": [{"requierd": ["a"]}]\n}\n',
      'tasks/a.yaml': task('a', 'agent: shell\nrun: x\nresult_schema: schemas/plain.yaml\n'),
      'tasks/b.yaml': task('b', 'agent: shell\nrun: x\nresult_schema: schemas/plain.yaml\n'),
      'tasks/c.yaml': task(
        'c',
        [
          'depends_on: [{task: a, kind: order}]',
          'when:',
          '  any:',
          '    - {ref: deps.a.result.minimun, matches: {const: 1}}',
          '    - {ref: deps.a.result.minimun, matches: {items: {maxLenght: 2}}}',
          '',
        ].join('\n'),
      ),
    },
    expected: [
      'warning condition.unknown_keyword tasks/c.yaml:7:54',
      'warning result_schema.unknown_keyword schemas/other.json:3:14',
      'warning result_schema.unknown_keyword schemas/plain.yaml:3:28',
    ],
    says: ['Did you mean "minimum"?', 'Did you mean "maxLength"?', 'Did you mean "required"?'],
  },
  {
    name: 'presets',
    files: {
      'presets/p.yaml': [
        'id: p',
        'title: P',
        'variables: {name: {}}',
        'tasks:',
        '  - {id: x, title: $name, status: $name}',
        '  - {id: x, title: "$nam", kind: wrk}',
        '  - {id: $name}',
        '',
      ].join('\n'),
    },
    expected: [
      'error preset.unknown_variable presets/p.yaml:6:5',
      'error preset.duplicate_task presets/p.yaml:6:10',
      'error preset.task_bad_value presets/p.yaml:6:34',
      'error preset.task_missing_field presets/p.yaml:7:5',
    ],
    says: ['Did you mean "name"?'],
  },
];

describe.each([
  ['syntax', syntax],
  ['fields', fields],
  ['rules', rules],
  ['the disk', disk],
])('3. Validation: %s', (_group, cases) => {
  it.each(cases.map((one) => [one.name, one] as const))('%s', async (_name, one) => {
    const { errors, warnings } = await report(one.files);
    const all = [...errors, ...warnings];
    const wanted = [...one.expected].sort();
    // Where the exact place is of no use to anyone, a case leaves it out.
    const got = all.map(brief).sort();
    expect(got.map((line, i) => (line.startsWith(`${wanted[i]}:`) ? wanted[i] : line))).toEqual(
      wanted,
    );
    const said = all.map((d) => `${d.message} ${d.hint ?? ''}`).join('\n');
    for (const part of one.says ?? []) expect(said).toContain(part);
    for (const part of one.saysNot ?? []) expect(said).not.toContain(part);
  });
});

describe('3. Validation: symbolic links', () => {
  it('refuses files that leave the program through a link', async () => {
    const outside = temporaryDirectory();
    writeFiles(outside, { 'secret.md': 'x' });
    const program = sampleProgram({
      'project.yaml': `${project}user_inputs: {k: linked/secret.md}\n`,
      'tasks/a.yaml': task(
        'a',
        'compose: [{kind: file, path: linked/secret.md}]\nresult_schema: linked/s.json\n',
      ),
    });
    symlinkSync(outside, path.join(program, 'linked'));
    const { report } = await validate(placeOf(program));
    expect(report.errors.map(brief)).toEqual([
      'error input.outside project.yaml:3:18',
      'error file.outside tasks/a.yaml:3:30',
      'error result_schema.outside tasks/a.yaml:4:16',
    ]);
  });
});

describe('3. Validation: the report', () => {
  it('gives each diagnostic all its fields, and creates nothing', async () => {
    const program = sampleProgram({
      'tasks/a.yaml': task('a', order('zzz')),
      'tasks/b.yaml': task('b', 'x: 1\n'),
    });
    const { report } = await validate(placeOf(program));
    expect(report).toMatchObject({ program_dir: program, ok: false, blocking: true });
    const { report: mended } = await validate(placeOf(program), new Map([['tasks/a.yaml', null]]));
    expect(mended).toMatchObject({ ok: false, blocking: false, errors: [] });
    expect(mended.warnings).toEqual([
      {
        severity: 'warning',
        code: 'task.unknown_field',
        message: 'the field "x" is unknown and ignored',
        location: 'tasks.b.x',
        reference_url: null,
        file: 'tasks/b.yaml',
        line: 3,
        column: 1,
        hint: null,
      },
    ]);
  });
});
