import { expect, it } from 'vitest';
import { effectiveAgent } from '../../src/agents/resolve-agent.ts';
import type { AgentSpec } from '../../src/model/program.ts';

const bare: AgentSpec = {
  backend: 'codex',
  model: null,
  sandbox: null,
  args: [],
  env: {},
  command: null,
  run: null,
};
const project = {
  agents: { careful: { ...bare, model: 'of the agent', sandbox: 'read-only' }, plain: bare },
  default_model: null,
  default_sandbox: 'workspace-write',
} as const;

it.each([
  ['careful', null, null, 'of the agent', 'read-only'],
  ['careful', 'of the task', 'danger-full-access', 'of the task', 'danger-full-access'],
  ['plain', null, null, null, 'workspace-write'],
  ['undefined', null, 'read-only', null, 'read-only'],
] as const)(
  'takes what the task says, or else its agent, or else the project: %s, %s, %s',
  (agent, ownModel, ownSandbox, model, sandbox) => {
    const task = { agent, model: ownModel, sandbox: ownSandbox };
    expect(effectiveAgent(project, task)).toMatchObject({ model, sandbox });
  },
);
