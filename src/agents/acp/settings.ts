/** What the `acp` backend keeps in an order. Pure. */
import type { AttemptOrder } from '../../model/attempt.ts';
import type { AgentSpec, Sandbox } from '../../model/program.ts';
import type { AgentUse, Settled, Unheld } from '../backend.ts';
import { knownProgram, programIn } from './known-agents.ts';

/** A type and no interface: so it is JSON. */
type AcpSettings = {
  /** Empty where nobody says what to run. */
  argv: string[];
  /** Whether our sandbox is around it. */
  wrapped: boolean;
  /** Of its definition; left out: none. */
  mcp?: Record<string, { command: string[]; env: Record<string, string> }>;
};

export function settleAcp({ agent }: AgentUse): Settled {
  const settings: AcpSettings = {
    argv: agent.command === null ? [] : [...agent.command, ...agent.args],
    wrapped: agent.wrap === 'sandbox',
    ...(agent.mcp && { mcp: agent.mcp }),
  };
  return { settings, problem: null };
}

export function acpSettings({ settings }: Pick<AttemptOrder, 'settings'>): AcpSettings {
  return settings as AcpSettings;
}

/** Our sandbox holds any agent, and a sandbox of its own where that is known to: of the others none holds. */
export function unheldByAcp(agent: AgentSpec, sandbox: Sandbox): Unheld | null {
  if (sandbox === 'danger-full-access' || agent.wrap === 'sandbox') return null;
  const command = agent.command ?? [];
  const { own } = knownProgram(command);
  if (own !== null && sandbox === 'workspace-write') return null;
  const name = programIn(command);
  const why =
    own === null
      ? `nothing holds ${name === '' ? 'the agent' : name} to "sandbox: ${sandbox}"`
      : `the sandbox of ${name} for "${sandbox}" closes the directory of the attempt, too`;
  const hint = 'Set "wrap: sandbox" on the agent, or "sandbox: danger-full-access".';
  return { message: why, hint };
}
