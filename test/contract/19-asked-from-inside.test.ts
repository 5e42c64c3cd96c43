/**
 * Section 19 of the contract: every agent asks from inside of its sandbox, goes on in its session when it is answered, and
 * hands in a result that fits its schema; the real programs against model servers. Where one is missing, this says so.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serveAgents, type ServedAgents } from '../support/agents-env.ts';
import { bubblewrapProblem, realAgent, realAgentProblem } from '../support/acp.ts';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { claudeSandboxProblem } from '../support/claude.ts';
import { sandboxProblem } from '../support/codex.ts';
import { modelScript, type ModelStep } from '../support/model-server.ts';

const root = testDirectory('asked');
let served: ServedAgents;

beforeAll(async () => {
  served = await serveAgents(root);
});
afterAll(async () => {
  await served.stop();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

const line =
  'codex-orch interrupt create --audience human --kind question --question "Which colour?" --blocking; touch mine; true';
const exec: ModelStep = { exec: line, args: { yield_time_ms: 120_000 } };
const bash: ModelStep = { bash: line };

const overAcp = (name: 'codex-acp' | 'claude-agent-acp'): object => ({
  backend: 'acp',
  command: [realAgent(name) ?? name],
  wrap: 'sandbox',
});

const agents: [string, object, ModelStep, string | null][] = [
  ['codex', { backend: 'codex' }, exec, sandboxProblem(path.join(root, 'probe-home'))],
  ['claude', { backend: 'claude' }, bash, claudeSandboxProblem()],
  ['codex-acp', overAcp('codex-acp'), exec, realAgentProblem('codex-acp') ?? bubblewrapProblem()],
  [
    'claude-agent-acp',
    overAcp('claude-agent-acp'),
    bash,
    realAgentProblem('claude-agent-acp') ?? bubblewrapProblem(),
  ],
];

const painted = {
  type: 'object',
  properties: { colour: { type: 'string' } },
  required: ['colour'],
  additionalProperties: false,
};

function program(name: string, agent: object, step: ModelStep): string {
  const directory = path.join(root, name, 'program');
  const text = `Paint.\n${modelScript([step, { text: 'I have asked.' }])}`;
  mkdirSync(path.join(directory, '..', 'workspace'), { recursive: true });
  writeFiles(directory, {
    'project.yaml': { name: 'p', workspace: '../workspace', agents: { a: agent } },
    'schemas/painted.json': painted,
    'tasks/t.yaml': {
      id: 't',
      title: 'T',
      agent: 'a',
      status: 'ready',
      sandbox: 'read-only',
      result_schema: 'schemas/painted.json',
      publish: ['result.json'],
      compose: [{ kind: 'literal', text }],
    },
  });
  return directory;
}

interface Shown {
  instances: Record<string, { status: string; attempt: number; session_id: string | null }>;
}

describe.each(agents)('%s', (name, agent, step, problem) => {
  if (problem !== null) process.stderr.write(`\n*** SKIPPED: ${name} that asks: ${problem}\n\n`);

  it.skipIf(problem !== null)(
    'asks, goes on in its session, and hands in what fits',
    async () => {
      const directory = program(name, agent, step);
      const cli = (...words: string[]) => codexOrch(words, { cwd: directory, env: served.env });
      const only = async () => {
        const { stdout } = await cli('run', 'show', '.', 'latest', '--json');
        const [instance] = Object.values((JSON.parse(stdout) as Shown).instances);
        return instance;
      };
      const started = await cli('run', 'start', '.', '--root', 't');
      expect(started.code, started.stderr).toBe(3);
      const before = await only();
      expect(before).toMatchObject({ attempt: 1, session_id: expect.any(String) as string });
      const list = await cli('inbox', 'list', '.', '--unresolved-only', '--json');
      const [asked] = JSON.parse(list.stdout) as { interrupt: { interrupt_id: string } }[];
      // Claude Code holds its model to the schema by a tool.
      const colour = { colour: 'green' };
      const last = name === 'claude' ? { output: colour } : { text: JSON.stringify(colour) };
      const answer = `Green.\n${modelScript([last])}`;
      const id = asked?.interrupt.interrupt_id ?? '';
      const replied = await cli('inbox', 'reply', '.', id, '--text', answer, '--resume');
      expect(replied.code, replied.stderr).toBe(0);
      expect(await only()).toMatchObject({
        status: 'done',
        attempt: 2,
        session_id: before?.session_id,
      });
      const runs = path.join(directory, '.runs');
      const [result] = readdirSync(runs, { recursive: true, encoding: 'utf8' }).filter((file) =>
        file.endsWith(path.join('attempts', '0002', 'result.json')),
      );
      expect(JSON.parse(readFileSync(path.join(runs, result ?? ''), 'utf8'))).toEqual(colour);
      expect(existsSync(path.join(directory, '..', 'workspace', 'mine'))).toBe(false);
    },
    240_000,
  );
});
