/**
 * Every file that a run leaves under `.runs/<id>`, with its mode and its bytes: dependencies, artifacts,
 * results, a loop, a route and a question that was answered. Only what cannot be the same twice is replaced.
 */
import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtEntry, codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { expectGolden } from './golden.ts';
import { neutral } from './neutral.ts';

const root = testDirectory('run-directory');
const umask = process.umask(0o022);
afterAll(() => {
  process.umask(umask);
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

const after = (task: string) => [{ task, kind: 'order' }];
const control = (value: unknown): string => `echo '${JSON.stringify({ control: value })}'`;

const tasks: Record<string, Record<string, unknown>> = {
  gather: {
    publish: ['final.md', 'data/names.csv'],
    result_schema: 'schemas/count.json',
    compose: [
      { kind: 'file', path: 'prompts/gather.md' },
      { kind: 'ref', ref: 'inputs.topic' },
    ],
    run: `cd "$CODEX_ORCH_ATTEMPT_DIR"; mkdir data; echo wren > data/names.csv; echo '{"count": 1}' > result.json; echo Gathered.; echo Careful. >&2`,
  },
  ask: {
    compose: [{ kind: 'ref', ref: 'runtime.latest_reply' }],
    run: `case "$CODEX_ORCH_ATTEMPT_DIR" in *0001) codex-orch interrupt create --audience human --kind question --question 'Which?' --option a --option b --artifact inputs/topic.txt >&2;; esac; echo Asked.`,
  },
  write: {
    depends_on: [
      { task: 'gather', kind: 'context', consume: ['data/names.csv'], as: 'facts' },
      ...after('ask'),
    ],
    compose: [
      { kind: 'literal', text: 'Write.' },
      { kind: 'ref', ref: 'deps.facts.artifacts.data/names.csv' },
      { kind: 'ref', ref: 'deps.facts.result' },
    ],
    run: 'cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/deps/facts/artifacts/data/names.csv"',
  },
  gate: {
    kind: 'controller',
    depends_on: after('write'),
    control: { mode: 'loop', continue_targets: ['write'], stop_targets: ['choose'] },
    compose: [{ kind: 'ref', ref: 'inputs.n' }],
    run: `if [ "$(cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/n.json")" = 0 ]; then ${control({
      kind: 'loop',
      action: 'continue',
      next_inputs: { n: 1 },
    })}; else ${control({ kind: 'loop', action: 'stop' })}; fi`,
  },
  choose: {
    kind: 'controller',
    depends_on: after('gate'),
    control: {
      mode: 'route',
      routes: [
        { label: 'left', targets: ['left'] },
        { label: 'right', targets: ['right'] },
      ],
    },
    run: control({ kind: 'route', labels: ['left'] }),
  },
  left: { depends_on: after('choose'), run: 'echo Left.' },
  right: { depends_on: after('choose'), run: 'echo Right.' },
};

describe('the files of a run', () => {
  let directory: string;
  beforeAll(async () => {
    const program = path.join(root, 'program');
    writeFiles(program, {
      'project.yaml': {
        ...{ name: 'Files', workspace: 'ws', default_agent: 'shell', max_concurrency: 1 },
        user_inputs: { topic: 'inputs/topic.txt', n: 'inputs/n.json' },
      },
      'ws/README.md': 'The workspace.\n',
      'inputs/topic.txt': 'birds\n',
      'inputs/n.json': '0',
      'prompts/gather.md': '# Gather\n',
      'schemas/count.json': {
        type: 'object',
        properties: { count: { type: 'integer' } },
        required: ['count'],
      },
    });
    for (const [id, fields] of Object.entries(tasks)) {
      writeFiles(program, { [`tasks/${id}.yaml`]: { id, title: id, status: 'ready', ...fields } });
    }
    const cli = (...words: string[]) => codexOrch(words, { cwd: program });
    expect(await cli('run', 'start', '--root', 'choose')).toMatchObject({ code: 3 });
    const [runId = ''] = readdirSync(path.join(program, '.runs'));
    directory = path.join(program, '.runs', runId);
    const [question = ''] = readdirSync(path.join(directory, 'inbox/interrupts'));
    const reply = ['inbox', 'reply', path.basename(question, '.json'), '--text', 'Take a.'];
    expect(await cli(...reply)).toMatchObject({ code: 0 });
    expect(await cli('run', 'resume', 'latest')).toMatchObject({ code: 0 });
  });

  it('are what they were', () => {
    const log = readFileSync(path.join(directory, 'events.jsonl'), 'utf8');
    const others = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter(
      (name) => name !== 'events.jsonl',
    );
    // The log comes first, and numbers the ids: their order does not depend on chance.
    const plainNames = plain(`${log}\n${others.join('\n')}`)
      .split('\n')
      .slice(-others.length);
    const sorted = others
      .map((name, index) => [plainNames[index] ?? '', name] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    const names = ['events.jsonl', ...sorted.map(([, name]) => name)];
    const volatile = names
      .map((name) => path.join(directory, name))
      .filter((file) => lstatSync(file).isFile())
      .map((file) => readFileSync(file, 'utf8'))
      .filter((text) => plain(text) !== text)
      .map((text) => createHash('sha256').update(text).digest('hex'));
    const whole = plain(names.map(section).join(''));
    const neutralised = volatile
      .reduce((text, sha256) => text.replaceAll(sha256, '<sha256>'), whole)
      // Their sizes depend on where the program lies.
      .replace(/"(size|byte_size)": \d+(?=,\s+"sha256": "<sha256>")/g, '"$1": "<number>"')
      .replace(/\d+ bytes(?=, sha256 <sha256>)/g, '<number> bytes')
      .replace(/("tool_version": ?)"[^"]+"/g, '$1"<version>"');
    expectGolden('run-directory.txt', neutralised);
  });

  function section(name: string): string {
    const file = path.join(directory, name);
    const stat = lstatSync(file);
    const mode = (stat.mode & 0o7777).toString(8).padStart(4, '0');
    if (!stat.isFile()) return `==== ${mode} ${name}/\n`;
    const text = readFileSync(file, 'utf8');
    const newline = text === '' || text.endsWith('\n') ? '' : '\n(no newline at its end)\n';
    return `==== ${mode} ${name}\n${withoutProcess(text)}${newline}`;
  }

  function plain(text: string): string {
    const places = { [root]: '<DIR>', [path.dirname(builtEntry)]: '<DIST>' };
    return neutral(text, places);
  }
});

/** Who the engine was, and how long it worked, is another each time. */
function withoutProcess(text: string): string {
  return text
    .replace(/^( *"(startTime|bootId|pidNamespace|host)": ")[^"]+/gm, '$1<$2>')
    .replace(/^( *"worked_ms": )\d+/gm, '$1"<number>"');
}
