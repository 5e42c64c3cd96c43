/**
 * Small real programs to be crashed: a chain, a loop with a route, a question to a person or to an
 * assistant, a failure that a resume retries. Every attempt appends a line to `attempts.log` when it begins,
 * every try of an assistant to `tries.log`.
 */

export interface PersonsWork {
  /** Files that they have changed, and not committed, when the run starts. */
  uncommitted?: Record<string, string>;
  /** Files that they commit once the run is done. */
  committed?: Record<string, string>;
  /** Files that they have changed, and not committed, when they take the result; they stay so. */
  local?: Record<string, string>;
  /** More words of `run start`, `run integrate` and `run clean`. */
  words?: Partial<Record<'start' | 'integrate' | 'clean', string[]>>;
}

export interface CrashProgram {
  name: string;
  roots: string[];
  /** File → text, relative to the program. */
  files: Record<string, string>;
  /** What a person answers, whatever is asked. */
  answer?: string;
  /** By `inbox reply`, or by putting a file into the inbox. */
  answerBy?: 'command' | 'file';
  begin?: 'wait' | 'no-wait';
  /** Who has questions to assistants answered: the engine itself, or `inbox worker --once`. */
  assistants?: 'inline' | 'worker';
  /**
   * What happens besides: the person ends the run while its first agent works; stops the engine then
   * (SIGTERM), to resume later; or types `run reconcile` before anything else after a crash; or the shell
   * that forks the attempts is killed while the first of them works.
   */
  meddle?: 'abort' | 'stop' | 'reconcile' | 'kill-launcher';
  /** Attempts that every run of it takes; null where crash or meddling may add some. */
  attempts: number | null;
  /** Files of a git repository beside the tasks, the workspace: in the end its result is integrated, and it is cleaned. */
  repository?: Record<string, string>;
  /** What the person does in the repository, and how they take the result. */
  person?: PersonsWork;
  /** Only the run's status must agree: how far it came depends on when it was ended. */
  endsVary?: boolean;
}

const project = 'name: crash\nworkspace: .\ndefault_agent: shell\nnode_terminate_grace_sec: 1\n';
const note = 'echo "$CODEX_ORCH_INSTANCE_ID ${CODEX_ORCH_ATTEMPT_DIR##*/}" >> attempts.log;';

function task(id: string, run: string, more = ''): [string, string] {
  const text = `id: ${id}\ntitle: ${id}\nstatus: ready\n${more}run: |\n  ${note}\n${run.replace(/^/gm, '  ')}\n`;
  return [`tasks/${id}.yaml`, text];
}

const after = (upstream: string): string => `depends_on: [{task: ${upstream}, kind: order}]\n`;

/** A controller that continues its loop while its input is below `limit`. */
function loop(id: string, input: string, limit: number, more: string): [string, string] {
  return task(
    id,
    [
      `n=$(cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/${input}.json")`,
      `if [ "$n" -lt ${limit} ]; then`,
      `  echo '{"control": {"kind": "loop", "action": "continue", "next_inputs": {"${input}": '$((n + 1))'}}}'`,
      'else',
      `  echo '{"control": {"kind": "loop", "action": "stop"}}'`,
      'fi',
    ].join('\n'),
    `kind: controller\ncompose: [{kind: ref, ref: inputs.${input}}]\n${more}`,
  );
}

const question = Object.fromEntries([
  ['project.yaml', project],
  task(
    'ask',
    [
      'if grep -q "go on" "$CODEX_ORCH_ATTEMPT_DIR/context/refs/runtime/latest_reply.json"; then',
      '  echo answered',
      'else',
      '  codex-orch interrupt create --audience human --kind approval --question "May I?"',
      'fi',
    ].join('\n'),
    'compose: [{kind: ref, ref: runtime.latest_reply}]\n',
  ),
  task('after', 'echo after', after('ask')),
]);

/** Stands in for the Codex program: an assistant that says the same to whatever it is asked. */
const codex = `#!/usr/bin/env node
const fs = require('node:fs');
const { CODEX_ORCH_INTERRUPT_ID: id, CODEX_ORCH_ATTEMPT_DIR: dir } = process.env;
fs.appendFileSync(__dirname + '/tries.log', id + ' ' + dir.slice(-4) + '\\n');
const text = JSON.stringify({
  resolution_kind: 'auto_reply', answer: 'go on', rationale: 'It is time.', confidence: 'high',
  citations: [], payload: null, proposed_updates: [],
});
for (const line of [
  { type: 'thread.started', thread_id: '00000000-0000-4000-8000-000000000001' },
  { type: 'turn.started' },
  { type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text } },
  { type: 'turn.completed', usage: { input_tokens: 1, cached_input_tokens: 0, output_tokens: 1, reasoning_output_tokens: 0 } },
]) fs.writeSync(1, JSON.stringify(line) + '\\n');
`;

const assistant = (assistants: 'inline' | 'worker'): Record<string, string> => ({
  ...question,
  'project.yaml': `${project}assistants: ${assistants}\n`,
  'codex.cjs': codex,
  'assistant_roles/_shared/operating-model.md': '# How assistants work\n',
  'assistant_roles/guide/role.yaml': 'id: guide\ntitle: Guide\nmanaged_assets: []\n',
  'assistant_roles/guide/instructions.md': 'Decide.\n',
  ...Object.fromEntries([
    task(
      'ask',
      [
        'if grep -q "go on" "$CODEX_ORCH_ATTEMPT_DIR/context/refs/runtime/latest_reply.json"; then',
        '  echo answered',
        'else',
        '  codex-orch interrupt create --audience assistant --target-role guide --kind question --question "May I?"',
        'fi',
      ].join('\n'),
      'compose: [{kind: ref, ref: runtime.latest_reply}]\n',
    ),
  ]),
});

/** Agents that are still at work when their engine dies. */
const slow = Object.fromEntries([
  ['project.yaml', project],
  task('left', 'sleep 0.3; echo left'),
  task('right', 'sleep 0.2; echo right'),
  task(
    'join',
    'sleep 0.2; echo joined',
    'depends_on: [{task: left, kind: order}, {task: right, kind: order}]\n',
  ),
]);

/** An agent that ends only when it is told to. */
const endless = Object.fromEntries([
  ['project.yaml', project],
  task('endless', 'if [ "${CODEX_ORCH_ATTEMPT_DIR##*/}" = 0001 ]; then sleep 5; fi; echo ended'),
  task('later', 'echo later', after('endless')),
]);

/** Stands in for the Codex program, as a worker: it writes its task's id into a line, and settles what disagrees. */
const treeCodex = `#!/bin/sh
cat > /dev/null
echo "$CODEX_ORCH_INSTANCE_ID \${CODEX_ORCH_ATTEMPT_DIR##*/}" >> "$CODEX_ORCH_PROGRAM_DIR/attempts.log"
case "$CODEX_ORCH_TASK_ID" in
  merge) printf '1\\nup and down\\n3\\n' > f;;
  *) sed -i "2s/.*/$CODEX_ORCH_TASK_ID/" f;;
esac
echo '{"type":"thread.started","thread_id":"00000000-0000-4000-8000-000000000001"}'
echo '{"type":"turn.started"}'
echo '{"type":"item.completed","item":{"id":"item_0","type":"agent_message","text":"done"}}'
echo '{"type":"turn.completed","usage":{"input_tokens":1,"cached_input_tokens":0,"output_tokens":1,"reasoning_output_tokens":0}}'
`;

/** Two disagree and a third settles it; what two others do with that disagrees again, and an agent settles that. */
const trees = Object.fromEntries([
  [
    'project.yaml',
    [
      'name: crash',
      'workspace: repository',
      'isolation: tree',
      'agents: {shell: {backend: command}}',
      'default_agent: default',
      'node_terminate_grace_sec: 1',
      'max_concurrency: 2',
      '',
    ].join('\n'),
  ],
  ['codex.cjs', treeCodex],
  treeTask('left', "sed -i '1s/.*/left/' f; echo new > n"),
  treeTask('right', "sed -i '1s/.*/right/' f; rm -f gone"),
  treeTask(
    'both',
    "printf '1\\n2\\n3\\n' > f",
    'depends_on: [{task: left, kind: order}, {task: right, kind: order}]\ntree: {on_conflict: resolve}\n',
  ),
  [
    'tasks/up.yaml',
    `id: up\ntitle: up\nstatus: ready\n${after('both')}compose: [{kind: literal, text: Up.}]\n`,
  ],
  treeTask('down', "sed -i '2s/.*/down/' f", after('both')),
]);

/** What is left of trees without an agent, in few steps: so that taking the result can be killed in each of them. */
const work = Object.fromEntries([
  [
    'project.yaml',
    'name: crash\nworkspace: repository\nisolation: tree\ndefault_agent: shell\nnode_terminate_grace_sec: 1\n',
  ],
  treeTask(
    'edit',
    "sed -i '1s/.*/first/' f; rm -f gone; mkdir -p d; echo new > d/n; chmod +x script; ln -s f link",
  ),
]);
const worked = { f: '1\n2\n3\n', gone: 'gone\n', script: ':\n', other: 'other\n' };

function treeTask(id: string, run: string, more = ''): [string, string] {
  const begun =
    'echo "$CODEX_ORCH_INSTANCE_ID ${CODEX_ORCH_ATTEMPT_DIR##*/}" >> "$CODEX_ORCH_PROGRAM_DIR/attempts.log"';
  const lines = ['agent: shell', 'run: |', `  ${begun}`, `  ${run}`, ''];
  return [`tasks/${id}.yaml`, `id: ${id}\ntitle: ${id}\nstatus: ready\n${more}${lines.join('\n')}`];
}

export const crashPrograms: CrashProgram[] = [
  {
    name: 'chain',
    roots: ['c'],
    files: Object.fromEntries([
      ['project.yaml', project],
      task('a', 'echo from a'),
      task(
        'b',
        'cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/deps/a/artifacts/final.md"',
        'depends_on: [{task: a, kind: context, consume: [final.md]}]\ncompose: [{kind: ref, ref: deps.a.artifacts.final.md}]\n',
      ),
      task('c', 'echo done', after('b')),
    ]),
    attempts: 3,
  },
  {
    name: 'loop-and-route',
    roots: ['gate'],
    files: Object.fromEntries([
      ['project.yaml', `${project}user_inputs: {n: inputs/n.json}\n`],
      ['inputs/n.json', '0'],
      task('work', 'echo working', 'compose: [{kind: ref, ref: inputs.n}]\n'),
      loop(
        'gate',
        'n',
        2,
        `${after('work')}control: {mode: loop, continue_targets: [work], stop_targets: [choose]}\n`,
      ),
      task(
        'choose',
        `echo '{"control": {"kind": "route", "labels": ["left"]}}'`,
        `kind: controller\n${after('gate')}control: {mode: route, routes: [{label: left, targets: [left]}, {label: right, targets: [right]}]}\n`,
      ),
      task('left', 'echo left', after('choose')),
      task('right', 'echo right', after('choose')),
    ]),
    attempts: 8,
  },
  {
    name: 'question',
    roots: ['after'],
    answer: 'go on',
    files: question,
    attempts: 3,
  },
  {
    name: 'retry',
    roots: ['last'],
    files: Object.fromEntries([
      ['project.yaml', project],
      task('first', 'echo first'),
      // Fails once, and is forced by `run retry-instance`.
      task(
        'flaky',
        'if [ -e mended ]; then echo mended; else touch mended; exit 7; fi',
        after('first'),
      ),
      task('last', 'echo last', after('flaky')),
    ]),
    attempts: 4,
  },
  {
    name: 'items',
    roots: ['end'],
    answer: 'go on',
    files: Object.fromEntries([
      ['project.yaml', project],
      task('find', `echo '["a", "b", "c"]' > "$CODEX_ORCH_ATTEMPT_DIR/result.json"`),
      // One fails once, and is forced by `run retry-instance`; one asks a person.
      task(
        'fix',
        [
          'item=$(cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/item.txt")',
          'if [ "$item" = b ] && [ ! -e mended ]; then touch mended; exit 7; fi',
          'replies="$CODEX_ORCH_ATTEMPT_DIR/context/refs/runtime/latest_reply.json"',
          'if [ "$item" = c ] && ! grep -q "go on" "$replies"; then',
          '  codex-orch interrupt create --audience human --kind approval --question "May I?"',
          'fi',
          'echo "$item"',
        ].join('\n'),
        [
          'for_each: {items: deps.find.result, as: item, max_parallel: 2}',
          'depends_on: [{task: find, kind: order}]',
          'compose: [{kind: ref, ref: inputs.item}, {kind: ref, ref: runtime.latest_reply}]',
          '',
        ].join('\n'),
      ),
      task('check', 'echo checked', after('fix')),
      task(
        'end',
        'cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/deps/fix/result.json"',
        'depends_on: [{task: fix, kind: context, consume: [final.md], gather: all}, {task: check, kind: order, gather: settled}]\ncompose: [{kind: ref, ref: deps.fix.result}]\n',
      ),
    ]),
    attempts: 10,
  },
  {
    name: 'question-by-file',
    roots: ['after'],
    answer: 'go on',
    answerBy: 'file',
    files: question,
    attempts: 3,
  },
  {
    name: 'two-questions',
    roots: ['after'],
    answer: 'go on',
    files: {
      ...question,
      ...Object.fromEntries([
        task(
          'ask',
          [
            'if grep -q "go on" "$CODEX_ORCH_ATTEMPT_DIR/context/refs/runtime/latest_reply.json"; then',
            '  echo answered',
            'else',
            '  codex-orch interrupt create --audience human --kind approval --question "May I?"',
            '  codex-orch interrupt create --audience human --kind question --question "And how?"',
            'fi',
          ].join('\n'),
          'compose: [{kind: ref, ref: runtime.latest_reply}]\n',
        ),
      ]),
    },
    attempts: 3,
  },
  {
    name: 'inline-assistant',
    roots: ['after'],
    assistants: 'inline',
    files: assistant('inline'),
    attempts: 3,
  },
  {
    name: 'assistant-worker',
    roots: ['after'],
    assistants: 'worker',
    files: assistant('worker'),
    attempts: 3,
  },
  {
    name: 'nested-loops',
    roots: ['outer'],
    files: Object.fromEntries([
      ['project.yaml', `${project}user_inputs: {n: inputs/n.json, m: inputs/m.json}\n`],
      ['inputs/n.json', '0'],
      ['inputs/m.json', '0'],
      task(
        'work',
        'cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/m.json"',
        'compose: [{kind: ref, ref: inputs.m}]\n',
      ),
      loop(
        'inner',
        'm',
        1,
        `${after('work')}control: {mode: loop, continue_targets: [work], stop_targets: [outer]}\n`,
      ),
      loop(
        'outer',
        'n',
        1,
        `${after('inner')}control: {mode: loop, continue_targets: [inner], stop_targets: [end]}\n`,
      ),
      task('end', 'echo end', after('outer')),
    ]),
    attempts: null,
  },
  {
    name: 'trees',
    roots: ['up', 'down'],
    files: trees,
    repository: { f: '1\n2\n3\n', gone: 'gone\n' },
    answer: 'agent',
    attempts: 6,
  },
  {
    name: 'result-beside-local-changes',
    roots: ['edit'],
    files: work,
    repository: worked,
    person: { local: { other: 'mine\n', untracked: 'mine\n' } },
    attempts: 1,
  },
  {
    name: 'result-merged',
    roots: ['edit'],
    files: work,
    repository: worked,
    person: { committed: { f: '1\n2\n3\nlast\n', more: 'more\n' }, local: { other: 'mine\n' } },
    attempts: 1,
  },
  {
    name: 'result-squashed',
    roots: ['edit'],
    files: work,
    repository: worked,
    person: {
      committed: { f: '1\n2\n3\nlast\n' },
      words: { integrate: ['--squash'], clean: ['--refs'] },
    },
    attempts: 1,
  },
  {
    name: 'result-on-uncommitted',
    roots: ['edit'],
    files: work,
    repository: worked,
    person: {
      uncommitted: { f: '1\n2\nthree\n', added: 'added\n' },
      words: { start: ['--uncommitted', 'include'] },
    },
    attempts: 1,
  },
  {
    name: 'result-on-a-branch',
    roots: ['edit'],
    files: work,
    repository: worked,
    person: {
      local: { f: 'mine\n' },
      words: { integrate: ['--branch', 'theirs'], clean: ['--refs'] },
    },
    attempts: 1,
  },
  { name: 'slow', roots: ['join'], files: slow, attempts: 3 },
  { name: 'background', roots: ['join'], files: slow, begin: 'no-wait', attempts: 3 },
  { name: 'reconcile', roots: ['join'], files: slow, meddle: 'reconcile', attempts: null },
  { name: 'launcher', roots: ['join'], files: slow, meddle: 'kill-launcher', attempts: 3 },
  { name: 'stopped', roots: ['later'], files: endless, meddle: 'stop', attempts: null },
  {
    name: 'aborted',
    roots: ['later'],
    files: endless,
    begin: 'no-wait',
    meddle: 'abort',
    attempts: null,
    endsVary: true,
  },
];
