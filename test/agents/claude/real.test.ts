/**
 * The real Claude Code against a local model server: proves the facts that the `claude` backend relies on. Where it is
 * missing, or its sandbox does not work, tests are skipped, and say why.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AttemptOrder } from '../../../src/model/attempt.ts';
import { claudeEnvironment, claudeProblem, claudeSandboxProblem } from '../../support/claude.ts';
import {
  modelScript,
  startModelServer,
  type ModelServer,
  type ModelStep,
} from '../../support/model-server.ts';
import {
  newOrder,
  read,
  temporaryDirectory,
  until,
  untilPrinted,
  type OrderChange,
} from '../../execution/local/orders.ts';
import { findAttempt, runToEnd, startAttempt } from '../../execution/local/start.ts';

const root = temporaryDirectory('claude');
const home = path.join(root, 'home');
let server: ModelServer;
let env: Record<string, string>;

const [problem, sandboxProblem] = [claudeProblem(), claudeSandboxProblem()];
const told = problem ?? sandboxProblem;
if (told !== null) process.stderr.write(`\n*** SKIPPED: ${told}\n\n`);
const real = it.skipIf(problem !== null);
const inSandbox = it.skipIf(sandboxProblem !== null);

beforeAll(async () => {
  server = await startModelServer(undefined, 'anthropic');
  env = claudeEnvironment(home, server.port);
});
afterAll(() => server.stop());

function claudeOrder(steps: ModelStep[], change: OrderChange = {}): AttemptOrder {
  const order = newOrder(root, { backend: 'claude', ...change }, `Go.\n${modelScript(steps)}\n`);
  return { ...order, env: { ...env, ...order.env } };
}

/** The next attempt of the same session, in a fresh attempt directory. */
function next(before: AttemptOrder, sessionId: string | null, steps: ModelStep[]): AttemptOrder {
  const attemptDir = path.join(path.dirname(before.attemptDir), '0002');
  const controlDir = path.join(path.dirname(before.controlDir), '0002');
  for (const directory of [attemptDir, controlDir]) mkdirSync(directory);
  writeFileSync(path.join(controlDir, 'prompt.md'), `Go on.\n${modelScript(steps)}\n`);
  const own = { CODEX_ORCH_ATTEMPT_DIR: attemptDir };
  const startedAt = new Date().toISOString();
  return {
    ...before,
    attemptDir,
    controlDir,
    sessionId,
    startedAt,
    env: { ...before.env, ...own },
  };
}

/** By commands and by the tools for files: each file is named after the directory and the way. */
function writesTo(directories: string[], attempt: string): ModelStep[] {
  const commands = directories.map((directory) => `touch ${directory}/bash-${attempt}`).join('; ');
  const tools = directories.map((directory) => ({ write: [`${directory}/tool-${attempt}`, 'x'] }));
  return [{ bash: commands }, ...tools, { text: 'done' }];
}

function written(directory: string): string[] {
  return readdirSync(directory).filter((name) => /^(bash|tool)-/.test(name));
}

describe('the sandbox', () => {
  const cases = [
    { sandbox: 'workspace-write', inside: true, outside: false },
    { sandbox: 'read-only', inside: false, outside: false },
    { sandbox: 'danger-full-access', inside: true, outside: true },
  ] as const;
  inSandbox.each(cases)('$sandbox holds, in the first attempt and in later ones', async (given) => {
    const { sandbox } = given;
    const outside = path.join(root, `outside-${sandbox}`);
    mkdirSync(outside);
    // The person’s own settings could open it.
    const settings = {
      permissions: { allow: ['Write(//**)', 'Edit(//**)'], additionalDirectories: [outside] },
      sandbox: { enabled: false, filesystem: { allowWrite: [outside] } },
    };
    mkdirSync(home, { recursive: true });
    writeFileSync(path.join(home, 'settings.json'), JSON.stringify(settings));
    const order = claudeOrder([], { sandbox });
    const all = (one: AttemptOrder): string[] => [one.attemptDir, one.cwd, outside];
    const steps = modelScript(writesTo(all(order), '1'));
    writeFileSync(path.join(order.controlDir, 'prompt.md'), `Go.\n${steps}\n`);
    const first = await runToEnd(order);
    expect(first).toMatchObject({ termination_reason: 'completed', failure_kind: null });
    const later = next(order, first.session_id, []);
    const again = modelScript(writesTo(all(later), '2'));
    writeFileSync(path.join(later.controlDir, 'prompt.md'), `Go on.\n${again}\n`);
    const second = await runToEnd(later);
    expect(second).toMatchObject({ termination_reason: 'completed' });
    expect(second.session_id).toBe(first.session_id);
    expect(written(order.attemptDir)).toEqual(['bash-1', 'tool-1']);
    expect(written(later.attemptDir)).toEqual(['bash-2', 'tool-2']);
    const both = ['bash-1', 'bash-2', 'tool-1', 'tool-2'];
    expect(written(order.cwd)).toEqual(given.inside ? both : []);
    expect(written(outside)).toEqual(given.outside ? both : []);
    // Nothing that nobody asked for stays.
    expect(readdirSync(order.cwd).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  inSandbox('keeps the program in a workspace from its workers, but for the attempt', async () => {
    const order = claudeOrder([]);
    order.cwd = order.programDir;
    writeFileSync(path.join(order.programDir, 'project.yaml'), 'name: x\n');
    const steps = [
      {
        bash: 'echo evil > project.yaml; touch "$CODEX_ORCH_ATTEMPT_DIR/mine" work; touch "$CONTROL/evil"',
      },
      { write: [path.join(order.programDir, 'project.yaml'), 'evil'] },
      { write: [path.join(order.controlDir, 'exit'), '0'] },
      { text: 'done' },
    ];
    order.env['CONTROL'] = order.controlDir;
    writeFileSync(path.join(order.controlDir, 'prompt.md'), `Go.\n${modelScript(steps)}\n`);
    expect(await runToEnd(order)).toMatchObject({ termination_reason: 'completed' });
    expect(readFileSync(path.join(order.programDir, 'project.yaml'), 'utf8')).toBe('name: x\n');
    expect(existsSync(path.join(order.attemptDir, 'mine'))).toBe(true);
    expect(existsSync(path.join(order.programDir, 'work'))).toBe(true);
    expect(existsSync(path.join(order.controlDir, 'evil'))).toBe(false);
  });
});

describe('a turn', () => {
  real('holds its answer to a schema, and tells what it does and uses', async () => {
    const order = claudeOrder(
      [
        { thinking: 'hm', bash: 'echo hi; exit 3' },
        { output: { verdict: 7 } },
        { output: { verdict: 'fine' } },
      ],
      { sandbox: 'danger-full-access' },
    );
    order.outputSchemaFile = path.join(order.controlDir, 'schema.json');
    const schema = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      properties: { verdict: { type: 'string' } },
      required: ['verdict'],
      additionalProperties: false,
    };
    writeFileSync(order.outputSchemaFile, JSON.stringify(schema));
    const heard: unknown[] = [];
    const end = await (await startAttempt(order, (all) => heard.push(...all))).ended;
    expect(end).toMatchObject({
      termination_reason: 'completed',
      final_message: { text: '{"verdict":"fine"}' },
      // Three calls; of each, what the cache gave and took is part of the input.
      usage: { input_tokens: 450, cached_input_tokens: 120, output_tokens: 60 },
    });
    expect(heard).toContainEqual(expect.objectContaining({ type: 'reasoning', text: 'hm' }));
    const command = { type: 'command', command: 'echo hi; exit 3', exitCode: 3, status: 'failed' };
    expect(heard).toContainEqual(expect.objectContaining(command));
  });

  real('takes a prompt of a megabyte, and lives on without its engine', async () => {
    const order = claudeOrder([{ text: 'never' }], { sandbox: 'danger-full-access' });
    const steps = [
      { bash: 'until [ -e "$CODEX_ORCH_ATTEMPT_DIR/go" ]; do sleep 0.1; done' },
      { text: 'read' },
    ];
    const prompt = `${'x'.repeat(1 << 20)}\n${modelScript(steps)}\n`;
    writeFileSync(path.join(order.controlDir, 'prompt.md'), prompt);
    (await startAttempt(order)).detach();
    await untilPrinted(order, '"tool_use"');
    const found = await findAttempt(order);
    if (found.kind !== 'running') return expect.unreachable();
    writeFileSync(path.join(order.attemptDir, 'go'), '');
    expect(await found.handle.ended).toMatchObject({
      termination_reason: 'completed',
      final_message: { text: 'read' },
    });
  });
});

describe('an end', () => {
  real.each(['ask', 'kill'] as const)('by %s leaves no process and no litter', async (how) => {
    const sandbox =
      sandboxProblem === null && how === 'kill' ? 'workspace-write' : 'danger-full-access';
    const command = 'echo $$ > "$CODEX_ORCH_ATTEMPT_DIR/pid"; setsid sleep 317 & sleep 317';
    const order = claudeOrder([{ bash: command }], { sandbox, graceMs: 20_000 });
    const handle = await startAttempt(order);
    await until('its command runs', () => existsSync(path.join(order.attemptDir, 'pid')));
    handle.stop('terminated', how);
    const end = await handle.ended;
    expect(end).toMatchObject({ failure_kind: 'interrupted', resume_recommended: true });
    // What it had used until then.
    expect(end.usage).toMatchObject({ input_tokens: 150 });
    await until('all of it is gone', () => processesOf(order).length === 0);
    expect(readdirSync(order.cwd, { recursive: true })).toEqual([]);
    const later = next(order, end.session_id, [{ text: 'went on' }]);
    expect(await runToEnd(later)).toMatchObject({ final_message: { text: 'went on' } });
  });
});

describe('a session', () => {
  real('is gone on with by one attempt at a time', async () => {
    const steps = [
      { bash: 'until [ -e "$CODEX_ORCH_ATTEMPT_DIR/go" ]; do sleep 0.1; done' },
      { text: 'x' },
    ];
    const order = claudeOrder(steps, { sandbox: 'danger-full-access' });
    const handle = await startAttempt(order);
    await untilPrinted(order, '"tool_use"');
    const session = /"session_id":"([^"]+)"/.exec(read(order, 'events.jsonl'))?.[1] ?? '';
    const second = await runToEnd(next(order, session, [{ text: 'beside it' }]));
    expect(second).toMatchObject({ failure_kind: 'runner_invocation', session_id: session });
    expect(second.failure_summary).toMatch(/is open in process \d+/);
    writeFileSync(path.join(order.attemptDir, 'go'), '');
    expect(await handle.ended).toMatchObject({ termination_reason: 'completed' });
  });
});

describe('a failure', () => {
  real.each([
    [{ http: 403 }, 'external_auth', true],
    [{ http: 404 }, 'external_protocol', false],
    [{ http: 400, message: 'prompt is too long: 9 tokens > 8 maximum' }, 'task_runtime', false],
    [{ cut: 'end' }, 'external_protocol', true],
    [{ limit: 'five_hour' }, 'external_rate_limit', true],
  ] as const)('%j is %s by its fields', async (step, kind, isWorthRetrying) => {
    const order = claudeOrder([step], { sandbox: 'danger-full-access' });
    order.env['CLAUDE_CODE_OAUTH_TOKEN'] = 'limit' in step ? 'token' : '';
    if ('limit' in step) order.env['ANTHROPIC_API_KEY'] = '';
    const end = await runToEnd(order);
    expect(end).toMatchObject({ failure_kind: kind, resume_recommended: isWorthRetrying });
  });
});

function processesOf({ attemptDir }: AttemptOrder): string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(attemptDir);
    } catch {
      return false;
    }
  });
}
