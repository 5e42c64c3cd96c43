/**
 * The checks of backend.ts, for each backend of the table; Codex is the real, pinned program against a
 * local model server. Where it is missing they fail; where its sandbox cannot run, what needs it is
 * skipped, and says why. So is Claude Code, but that it may be missing.
 */
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { backends } from '../../src/agents/backends.ts';
import type { Backend } from '../../src/agents/backend.ts';
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

function lineOf(does: Does): string {
  if ('says' in does) return `echo "${does.says}"`;
  if ('runs' in does) return `${does.runs}; echo done`;
  return 'fails' in does ? 'echo "no such luck" >&2; exit 3' : 'sleep 300';
}

/** `tool`: of a command, in a step of the model server. */
function stepsOf(does: Does, tool: 'exec' | 'bash'): ModelStep[] {
  if ('says' in does) return [{ text: does.says }];
  if ('runs' in does) return [{ [tool]: does.runs }, { text: 'done' }];
  return 'fails' in does ? [{ http: 404 }] : [{ hang: 'headers' }];
}

const command: BackendFixture = {
  backend: commandBackend,
  order: (does, change) => newOrder(root, { run: lineOf(does), ...change }),
  sandboxProblem: 'it has none',
};

const codex: BackendFixture = {
  backend: codexBackend,
  order(does, change) {
    const prompt = `Go.\n${modelScript(stepsOf(does, 'exec'))}\n`;
    const order = newOrder(root, { backend: codexBackend.name, ...change }, prompt);
    return { ...order, env: { ...codexHome(path.join(root, 'home'), server.port), ...order.env } };
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
  sandboxProblem: claudeSandboxProblem(),
  missing: claudeProblem(),
};

const fixtures = new Map<Backend, BackendFixture>(
  [command, codex, claude].map((fixture) => [fixture.backend, fixture]),
);

describe.each(backends.map((backend) => [backend.name, backend] as const))('%s', (_, backend) => {
  const fixture = fixtures.get(backend);
  if (!fixture) return it('has a fixture here', () => expect.unreachable());
  for (const { name, needsSandbox = false, run } of backendChecks) {
    if (needsSandbox && !backend.can.sandbox) continue;
    const problem = (needsSandbox ? fixture.sandboxProblem : null) ?? fixture.missing ?? null;
    if (problem !== null) process.stderr.write(`\n*** SKIPPED: ${name}: ${problem}\n\n`);
    it.skipIf(problem !== null)(name, () => run(fixture));
  }
});
