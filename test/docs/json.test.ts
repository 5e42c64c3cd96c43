/**
 * What each command prints with `--json` is as docs/schemas says: the outputs that test/golden/commands holds the
 * program to, and for what none of them shows, the program itself.
 */
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, expect, it } from 'vitest';
import { isJsonObject, type Json, type JsonObject } from '../../src/model/json.ts';
import { copyFixture } from '../golden/fixture-runs.ts';
import { makeRepository, testEnv } from '../git/made-repository.ts';
import { builtEntry, codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';

const root = testDirectory('json');
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

const schemaNames = readdirSync('docs/schemas')
  .filter((file) => file.endsWith('.output.schema.json'))
  .map((file) => file.replace('.output.schema.json', ''));
const held = new Set<string>();

/** No field that the schema does not name: what is printed is described. */
function closed(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(closed);
  if (!isJsonObject(schema)) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)] as const);
  const isClosable = schema['properties'] !== undefined && !('additionalProperties' in schema);
  return { ...Object.fromEntries(entries), ...(isClosable ? { additionalProperties: false } : {}) };
}

const compiled = new Map<string, ValidateFunction>();

function schemaOf(name: string): ValidateFunction {
  const known = compiled.get(name);
  if (known) return known;
  const text = readFileSync(`docs/schemas/${name}.output.schema.json`, 'utf8');
  const schema = closed(JSON.parse(text) as Json) as JsonObject;
  const validate = new Ajv2020({ allErrors: true, strict: false }).compile(schema);
  compiled.set(name, validate);
  return validate;
}

function hold(name: string, document: Json): void {
  held.add(name);
  const validate = schemaOf(name);
  const fits = validate(document);
  expect(fits, `${name}: ${JSON.stringify(validate.errors)}`).toBe(true);
}

/** After an error the document is the same for every command. */
function holdError(words: readonly string[], document: Json): void {
  const text = expect.stringMatching(/./) as unknown;
  const hint = (document as { error: JsonObject }).error['hint'] === null ? null : text;
  expect(document, words.join(' ')).toEqual({ error: { code: text, message: text, hint } });
}

/** `run start . --dry-run --json` → `run-start-dry-run`: the longest name of which all words stand there. */
function nameOf(words: readonly string[]): string | undefined {
  const plain = words.map((word) => word.replace(/^--/, ''));
  const names = schemaNames.filter((name) => {
    const [first, ...options] = name.split(/-(?=dry-run$|once$)/);
    const command = [plain[0], `${plain[0]}-${plain[1]}`];
    return command.includes(first) && options.every((option) => plain.includes(option));
  });
  return names.sort((a, b) => b.length - a.length)[0];
}

/** The command lines of the golden files that print JSON, each with what it prints. */
function goldenOutputs(): { words: string[]; documents: Json[] }[] {
  return readdirSync('test/golden/commands').flatMap((file) =>
    readFileSync(`test/golden/commands/${file}`, 'utf8')
      .split(/^\$ /m)
      .flatMap((session) => {
        const [line = '', ...lines] = session.split('\n');
        const words = line.split(' ').filter((word) => !/^[A-Z_]+=/.test(word));
        if (!words.includes('--json') && !line.includes('--format json')) return [];
        const end = lines.findIndex((each) => each.startsWith('--- '));
        const text = lines.slice(0, end).join('\n');
        // What goes wrong in the midst of documents leaves none.
        if (text === '') return [];
        const documents = words.includes('-f')
          ? [text.split('\n').map((each) => JSON.parse(each) as Json)]
          : [JSON.parse(text) as Json];
        return [{ words, documents }];
      }),
  );
}

it('as the golden files have it', () => {
  for (const { words, documents } of goldenOutputs()) {
    const name = nameOf(words);
    expect(name, words.join(' ')).toBeDefined();
    for (const document of documents) {
      if (isJsonObject(document) && document['error'] !== undefined) holdError(words, document);
      else hold(name ?? '', document);
    }
  }
});

it('as commands that no golden file shows print it', async () => {
  const env = { CODEX_ORCH_CODEX_BIN: '/nowhere/codex' };
  const failed = copyFixture('failed', path.join(root, 'failed'));
  const shown = await failed.json<{ instances: Record<string, { status: string }> }>(
    ...['run', 'show', 'latest'],
  );
  hold('run-show', shown as unknown as Json);
  const [instance = ''] =
    Object.entries(shown.instances).find(([, { status }]) => status === 'failed') ?? [];
  hold('run-retry-instance', await failed.json('run', 'retry-instance', 'latest', instance));
  const done = copyFixture('done', path.join(root, 'done'));
  hold('run-resume', await done.json('run', 'resume', 'latest'));
  hold('run-list-full', await done.json('run', 'list', '--full'));
  hold('skill-export', await failed.json('skill', 'export', 'operate-codex-orch', 'skills'));

  const waiting = copyFixture('waiting', path.join(root, 'waiting'));
  const [interrupt = ''] = waiting.interruptIds();
  const reply = ['--text', 'Blue.', '--payload-json', '{"colour": "blue"}'];
  hold('inbox-reply', await waiting.json('inbox', 'reply', '.', interrupt, ...reply));

  const asking = copyFixture('assistant', path.join(root, 'assistant'), env);
  const asker = ['--run-id', asking.runId, '--instance-id', asking.instanceIds()[0] ?? ''];
  hold(
    'interrupt-recommend',
    await asking.json('interrupt', 'recommend', ...asker, '--audience', 'human'),
  );
  const question = ['--audience', 'assistant', '--kind', 'question', '--question', 'Which?'];
  const created = await asking.json<{ interrupt_id: string }>(
    ...['interrupt', 'create', ...asker, ...question, '--target-role', 'namer', '--non-blocking'],
  );
  hold('interrupt-create', created as unknown as Json);
  hold('interrupt-list', await asking.json('interrupt', 'list', '.'));
  hold('interrupt-show', await asking.json('interrupt', 'show', '.', created.interrupt_id));
  // For ever, with a line for each answer: there is no Codex, so it says that it has failed.
  const line = await firstLine(['inbox', 'worker', '.', '--json'], asking.directory, env);
  hold('inbox-worker', JSON.parse(line) as Json);
});

it('as a run with trees, a time limit and somebody to tell has it, and what puts runs away', async () => {
  const repo = makeRepository();
  repo.git('config', 'user.name', 'P');
  repo.git('config', 'user.email', 'p@example.com');
  repo.write('a', '1\n');
  repo.commit('first');
  const program = path.join(root, 'trees');
  const shell = { agent: 'shell', status: 'ready' };
  writeFiles(program, {
    'project.yaml': {
      ...{ name: 'Trees', workspace: repo.dir, isolation: 'tree', edition: 2 },
      node_wall_timeout_sec: 1,
      notify: [{ on: ['done'], to: { command: ['true'] } }],
    },
    'tasks/edit.yaml': { ...shell, id: 'edit', title: 'Edit', run: 'echo 2 >> a' },
    'tasks/slow.yaml': { ...shell, id: 'slow', title: 'Slow', run: 'echo begun; sleep 60' },
  });
  const env = { ...testEnv, HOME: path.join(root, 'home') };
  const json = async (...words: string[]): Promise<Json> =>
    JSON.parse((await codexOrch([...words, '--json'], { cwd: program, env })).stdout) as Json;
  hold('run-start', await json('run', 'start', '--root', 'edit'));
  hold('run-changes', await json('run', 'changes', 'latest'));
  hold('run-cost', await json('run', 'cost', 'latest'));
  hold('run-tree', await json('run', 'tree', 'latest', 'edit'));
  hold('run-integrate', await json('run', 'integrate', 'latest'));
  const file = path.join(repo.dir, 'a');
  hold('blame', await json('blame', file));
  hold('blame-why', await json('blame', file, '--why', '2'));
  hold('notify-test', await json('notify', 'test'));
  hold('run-clean', await json('run', 'clean', 'latest'));
  hold('run-start', await json('run', 'start', '--root', 'slow'));
  hold('run-grant', await json('run', 'grant', 'latest', 'slow', '--wall-sec', '5'));
  hold('limits-list', await json('limits', 'list'));
  hold('limits-clear', await json('limits', 'clear'));
  await json('run', 'abort', 'latest');
  hold('run-prune', await json('run', 'prune', '--older-than', '1d', '--dry-run'));
  hold('run-delete', await json('run', 'delete', 'latest'));
});

it('leaves out no command', () => {
  // It prints beside a remote alone: test/contract/16-what-the-person-gets.test.ts.
  expect(schemaNames.filter((name) => !held.has(name))).toEqual(['run-pr']);
});

/** What a command prints first, that is then ended. */
async function firstLine(words: string[], cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  const child = spawn(process.execPath, [builtEntry, ...words], {
    cwd,
    env: { PATH: process.env['PATH'], HOME: cwd, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let seen = '';
  for await (const chunk of child.stdout) {
    seen += String(chunk);
    if (seen.includes('\n')) break;
  }
  child.kill('SIGINT');
  await ended;
  return seen.split('\n')[0] ?? '';
}
