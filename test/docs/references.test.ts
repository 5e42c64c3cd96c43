/** What is made of the code is up to date: the references, and what `--json` prints. */
import { execFile } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isJsonObject, type Json, type JsonObject } from '../../src/model/json.ts';
import { builtEntry, codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';

const run = promisify(execFile);

describe('what scripts make', () => {
  it.each(['command-reference', 'doc-schemas', 'api-schemas'])('%s is up to date', async (name) => {
    const env = { ...process.env, CODEX_ORCH_TEST_DIST: path.dirname(builtEntry) };
    const script = path.resolve('scripts', `${name}.mjs`);
    await expect(run(process.execPath, [script, '--check'], { env })).resolves.toMatchObject({
      stdout: '',
    });
  });
});

it('docs/dependencies.md gives the reason for each package', () => {
  const page = readFileSync('docs/dependencies.md', 'utf8');
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    devDependencies: Record<string, string>;
  };
  const named = [...page.matchAll(/^\|([^|]+)\|/gm)].flatMap(([, cell]) =>
    [...(cell ?? '').matchAll(/`([^`]+)`/g)].map(([, name]) => name),
  );
  expect([...new Set(named)].sort()).toEqual(Object.keys(devDependencies).sort());
});

/** No field that the schema does not name: what is printed is described. */
function closed(schema: Json): Json {
  if (Array.isArray(schema)) return schema.map(closed);
  if (!isJsonObject(schema)) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, closed(value)] as const);
  const isClosable = schema['properties'] !== undefined && !('additionalProperties' in schema);
  return { ...Object.fromEntries(entries), ...(isClosable ? { additionalProperties: false } : {}) };
}

function schemaOf(command: string): ValidateFunction {
  const name = `${command.replaceAll(/[^a-z]+/g, '-')}.output.schema.json`;
  const schema = JSON.parse(readFileSync(`docs/schemas/${name}`, 'utf8')) as JsonObject;
  return new Ajv2020({ allErrors: true, strict: false }).compile(closed(schema) as JsonObject);
}

describe('--json', () => {
  const root = testDirectory('json');
  const program = path.join(root, 'program');
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  /** Runs a command with --json, and holds what it prints against the command's schema. */
  async function printed(
    command: string,
    words: string[],
    options: { exit?: number; env?: NodeJS.ProcessEnv; as?: string } = {},
  ): Promise<Json> {
    const args = [...command.split(' '), ...words, '--json'];
    const ended = await codexOrch(args, { cwd: program, env: options.env ?? {} });
    expect(ended, `${args.join(' ')}\n${ended.stderr}`).toMatchObject({ code: options.exit ?? 0 });
    const document = JSON.parse(ended.stdout) as Json;
    const validate = schemaOf(options.as ?? command);
    expect(validate(document), `${command}: ${JSON.stringify(validate.errors)}`).toBe(true);
    return document;
  }

  beforeAll(async () => {
    writeFiles(program, { 'seed.txt': '' });
    const dir = path.join(root, 'made');
    await printed('project init', [dir, 'Made', '.']);
    const ask =
      'if [ "$(cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/runtime/latest_reply.json")" = null ]; then ' +
      'codex-orch interrupt create --audience human --kind approval --question "Well?" --option yes --json ' +
      '> "$CODEX_ORCH_ATTEMPT_DIR/asked.json"; else echo fine; fi';
    const task = (id: string, more: object): object => ({
      id,
      title: id,
      status: 'ready',
      agent: 'shell',
      ...more,
    });
    const loop = { kind: 'loop', action: 'continue', next_inputs: { n: [1, null, { a: 'b' }] } };
    writeFiles(program, {
      'project.yaml': { name: 'json', workspace: '.', user_inputs: { n: 'n.json' } },
      'n.json': 1,
      'result.schema.json': { type: 'object' },
      'tasks/first.yaml': task('first', {
        run: 'echo one',
        labels: ['all'],
        assistant_hints: { decision_kind_overrides: { naming: 'namer' } },
      }),
      'tasks/ask.yaml': task('ask', {
        run: ask,
        labels: ['all'],
        depends_on: [{ task: 'first', kind: 'context', consume: ['final.md'] }],
        compose: [{ kind: 'ref', ref: 'runtime.latest_reply' }],
        required_decisions: [{ decision_kind: 'review', audience: 'any' }],
      }),
      'tasks/fails.yaml': task('fails', { run: 'exit 3', labels: ['all'] }),
      'tasks/loop.yaml': task('loop', {
        kind: 'controller',
        labels: ['all'],
        depends_on: [{ task: 'first', kind: 'order' }],
        result_schema: 'result.schema.json',
        control: {
          mode: 'loop',
          continue_targets: ['first'],
          stop_targets: ['end'],
          max_iterations: 1,
        },
        run: `echo '${JSON.stringify({ control: loop })}'`,
      }),
      'tasks/end.yaml': task('end', {
        depends_on: [{ task: 'loop', kind: 'order' }],
        run: 'true',
      }),
      'tasks/route.yaml': task('route', {
        kind: 'controller',
        labels: ['all'],
        control: { mode: 'route', routes: [{ label: 'a', targets: ['routed'] }] },
        run: 'echo \'{"control": {"kind": "route", "labels": []}}\'',
      }),
      'tasks/routed.yaml': task('routed', {
        depends_on: [{ task: 'route', kind: 'order' }],
        run: 'true',
      }),
      'new.yaml': task('new', { run: 'true' }),
      'change.yaml': { title: 'New' },
      'presets/twin.yaml': {
        id: 'twin',
        title: 'Twin',
        variables: { of: { description: 'What', default: 'a' } },
        tasks: [{ id: 'twin_$of', title: 'Twin', agent: 'shell', run: 'true' }],
      },
      'assistant_roles/namer/role.yaml': {
        id: 'namer',
        title: 'Namer',
        policy: { decision_kinds: ['naming'] },
      },
      'assistant_roles/namer/instructions.md': 'Name it.',
    });
  });

  it('of programs is as described', async () => {
    await printed('assistant-doc install', []);
    expect(await printed('project validate', [])).toMatchObject({ ok: true });
    await printed('task list', []);
    await printed('task show', ['loop']);
    await printed('task add', ['new.yaml']);
    await printed('task update', ['new', 'change.yaml']);
    await printed('edge add', ['first', 'new', 'context', '--consume', 'final.md']);
    await printed('edge list', []);
    await printed('graph show', []);
    await printed('edge remove', ['first', 'new', 'context']);
    await printed('task delete', ['new']);
    await printed('preset list', []);
    await printed('preset preview', ['twin']);
    await printed('preset apply', ['twin']);
    await printed('run start', ['--label', 'all', '--dry-run'], { as: 'run start --dry-run' });
    writeFiles(program, { 'tasks/bad.yaml': 'id: bad\nlabel: x\n' });
    expect(await printed('project validate', [], { exit: 2 })).toMatchObject({ ok: false });
    rmSync(path.join(program, 'tasks/bad.yaml'));
    await printed('skill list', []);
    await printed('skill export', ['operate-codex-orch', path.join(root, 'skills')]);
    await printed('skill install', ['operate-codex-orch', '--repo-dir', root]);
    const doctor = await codexOrch(['doctor', '--json'], {
      cwd: program,
      env: { CODEX_ORCH_CODEX_BIN: '/nowhere/codex' },
    });
    expect(schemaOf('doctor')(JSON.parse(doctor.stdout))).toBe(true);
  });

  it('of runs is as described', async () => {
    const started = await printed('run start', ['--label', 'all'], { exit: 1 });
    const { id, instances } = started as { id: string; instances: Record<string, JsonObject> };
    const of = (task: string): string =>
      Object.keys(instances).find((each) => each.startsWith(`${task}-`)) ?? '';
    await printed('run list', []);
    await printed('run show', [id]);
    const explained = await printed('run explain', [id]);
    expect(explained).toMatchObject({ instances: expect.arrayContaining([]) as unknown[] });
    const events = (await printed('run events', [id])) as JsonObject[];
    expect(events.length).toBeGreaterThan(20);
    await printed('run verify', [id]);
    await printed('run reconcile', [id]);
    await printed('run resume', [id], { exit: 1 });
    await printed('run retry-instance', [id, of('fails')], { exit: 1 });

    const [{ interrupt }] = (await printed('inbox list', ['--unresolved-only'])) as [
      { interrupt: { interrupt_id: string } },
    ];
    await printed('interrupt list', []);
    await printed('inbox show', [interrupt.interrupt_id]);
    await printed('interrupt show', [interrupt.interrupt_id]);
    const attempt = path.join(program, '.runs', id, 'instances', of('ask'), 'attempts/0001');
    const asked = JSON.parse(readFileSync(path.join(attempt, 'asked.json'), 'utf8')) as Json;
    expect(schemaOf('interrupt create')(asked)).toBe(true);
    const asker = ['--run-id', id, '--instance-id', of('first')];
    const naming = ['--kind', 'question', '--decision-kind', 'naming'];
    await printed('interrupt recommend', [...asker, ...naming]);
    await printed('interrupt recommend', [...asker, '--audience', 'human']);
    await printed('inbox reply', [interrupt.interrupt_id, '--text', 'yes']);
    await printed('inbox worker', ['--once'], { as: 'inbox worker --once' });
    await printed('proposal list', []);
    await printed('run abort', [id]);
    await printed('run verify', [id]);
  });
});
