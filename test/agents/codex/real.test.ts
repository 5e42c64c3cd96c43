/**
 * The real, pinned Codex CLI against a local model server: proves the facts that the `codex` backend
 * relies on. Where Codex's sandbox cannot run, the tests that need it skip, and say why.
 */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AttemptOrder } from '../../../src/model/attempt.ts';
import {
  checkCodexFlags,
  checkCodexLogin,
  checkCodexSandbox,
  testedCodexVersion,
} from '../../../src/agents/codex/doctor.ts';
import { codexCli } from '../../../src/agents/codex/binary.ts';
import { checkProgram, checkVersion } from '../../../src/agents/program-checks.ts';
import { codexHome, codexProgram, sandboxProblem } from '../../support/codex.ts';
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
  type OrderChange,
} from '../../execution/local/orders.ts';
import { findAttempt, runToEnd, startAttempt } from '../../execution/local/start.ts';

const root = temporaryDirectory('codex');
const requests = path.join(root, 'requests');
let server: ModelServer;
let env: Record<string, string>;

const problem = sandboxProblem(path.join(root, 'probe-home'));
if (problem !== null) {
  process.stderr.write(
    `\n*** SKIPPED: Codex's sandbox does not run on this machine: ${problem}\n\n`,
  );
}
const inSandbox = it.skipIf(problem !== null);

beforeAll(async () => {
  mkdirSync(requests, { recursive: true });
  server = await startModelServer(requests);
  env = codexHome(path.join(root, 'codex-home'), server.port);
});
afterAll(() => server.stop());

function codexOrder(steps: ModelStep[], change: OrderChange = {}): AttemptOrder {
  const order = newOrder(root, { backend: 'codex', ...change }, `Go.\n${modelScript(steps)}\n`);
  return { ...order, env: { ...env, ...order.env } };
}

/** The next attempt of the same session, in a fresh attempt directory. */
function next(before: AttemptOrder, sessionId: string | null, steps: ModelStep[]): AttemptOrder {
  const attemptDir = path.join(path.dirname(before.attemptDir), `${Date.now()}`);
  const controlDir = path.join(path.dirname(before.controlDir), path.basename(attemptDir));
  for (const directory of [attemptDir, controlDir]) mkdirSync(directory);
  writeFileSync(path.join(controlDir, 'prompt.md'), `Go on.\n${modelScript(steps)}\n`);
  return { ...before, attemptDir, controlDir, sessionId, startedAt: new Date().toISOString() };
}

describe('a turn', () => {
  it('completes, with its session, message and use', async () => {
    const order = codexOrder([{ reasoning: 'thinking', text: 'all done' }]);
    const seen: string[] = [];
    const attempt = await startAttempt(order, (all) => {
      seen.push(...all.map((activity) => activity.type));
    });
    const end = await attempt.ended;
    expect(end).toMatchObject({
      termination_reason: 'completed',
      return_code: 0,
      failure_kind: null,
      final_message: { text: 'all done' },
      usage: { input_tokens: 100, cached_input_tokens: 40, output_tokens: 20 },
      session_lost: false,
    });
    expect(end.session_id).toMatch(/^[0-9a-f]{8}-/);
    expect(seen).toEqual(expect.arrayContaining(['session_started', 'message', 'turn_ended']));
    const runtime = JSON.parse(read(order, 'runtime.json')) as { command: string[] };
    expect(runtime.command.join(' ')).not.toContain('FAKE:');
    expect(runtime.command.at(-1)).toBe('-');
  });

  inSandbox('continues its session with the same roots, and counts its own use', async () => {
    const extra = path.join(root, 'extra');
    mkdirSync(extra, { recursive: true });
    const touch = (name: string): ModelStep => ({
      exec:
        `cd "$CODEX_ORCH_ATTEMPT_DIR" && touch ${name} && ` +
        `touch ${extra}/${name} "$WORKSPACE/${name}"`,
    });
    const order = codexOrder([touch('one'), { text: 'first' }], { writableRoots: [extra] });
    order.env['WORKSPACE'] = order.cwd;
    const first = await runToEnd(order);
    expect(first).toMatchObject({ termination_reason: 'completed' });
    for (const directory of [order.attemptDir, order.cwd, extra]) {
      expect(existsSync(path.join(directory, 'one')), directory).toBe(true);
    }
    const later = next(order, first.session_id, [touch('two'), { text: 'second' }]);
    later.env = { ...later.env, CODEX_ORCH_ATTEMPT_DIR: later.attemptDir };
    const second = await runToEnd({ ...later, previousUsage: first.usage });
    expect(second).toMatchObject({
      termination_reason: 'completed',
      session_id: first.session_id,
      final_message: { text: 'second' },
      usage: { input_tokens: 200, output_tokens: 40 },
    });
    for (const directory of [later.attemptDir, order.cwd, extra]) {
      expect(existsSync(path.join(directory, 'two')), directory).toBe(true);
    }
  });

  inSandbox('cannot write anywhere else in the program', async () => {
    const order = codexOrder([
      { exec: 'sleep 0.3; touch "$PROGRAM/project.yaml" "$PROGRAM/.runs/r/stolen"; sleep 0.3' },
      { text: 'tried' },
    ]);
    order.env['PROGRAM'] = order.programDir;
    const end = await runToEnd(order);
    expect(end.termination_reason).toBe('completed');
    expect(read(order, 'events.jsonl')).toMatch(/Read-only file system|Permission denied/);
    expect(existsSync(path.join(order.programDir, 'project.yaml'))).toBe(false);
    expect(existsSync(path.join(order.programDir, '.runs/r/stolen'))).toBe(false);
  });

  inSandbox.each(['above the program', 'the program itself', 'above it, resumed'])(
    'cannot write to the program where its workspace is %s',
    async (where) => {
      const probe: ModelStep = {
        exec:
          'cd "$WORKSPACE"; touch mine; for f in project.yaml tasks/new .runs/new "$CONTROL/stolen"; ' +
          'do echo x >>"$PROGRAM/$f"; done; mv "$PROGRAM/.runs" "$PROGRAM/gone"; ' +
          'touch "$CODEX_ORCH_ATTEMPT_DIR/handed"',
      };
      const plain = codexOrder([probe, { text: 'tried' }]);
      const isItself = where === 'the program itself';
      const cwd = isItself ? plain.programDir : path.dirname(plain.programDir);
      mkdirSync(path.join(plain.programDir, 'tasks'));
      writeFileSync(path.join(plain.programDir, 'project.yaml'), '');
      const runsDir = path.join(plain.programDir, '.runs');
      let order = { ...plain, cwd };
      const places = { WORKSPACE: cwd, PROGRAM: plain.programDir };
      order.env = {
        ...order.env,
        ...places,
        CONTROL: path.relative(plain.programDir, order.controlDir),
      };
      let end = await runToEnd(order);
      if (where.endsWith('resumed')) {
        order = next(order, end.session_id, [probe, { text: 'again' }]);
        order.env = {
          ...order.env,
          CODEX_ORCH_ATTEMPT_DIR: order.attemptDir,
          CONTROL: path.relative(plain.programDir, order.controlDir),
        };
        end = await runToEnd(order);
      }
      expect(end.termination_reason).toBe('completed');
      expect(existsSync(path.join(order.attemptDir, 'handed'))).toBe(true);
      expect(existsSync(path.join(cwd, 'mine'))).toBe(true);
      for (const name of ['tasks/new', '.runs/new', 'gone']) {
        expect(existsSync(path.join(plain.programDir, name)), name).toBe(false);
      }
      expect(existsSync(runsDir)).toBe(true);
      expect(readFileSync(path.join(plain.programDir, 'project.yaml'), 'utf8')).toBe('');
      // What is put away at the end would have been moved beside the attempt.
      for (const directory of [order.controlDir, order.attemptDir]) {
        expect(existsSync(path.join(directory, 'stolen'))).toBe(false);
      }
    },
  );

  inSandbox('cannot write elsewhere in a program under /tmp or TMPDIR either', async () => {
    const order = codexOrder([
      {
        exec:
          'touch "$PROGRAM/stolen"; touch "$CODEX_ORCH_ATTEMPT_DIR/mine"; ' +
          'mktemp > "$CODEX_ORCH_ATTEMPT_DIR/temporary"',
      },
      { text: 'tried' },
    ]);
    order.env['PROGRAM'] = order.programDir;
    // A symbolic link: what counts is where the program really lies.
    symlinkSync(order.programDir, path.join(root, 'link-to-tmp'));
    order.env['TMPDIR'] = path.join(root, 'link-to-tmp');
    await runToEnd(order);
    expect(existsSync(path.join(order.attemptDir, 'mine'))).toBe(true);
    expect(existsSync(path.join(order.programDir, 'stolen'))).toBe(false);
    expect(read(order, 'temporary')).toContain(`${order.attemptDir}/scratch/`);
  });

  inSandbox('leaves a result and asks for help with read-only, and no more', async () => {
    const order = codexOrder(
      [
        {
          exec:
            'echo "{}" > "$CODEX_ORCH_ATTEMPT_DIR/result.json"; ' +
            'mkdir "$QUESTIONS" && touch "$QUESTIONS/ask"; ' +
            'touch "$WORKSPACE/stolen"; mktemp > "$CODEX_ORCH_ATTEMPT_DIR/temporary"',
        },
        { text: 'done' },
      ],
      { sandbox: 'read-only' },
    );
    order.env['QUESTIONS'] = path.join(order.attemptDir, 'questions');
    order.env['WORKSPACE'] = order.cwd;
    expect(await runToEnd(order)).toMatchObject({ termination_reason: 'completed' });
    expect(read(order, 'result.json')).toBe('{}\n');
    expect(existsSync(path.join(order.attemptDir, 'questions', 'ask'))).toBe(true);
    expect(existsSync(path.join(order.cwd, 'stolen'))).toBe(false);
    expect(read(order, 'temporary')).toContain('/scratch/');
  });

  inSandbox('keeps the PATH that it was given', async () => {
    const tools = path.join(root, 'tools');
    mkdirSync(tools, { recursive: true });
    writeFileSync(path.join(tools, 'codex-orch'), '#!/bin/sh\necho "found me"\n', { mode: 0o755 });
    const order = codexOrder(
      [{ exec: 'codex-orch > "$CODEX_ORCH_ATTEMPT_DIR/found"' }, { text: 'done' }],
      { env: { PATH: `${tools}:${process.env['PATH']}` } },
    );
    await runToEnd(order);
    expect(read(order, 'found')).toBe('found me\n');
  });

  it('sends model and output schema', async () => {
    const outputSchemaFile = path.join(root, 'schema.json');
    writeFileSync(outputSchemaFile, '{"type":"object","title":"told-apart"}');
    const before = (await server.requests()).length;
    const order = codexOrder([{ text: '{}' }], { model: 'special-model', outputSchemaFile });
    await runToEnd(order);
    const all = await server.requests();
    const number = all.slice(before).find(({ url }) => url.endsWith('/responses'))?.n ?? 0;
    const file = path.join(requests, `req-${String(number).padStart(3, '0')}.json`);
    const request = readFileSync(file, 'utf8');
    expect(request).toContain('"model": "special-model"');
    expect(request).toContain('told-apart');
  });
});

describe('a session that is gone', () => {
  it('is told apart from other failures', async () => {
    const sessionId = '01a2b3c4-0000-7000-8000-000000000000';
    const order = codexOrder([{ text: 'never' }], { sessionId });
    expect(await runToEnd(order)).toMatchObject({
      termination_reason: 'nonzero_exit',
      return_code: 1,
      failure_kind: 'session_lost',
      session_lost: true,
      session_id: null,
    });
  });

  it.each(['not-a-uuid', '-c mcp_servers.x.command="touch"', '--last'])(
    'is never the word %s, which Codex would take for something else',
    async (sessionId) => {
      const order = codexOrder([{ text: 'hello' }], { sessionId });
      expect(await runToEnd(order)).toMatchObject({
        failure_kind: 'runner_invocation',
        failure_summary: expect.stringContaining('cannot be a session of the agent') as string,
      });
    },
  );
});

describe('failures', () => {
  it.each<[string, ModelStep, string]>([
    ['401', { http: 401 }, 'external_auth'],
    ['404', { http: 404 }, 'external_protocol'],
    ['429', { http: 429 }, 'external_rate_limit'],
    ['503', { http: 503 }, 'external_network'],
    ['a cut stream', { cut: 'reset' }, 'external_protocol'],
    [
      'an exhausted quota',
      { failed: { code: 'insufficient_quota', message: '-' } },
      'external_rate_limit',
    ],
    [
      'a refused schema',
      { http: 400, body: { error: { code: 'invalid_json_schema', message: 'no such type' } } },
      'output_schema',
    ],
  ])('%s', async (name, step, kind) => {
    const end = await runToEnd(codexOrder([step]));
    expect(end).toMatchObject({ termination_reason: 'nonzero_exit', failure_kind: kind });
    expect(end.session_id).not.toBeNull();
    // What is not there now will not be there the next time.
    expect(end.resume_recommended).toBe(kind.startsWith('external_') && name !== '404');
  });

  it('a full context ends the session', async () => {
    const failed = { code: 'context_length_exceeded', message: '-' };
    expect(await runToEnd(codexOrder([{ failed }]))).toMatchObject({
      termination_reason: 'nonzero_exit',
      failure_kind: 'session_lost',
      session_id: null,
    });
  });

  it('arguments that Codex does not know', async () => {
    const order = codexOrder([], { agent: { args: ['--no-such-flag'] } });
    const end = await runToEnd(order);
    expect(end).toMatchObject({ failure_kind: 'runner_invocation', return_code: 2 });
    expect(end.failure_summary).toContain('--no-such-flag');
  });

  it('a schema file that is none', async () => {
    const outputSchemaFile = path.join(root, 'broken-schema.json');
    writeFileSync(outputSchemaFile, '{');
    expect(await runToEnd(codexOrder([], { outputSchemaFile }))).toMatchObject({
      failure_kind: 'output_schema',
    });
  });

  it('a broken config.toml', async () => {
    const home = path.join(root, 'broken-home');
    const CODEX_HOME = codexHome(home, server.port).CODEX_HOME;
    writeFileSync(path.join(home, 'config.toml'), 'model = \n');
    expect(await runToEnd(codexOrder([], { env: { CODEX_HOME } }))).toMatchObject({
      failure_kind: 'runner_invocation',
      return_code: 1,
    });
  });

  it('a missing key', async () => {
    const order = codexOrder([]);
    delete order.env['TEST_MODEL_KEY'];
    expect(await runToEnd(order)).toMatchObject({ failure_kind: 'external_auth' });
  });

  it('silence while it waits for the model', async () => {
    const order = codexOrder([{ hang: 'headers' }], { idleTimeoutMs: 1500 });
    expect(await runToEnd(order)).toMatchObject({
      termination_reason: 'idle_timeout',
      failure_kind: 'external_network',
      resume_recommended: true,
    });
  });
});

describe('stopping and finding again', () => {
  const waitForCommand = (order: AttemptOrder) =>
    until('Codex runs a command', () => existsSync(path.join(order.attemptDir, 'running')));

  inSandbox('ends the sandboxed commands, and the session can go on', async () => {
    const order = codexOrder([
      { exec: 'touch "$CODEX_ORCH_ATTEMPT_DIR/running"; sleep 120' },
      { text: 'never' },
    ]);
    const attempt = await startAttempt(order);
    await waitForCommand(order);
    attempt.stop('terminated', 'ask');
    const end = await attempt.ended;
    expect(end).toMatchObject({ termination_reason: 'terminated', resume_recommended: true });
    const later = next(order, end.session_id, [{ text: 'went on' }]);
    expect(await runToEnd(later)).toMatchObject({
      termination_reason: 'completed',
      final_message: { text: 'went on' },
      session_id: end.session_id,
    });
  });

  it('ends the commands of full access too', async () => {
    const order = codexOrder(
      [{ exec: 'sleep 120 & echo $! > "$CODEX_ORCH_ATTEMPT_DIR/running"; wait' }, { text: '-' }],
      { sandbox: 'danger-full-access' },
    );
    const attempt = await startAttempt(order);
    await waitForCommand(order);
    const pid = await until('the pid is written', () => Number(read(order, 'running')));
    attempt.stop('terminated', 'ask');
    expect(await attempt.ended).toMatchObject({ termination_reason: 'terminated' });
    await until('the command is gone', () => !existsSync(`/proc/${pid}`) || isZombie(pid));
  });

  inSandbox('is recovered with its session and message', async () => {
    const order = codexOrder([
      {
        exec:
          'touch "$CODEX_ORCH_ATTEMPT_DIR/running"; ' +
          'until [ -e "$CODEX_ORCH_ATTEMPT_DIR/go" ]; do sleep 0.05; done',
      },
      { text: 'after the engine' },
    ]);
    const attempt = await startAttempt(order);
    await waitForCommand(order);
    attempt.detach();
    const found = await findAttempt(order);
    expect(found.kind).toBe('running');
    if (found.kind !== 'running') return;
    writeFileSync(path.join(order.attemptDir, 'go'), '');
    const end = await found.handle.ended;
    expect(end).toMatchObject({
      termination_reason: 'completed',
      final_message: { text: 'after the engine' },
    });
    expect(end.session_id).not.toBeNull();
  });
});

describe('doctor', () => {
  it('finds the program, its version and its options', async () => {
    const { finding, program } = checkProgram(codexCli, codexProgram, {});
    expect(finding.ok).toBe(true);
    expect(program).toBe(codexProgram);
    expect(await checkVersion(codexCli, codexProgram, testedCodexVersion)).toMatchObject({
      ok: true,
    });
    expect(await checkCodexFlags(codexProgram)).toMatchObject({ ok: true });
    const missing = checkProgram(codexCli, '/nowhere/codex', {});
    expect(missing).toMatchObject({ program: null, finding: { ok: false, severity: 'error' } });
  });

  it('says what is wrong with a program that is no Codex', async () => {
    const fake = path.join(root, 'old-codex');
    const script = '#!/bin/sh\n[ "$1" = --version ] && echo codex-cli 0.20.1 || echo "--json"\n';
    writeFileSync(fake, script, { mode: 0o755 });
    expect(await checkVersion(codexCli, fake, testedCodexVersion)).toMatchObject({
      ok: false,
      severity: 'warning',
    });
    const flags = await checkCodexFlags(fake);
    expect(flags).toMatchObject({ ok: false, severity: 'error' });
    expect(flags.message).toContain('--add-dir');
    expect(flags.message).toContain('resume');
    expect(await checkVersion(codexCli, '/bin/false', testedCodexVersion)).toMatchObject({
      ok: false,
      severity: 'error',
    });
  });

  it('tells whether anybody is logged in', async () => {
    const CODEX_HOME = path.join(root, 'empty-home');
    mkdirSync(CODEX_HOME);
    const { PATH, HOME } = process.env;
    const nobody = await checkCodexLogin(codexProgram, { PATH, HOME, CODEX_HOME });
    expect(nobody).toMatchObject({ ok: false, severity: 'warning' });
    const key = await checkCodexLogin(codexProgram, { PATH, HOME, CODEX_HOME, CODEX_API_KEY: 'k' });
    expect(key.ok).toBe(true);
  });

  inSandbox('tries the sandbox', async () => {
    const finding = await checkCodexSandbox(codexProgram, root, { ...process.env, ...env });
    expect(finding).toMatchObject({ ok: true });
    expect(await checkCodexSandbox('/bin/false', root, {})).toMatchObject({ ok: false });
  });

  // As Debian 12 has it: Codex takes one that knows --argv0 all the same.
  const bubblewrap = spawnSync('bwrap', ['--help'], { encoding: 'utf8' });
  const isOld = bubblewrap.status === 0 && !bubblewrap.stdout.includes('--argv0');
  if (!isOld) process.stderr.write('\n*** SKIPPED: no old bubblewrap is on PATH here\n\n');
  it.skipIf(!isOld)('finds a home that Codex’s sandbox fails in', async () => {
    const temporary = mkdtempSync(path.join(tmpdir(), 'codex-orch-test-'));
    try {
      const home = { CODEX_HOME: temporary };
      const finding = await checkCodexSandbox(codexProgram, root, { ...process.env, ...home });
      expect(finding).toMatchObject({ ok: false, severity: 'error' });
      expect(finding.message).toContain(`its home ${temporary} lies under the temporary directory`);
      expect(finding.remedy).toContain('CODEX_HOME');
    } finally {
      rmSync(temporary, { recursive: true });
    }
  });
});

function isZombie(pid: number): boolean {
  try {
    return /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return true;
  }
}
