/**
 * What authors and agents wrote never steers a terminal: hostile text in every field that takes text, and the
 * output of every command on a real terminal (of script(1)) and through a pipe.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandTable } from '../../src/cli/command-table.ts';
import { builtEntry, codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';

// Clipboard, link, title, clear, colours, reset, cursor; the same in C1; bell, backspace; direction of reading.
const attack = [
  '\u001b]52;c;QUFB\u0007',
  '\u001b]8;;http://x.invalid\u001b\\',
  '\u001b]0;owned\u0007',
  '\u001b[2J\u001b[31m\u001b[8m\u001b[5A',
  '\u001bc\u001bP+q544e\u001b\\',
  '\u009d0;x\u009c\u009b2J\u0085\u0090',
  '\u0007\b\u007f',
  '\u202e\u2066\u200f\u061c',
].join('');
const hostile = (name: string): string => `${name}<${attack}>`;
const words = hostile('words');

const root = testDirectory('hostile-text');
const program = path.join(root, 'program');
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

/** What the live view of a terminal needs; anything else that steers is somebody else's. */
const ownSteering = /\u001b\[(?:\?2026[hl]|\?25[hl]|\d+A|K|J)/g;
const steering =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** `typed`: what a person types, once. */
function onTerminal(args: readonly string[], typed = ''): Promise<string> {
  const quoted = [process.execPath, builtEntry, ...args].map(
    (word) => `'${word.replaceAll("'", `'\\''`)}'`,
  );
  const env = {
    ...{ PATH: process.env['PATH'], HOME: path.join(root, 'no-home') },
    ...{ NO_COLOR: '1', TERM: 'xterm-256color', SHELL: '/bin/sh' },
  };
  return new Promise((resolve, reject) => {
    const child = execFile(
      'script',
      ['-qefc', quoted.join(' '), '/dev/null'],
      { cwd: root, env, maxBuffer: 64 << 20, timeout: 60_000 },
      (error, stdout) => (error && error.killed ? reject(error) : resolve(stdout)),
    );
    child.stdin?.end(typed);
  });
}

async function looked(...args: string[]): Promise<void> {
  const { stdout, stderr } = await codexOrch(args, { cwd: root });
  const shown = args.map((word) => JSON.stringify(word)).join(' ');
  expect(steering.exec(stdout + stderr), `${shown} through a pipe:\n${stdout}${stderr}`).toBeNull();
  const terminal = (await onTerminal(args)).replace(ownSteering, '');
  const found = steering.exec(terminal);
  const near = terminal.slice(Math.max(0, (found?.index ?? 0) - 60), (found?.index ?? 0) + 60);
  expect(found, `${shown} on a terminal: ${JSON.stringify(near)}`).toBeNull();
}

let ids: { run: string; instance: string; open: string; answered: string };

beforeAll(async () => {
  const print = path.join(root, 'print.txt');
  mkdirSync(root, { recursive: true });
  writeFileSync(print, `${words}\n`);
  const task = (id: string, fields: object): Record<string, unknown> => ({
    [`tasks/${id}.yaml`]: {
      ...{
        id,
        title: hostile(`title of ${id}`),
        description: words,
        labels: [words],
        status: 'ready',
      },
      ...fields,
    },
  });
  writeFiles(program, {
    'project.yaml': {
      ...{ name: hostile('name'), description: words, workspace: '.', default_agent: 'shell' },
      user_inputs: { topic: 'inputs/topic.txt' },
    },
    'inputs/topic.txt': words,
    'prompts/a.md': words,
    'schemas/colour.json': {
      type: 'object',
      title: words,
      properties: {
        colour: { type: 'string', title: words, description: words, enum: [words, 'red'] },
      },
      required: ['colour'],
    },
    ...task('ask', {
      run:
        `cat '${print}'; cat '${print}' >&2; ` +
        'test "$(cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/runtime/latest_reply.json")" != null || { ' +
        `for n in 1 2; do codex-orch interrupt create --audience human --kind question --question "$(cat '${print}')$n" ` +
        `--option "$(cat '${print}')" --option red --reply-schema schemas/colour.json; done; }; ` +
        `cat '${print}' > "$CODEX_ORCH_ATTEMPT_DIR/final.md"`,
      compose: [
        { kind: 'ref', ref: 'runtime.latest_reply' },
        { kind: 'ref', ref: 'inputs.topic' },
        { kind: 'literal', text: words },
      ],
      required_decisions: [],
    }),
    ...task('fail', { run: `cat '${print}'; cat '${print}' >&2; exit 7` }),
    ...task('wrong', {
      run: `printf '%s' '{"control": {"kind": "route", "labels": ["'"$(tr -d '\\000-\\037' < '${print}')"'"]}}' > "$CODEX_ORCH_ATTEMPT_DIR/result.json"`,
      kind: 'controller',
      control: { mode: 'route', routes: [{ label: 'a', targets: ['after'] }] },
      publish: ['result.json'],
    }),
    ...task('after', { run: 'true', publish: [], depends_on: [{ task: 'wrong', kind: 'order' }] }),
    'presets/note.yaml': {
      ...{ id: 'note', title: words, description: words },
      variables: { name: { description: words, required: true } },
      tasks: [{ id: 'note-$name', title: '$name', run: 'true', publish: [] }],
    },
    'assistant_roles/_shared/operating-model.md': words,
    'assistant_roles/helper/role.yaml': {
      ...{ id: 'helper', title: words, description: words, instructions: 'instructions.md' },
    },
    'assistant_roles/helper/instructions.md': words,
  });
  const start = [
    'run',
    'start',
    program,
    '--root',
    'ask',
    '--root',
    'fail',
    '--root',
    'wrong',
    '--input',
    `note=${words}`,
  ];
  const terminal = (await onTerminal(start)).replace(ownSteering, '');
  expect(steering.exec(terminal), JSON.stringify(terminal)).toBeNull();
  const { stdout } = await codexOrch(['inbox', 'list', program, '--json'], { cwd: root });
  const [first, second] = JSON.parse(stdout) as {
    run_id: string;
    instance_id: string;
    interrupt: { interrupt_id: string };
  }[];
  if (!first || !second) throw new Error(`no questions: ${JSON.stringify(terminal)}`);
  const [answered, open] = [first.interrupt.interrupt_id, second.interrupt.interrupt_id];
  ids = { run: first.run_id, instance: first.instance_id, open, answered };
  await looked(
    'inbox',
    'reply',
    program,
    answered,
    '--text',
    words,
    '--payload-json',
    JSON.stringify({ colour: words }),
    '--rationale',
    words,
  );
  // What nobody can take in, under a name that steers.
  writeFileSync(
    path.join(
      program,
      '.runs',
      ids.run,
      'inbox',
      'interrupts',
      `x${attack.replaceAll('/', '')}.json`,
    ),
    words,
  );
}, 120_000);

describe('hostile text', () => {
  it('is shown by no command as more than text', async () => {
    const { run, instance, open, answered } = ids;
    const lines: string[][] = [
      ['project', 'validate', program],
      ['task', 'list', program],
      ['task', 'show', program, 'ask'],
      ['task', 'show', program, 'ask', '--json'],
      ['edge', 'list', program],
      ['graph', 'show', program],
      ['graph', 'show', program, '--format', 'mermaid'],
      ['preset', 'list', program],
      ['preset', 'preview', program, 'note', '--var', `name=${words}`],
      ['preset', 'preview', program, 'note'],
      ['run', 'list', program],
      ['run', 'list', program, '--json'],
      ['run', 'show', program, run],
      ['run', 'show', program, run, '--json'],
      ['run', 'explain', program, run],
      ['run', 'explain', program, run, '--json'],
      ['run', 'events', program, run],
      ['run', 'events', program, run, '--json'],
      ['run', 'logs', program, run],
      ['run', 'logs', program, run, instance],
      ['run', 'verify', program, run],
      ['run', 'watch', program, run],
      ['run', 'start', program, '--root', 'ask', '--dry-run'],
      ['run', 'start', program, '--root', words],
      ['inspect', 'task', program, 'ask'],
      ['inbox', 'list', program],
      ['inbox', 'list', program, '--json'],
      ['inbox', 'show', program, open],
      ['inbox', 'show', program, answered],
      ['inbox', 'show', program, answered, '--json'],
      ['inbox', 'reply', program, answered, '--text', words],
      [
        'inbox',
        'reply',
        program,
        open,
        '--text',
        'x',
        '--payload-json',
        JSON.stringify({ colour: words + words }),
      ],
      ['interrupt', 'list', program],
      ['interrupt', 'show', program, open],
      ['proposal', 'list', program],
      ['proposal', 'show', program, words],
      ['task', 'add', program, words],
      ['task', 'update', program, 'ask', words],
      ['edge', 'add', program, words, words],
      ['run', 'show', program, words],
      ['run', 'logs', program, run, words],
      ['limits', 'list'],
      ['limits', 'clear', words],
      ['doctor', program],
      ['doctor', words],
      ['skill', 'export', words, words],
      ['web', program, '--port', words],
      ['worker', '--queue', words],
      ['__complete', '2', 'codex-orch', 'preset', ''],
      ['__complete', '4', 'codex-orch', 'inbox', 'show', program, ''],
      [words],
      ['run', words],
      ['run', 'show', `--${words}`],
    ];
    const nouns = new Set(lines.map(([noun]) => noun));
    await looked('run', 'reconcile', program, run);
    while (lines.length > 0) await Promise.all(lines.splice(0, 4).map((line) => looked(...line)));

    const left = Object.keys(commandTable)
      .filter((noun) => !nouns.has(noun))
      .sort();
    // What these print is ours, word for word.
    expect(left).toEqual(['assistant-doc', 'blame', 'completion', 'notify', 'schema']);
  }, 240_000);

  it('asks on a terminal without it', async () => {
    const asked = await onTerminal(
      ['inbox', 'reply', program, ids.open],
      'red\rred\rn\r\u0004\u0004',
    );
    expect(asked).toContain('words<');
    // What readline needs of a terminal beside that of the live view.
    const terminal = asked
      .replace(ownSteering, '')
      .replace(/\u001b\[\d*[GCJK]|\u001b\[\?2004[hl]/g, '');
    const found = steering.exec(terminal);
    expect(found, JSON.stringify(terminal)).toBeNull();
  });

  it('passes as it stands where the bytes are asked for, and not to a terminal', async () => {
    const raw = ['run', 'logs', program, ids.run, ids.instance, '--raw'];
    expect((await codexOrch(raw, { cwd: root })).stdout).toContain(words);
    const terminal = await onTerminal(raw);
    expect(steering.exec(terminal)).toBeNull();
    expect(terminal).toContain('\\u001b]52;c;QUFB');
  });

  it('is the same text still in YAML and JSON', async () => {
    const { stdout } = await codexOrch(['task', 'show', program, 'ask', '--json'], { cwd: root });
    expect((JSON.parse(stdout) as { description: string }).description).toBe(words);
    const { parse } = await import('yaml');
    const yaml = (await codexOrch(['task', 'show', program, 'ask'], { cwd: root })).stdout;
    expect((parse(yaml) as { description: string }).description).toBe(words);
  });
});
