/** What of the person's reaches an agent, and what of an agent's secrets reaches the disk: with the real programs. */
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scriptedAgent } from '../support/acp.ts';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { claudeEnvironment, claudeProblem } from '../support/claude.ts';
import { codexHome, codexProgram } from '../support/codex.ts';
import {
  modelScript,
  startModelServer,
  type ModelServer,
  type ModelStep,
} from '../support/model-server.ts';

const root = testDirectory('ambient');
const [codexLog, claudeLog] = [path.join(root, 'codex-log'), path.join(root, 'claude-log')];
let codexServer: ModelServer;
let claudeServer: ModelServer;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  for (const directory of [codexLog, claudeLog]) mkdirSync(directory);
  codexServer = await startModelServer(codexLog);
  claudeServer = await startModelServer(claudeLog, 'anthropic');
  const claudeHome = path.join(root, 'claude-home');
  const codex = path.join(root, 'codex-home');
  env = {
    PATH: process.env['PATH'],
    ...claudeEnvironment(claudeHome, claudeServer.port),
    ...codexHome(codex, codexServer.port),
    HOME: path.join(root, 'home'),
  };
  writeFiles(codex, { 'AGENTS.md': 'MARK-OF-THE-PERSON', 'auth.json': '{}' });
  writeFiles(claudeHome, { 'CLAUDE.md': 'MARK-OF-THE-PERSON', '.credentials.json': '{}' });
});
afterAll(async () => {
  await Promise.all([codexServer.stop(), claudeServer.stop()]);
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

let count = 0;

/** A program of one task, whose agent's model does as the steps say. */
function program(agent: object, steps: ModelStep[], name = `${(count += 1)}`): string {
  const directory = path.join(root, name, 'program');
  mkdirSync(path.join(directory, '..', 'workspace'), { recursive: true });
  const compose = [{ kind: 'literal', text: `Do ${name}.\n${modelScript(steps)}` }];
  writeFiles(directory, {
    'project.yaml': { name: 'p', workspace: '../workspace', agents: { a: agent } },
    'tasks/t.yaml': { id: 't', title: 'T', agent: 'a', status: 'ready', compose },
  });
  return directory;
}

async function run(directory: string, more: NodeJS.ProcessEnv = {}): Promise<void> {
  const ended = await codexOrch(['run', 'start', directory, '--root', 't'], {
    cwd: directory,
    env: { ...env, ...more },
  });
  expect(ended.code, ended.stderr).toBe(0);
}

/** What the model was sent for the program of this name. */
function sent(log: string, name: string): string {
  return readdirSync(log)
    .map((file) => readFileSync(path.join(log, file), 'utf8'))
    .filter((text) => text.includes(`Do ${name}.`))
    .join('\n');
}

const providerOptions = (): string[] =>
  [
    'model="test-model"',
    'model_provider="local"',
    'model_providers.local.name="local"',
    `model_providers.local.base_url="http://127.0.0.1:${codexServer.port}/v1"`,
    'model_providers.local.env_key="TEST_MODEL_KEY"',
    'model_providers.local.wire_api="responses"',
    'analytics.enabled=false',
    'features.plugins=false',
    'check_for_update_on_startup=false',
  ].flatMap((option) => ['-c', option]);

describe('ambient', () => {
  it.skipIf(!existsSync(codexProgram))('none gives Codex the login, and nothing else', async () => {
    const steps = [{ text: 'done' }];
    await run(program({ backend: 'codex' }, steps, 'codex-user'));
    expect(sent(codexLog, 'codex-user')).toContain('MARK-OF-THE-PERSON');
    const agent = { backend: 'codex', ambient: 'none', args: providerOptions() };
    const directory = program(agent, steps, 'codex-none');
    await run(directory);
    expect(sent(codexLog, 'codex-none')).toContain('Do codex-none.');
    expect(sent(codexLog, 'codex-none')).not.toContain('MARK-OF-THE-PERSON');
    const home = path.join(directory, '.codex-orch', 'homes', 'codex', '.codex');
    expect(readlinkSync(path.join(home, 'auth.json'))).toBe(
      path.join(root, 'codex-home', 'auth.json'),
    );
    // Its sessions are there, for later attempts.
    expect(existsSync(path.join(home, 'sessions'))).toBe(true);
    expect(existsSync(path.join(home, 'AGENTS.md'))).toBe(false);
  });

  const missing = claudeProblem();
  if (missing !== null)
    process.stderr.write(`\n*** SKIPPED: ambient of Claude Code: ${missing}\n\n`);
  it.skipIf(missing !== null)('none gives Claude Code the login, and nothing else', async () => {
    const steps = [{ text: 'done' }];
    const agent = { backend: 'claude', sandbox: 'danger-full-access' };
    await run(program(agent, steps, 'claude-user'));
    expect(sent(claudeLog, 'claude-user')).toContain('MARK-OF-THE-PERSON');
    const directory = program({ ...agent, ambient: 'none' }, steps, 'claude-none');
    await run(directory);
    expect(sent(claudeLog, 'claude-none')).toContain('Do claude-none.');
    expect(sent(claudeLog, 'claude-none')).not.toContain('MARK-OF-THE-PERSON');
    const home = path.join(directory, '.codex-orch', 'homes', 'claude', '.claude');
    expect(readlinkSync(path.join(home, '.credentials.json'))).toBe(
      path.join(root, 'claude-home', '.credentials.json'),
    );
  });

  it('none is refused where nobody knows what a home would be', async () => {
    const agents = [
      { backend: 'command', run: 'true', ambient: 'none' },
      { backend: 'acp', command: ['my-agent'], sandbox: 'danger-full-access', ambient: 'none' },
    ];
    for (const agent of agents) {
      const directory = program(agent, []);
      const { code, stdout } = await codexOrch(['project', 'validate', directory], { cwd: root });
      expect(code, stdout).toBe(2);
      expect(stdout).toContain('a home of its own');
    }
  });
});

describe('secrets', () => {
  const secret = 'tok-"en"\\of-mine';
  const print = 'printf "%s" "$API_TOKEN" > seen; printf "%s\\n" "$API_TOKEN"; sleep 0.2';
  const all: [string, object, ModelStep[], string | null][] = [
    [
      'codex',
      { backend: 'codex' },
      [{ exec: print, args: { yield_time_ms: 30_000 } }, { text: 'done' }],
      existsSync(codexProgram) ? null : 'Codex is missing',
    ],
    [
      'claude',
      { backend: 'claude', sandbox: 'danger-full-access' },
      [{ bash: print }, { text: 'done' }],
      claudeProblem(),
    ],
    [
      'acp',
      { backend: 'acp', command: scriptedAgent(), sandbox: 'danger-full-access' },
      [{ run: print, ask: true }, { env: 'API_TOKEN' }],
      null,
    ],
  ];
  it.each(all.filter(([, , , problem]) => problem === null))(
    'of %s are nowhere in the directory of its run',
    async (name, agent, steps) => {
      const directory = program({ ...agent, secrets: ['API_TOKEN'] }, steps, `secret-${name}`);
      await run(directory, { API_TOKEN: secret, ACP_AGENT_HOME: path.join(root, 'acp-home') });
      // The agent had it, and wrote it down itself.
      const seen = path.join(directory, '..', 'workspace', 'seen');
      expect(readFileSync(seen, 'utf8')).toBe(secret);
      const runs = path.join(directory, '.runs');
      for (const form of [secret, JSON.stringify(secret).slice(1, -1)]) {
        const found = spawnSync('grep', ['-rlF', '--', form, runs], { encoding: 'utf8' });
        expect(found.stdout, form).toBe('');
      }
      const shown = spawnSync('grep', ['-rlF', '--', '‹API_TOKEN›', runs], { encoding: 'utf8' });
      expect(shown.stdout).toContain('events.jsonl');
    },
  );

  it('are kept out of what an agent over ACP says to its client, while it lives', async () => {
    const go = path.join(root, 'go');
    const steps = [
      { env: 'API_TOKEN' },
      {
        run: 'printf %s "$API_TOKEN" | head -c 8; sleep 0.3; printf %s "$API_TOKEN" | tail -c +9',
        live: true,
      },
      { run: `until [ -e ${go} ]; do sleep 0.05; done` },
      { say: 'x' },
    ];
    const agent = { backend: 'acp', command: scriptedAgent(), sandbox: 'danger-full-access' };
    const directory = program({ ...agent, secrets: ['API_TOKEN'] }, steps);
    const ran = run(directory, { API_TOKEN: secret, ACP_AGENT_HOME: path.join(root, 'acp-home') });
    const runs = path.join(directory, '.runs');
    const isThere = (): boolean =>
      spawnSync('grep', ['-rlF', '--include=events.jsonl', '--', '‹API_TOKEN›', runs]).status === 0;
    while (!isThere()) await new Promise((resolve) => setTimeout(resolve, 50));
    const found = spawnSync('grep', ['-rlF', '--', 'tok-', runs], { encoding: 'utf8' });
    writeFileSync(go, '');
    await ran;
    expect(found.stdout).toBe('');
  });
});
