/**
 * The checks of backend.ts, for each backend of the table; Codex is the real, pinned program against a
 * local model server. Where it is missing they fail; where its sandbox cannot run, what needs it is
 * skipped, and says why. So is Claude Code, but that it may be missing; and of the agents over ACP those that are real.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backends } from '../../src/agents/backends.ts';
import { acpBackend } from '../../src/agents/acp/backend.ts';
import { codexBackend } from '../../src/agents/codex/backend.ts';
import { claudeBackend } from '../../src/agents/claude/backend.ts';
import { commandBackend } from '../../src/agents/command/backend.ts';
import { newOrder, temporaryDirectory } from '../execution/local/orders.ts';
import { codexHome, sandboxProblem } from '../support/codex.ts';
import {
  modelScript,
  startModelServer,
  type ModelServer,
  type ModelStep,
} from '../support/model-server.ts';
import {
  acpAgent,
  acpPrompt,
  bubblewrapProblem,
  realAgent,
  realAgentProblem,
  scriptedAgent,
} from '../support/acp.ts';
import { claudeEnvironment, claudeProblem, claudeSandboxProblem } from '../support/claude.ts';
import { backendChecks, type BackendFixture, type Does } from './backend.ts';

const root = temporaryDirectory('backend');
let server: ModelServer;
let messages: ModelServer;
beforeAll(async () => {
  server = await startModelServer();
  messages = await startModelServer(undefined, 'anthropic');
});
afterAll(() => Promise.all([server.stop(), messages.stop()]));

/** Real agents take seconds to begin, and on a busy machine many; some checks run one twice. */
const SLOWEST_MS = 240_000;

function lineOf(does: Does): string {
  if ('says' in does) return `echo "${does.says}"`;
  if ('runs' in does) return `${does.runs}; echo done`;
  return 'fails' in does ? 'echo "no such luck" >&2; exit 3' : 'sleep 300';
}

/** `tool`: of a command, in a step of the model server. */
function stepsOf(does: Does, tool: 'exec' | 'bash'): ModelStep[] {
  if ('says' in does) return [{ text: does.says }];
  // However long it takes.
  const args = tool === 'exec' ? { args: { yield_time_ms: 120_000 } } : {};
  if ('runs' in does) return [{ [tool]: does.runs, ...args }, { text: 'done' }];
  return 'fails' in does ? [{ http: 404 }] : [{ hang: 'headers' }];
}

const command: BackendFixture = {
  backend: commandBackend,
  order: (does, change) => newOrder(root, { run: lineOf(does), ...change }),
  dies: () => newOrder(root, { run: 'echo "no licence" >&2; exit 3' }),
  sandboxProblem: 'it has none',
};

const codex: BackendFixture = {
  backend: codexBackend,
  order(does, change) {
    const prompt = `Go.\n${modelScript(stepsOf(does, 'exec'))}\n`;
    const order = newOrder(root, { backend: codexBackend.name, ...change }, prompt);
    return { ...order, env: { ...codexHome(path.join(root, 'home'), server.port), ...order.env } };
  },
  dies() {
    const order = codex.order({ says: 'x' });
    order.env['CODEX_HOME'] = path.join(root, 'no-such-home');
    return order;
  },
  sandboxProblem: sandboxProblem(path.join(root, 'probe-home')),
};

const claude: BackendFixture = {
  backend: claudeBackend,
  order(does, change) {
    const prompt = `Go.\n${modelScript(stepsOf(does, 'bash'))}\n`;
    const order = newOrder(root, { backend: claudeBackend.name, ...change }, prompt);
    const env = claudeEnvironment(path.join(root, 'claude-home'), messages.port);
    return { ...order, env: { ...env, ...order.env } };
  },
  dies: () => claude.order({ says: 'x' }, { agent: { args: ['--no-such-option'] } }),
  sandboxProblem: claudeSandboxProblem(),
  missing: claudeProblem(),
};

/** Of an agent over ACP: in our sandbox, but where nothing is to be held. */
function overAcp(
  command: string[],
  env: (home: string) => Record<string, string>,
  prompt: (does: Does) => string,
): BackendFixture {
  const home = path.join(root, `acp-home-${path.basename(command.at(-1) ?? '')}`);
  return {
    backend: acpBackend,
    order(does, change) {
      const agent = { ...acpAgent(command), ...change?.agent };
      if (change?.sandbox === 'danger-full-access' && agent.wrap === 'sandbox') delete agent.wrap;
      const given = { backend: acpBackend.name, ...change, agent };
      const order = newOrder(root, given, prompt(does));
      mkdirSync(path.join(home, '.acp-agent'), { recursive: true });
      return { ...order, env: { HOME: home, ...env(home), ...order.env } };
    },
    dies() {
      const order = newOrder(
        root,
        { backend: acpBackend.name, agent: acpAgent(scriptedAgent('--mute')) },
        'Go.',
      );
      return { ...order, env: { HOME: home, ...order.env } };
    },
    sandboxProblem: bubblewrapProblem(),
  };
}

function stepsOfAgent(does: Does): ModelStep[] {
  if ('says' in does) return [{ say: does.says }];
  if ('runs' in does) return [{ run: does.runs, ask: true }, { say: 'done' }];
  return 'fails' in does
    ? [{ error: { code: -32603, message: 'no such luck' } }]
    : [{ hang: true }];
}

const acp = overAcp(
  scriptedAgent(),
  () => ({}),
  (does) => acpPrompt(stepsOfAgent(does)),
);

const codexAcp = overAcp(
  [realAgent('codex-acp') ?? 'codex-acp'],
  (home) => codexHome(path.join(home, 'codex'), server.port),
  (does) => acpPrompt(stepsOf(does, 'exec')),
);

const claudeAcp = overAcp(
  [realAgent('claude-agent-acp') ?? 'claude-agent-acp'],
  (home) => claudeEnvironment(path.join(home, 'claude'), messages.port),
  (does) => acpPrompt(stepsOf(does, 'bash')),
);

const fixtures: readonly (readonly [string, BackendFixture])[] = [
  [codexBackend.name, codex],
  [claudeBackend.name, claude],
  [commandBackend.name, command],
  [acpBackend.name, acp],
  ['codex-acp', { ...codexAcp, missing: realAgentProblem('codex-acp') }],
  ['claude-agent-acp', { ...claudeAcp, missing: realAgentProblem('claude-agent-acp') }],
];

it('has a fixture of every backend', () => {
  expect(new Set(fixtures.map(([, { backend }]) => backend))).toEqual(new Set(backends));
});

describe.each(fixtures)('%s', (_, fixture) => {
  const { backend } = fixture;
  const isFirst = fixtures.find(([, each]) => each.backend === backend)?.[1] === fixture;
  for (const { name, needsSandbox = false, ofBackend = false, run } of backendChecks) {
    if (needsSandbox && !backend.can.sandbox) continue;
    if (ofBackend && !isFirst) continue;
    const problem = (needsSandbox ? fixture.sandboxProblem : null) ?? fixture.missing ?? null;
    if (problem !== null) process.stderr.write(`\n*** SKIPPED: ${name}: ${problem}\n\n`);
    it.skipIf(problem !== null)(name, () => run(fixture), SLOWEST_MS);
  }
});
