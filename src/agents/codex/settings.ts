/** What the `codex` backend keeps in an order. Pure. */
import type { AttemptOrder } from '../../model/attempt.ts';
import type { AgentConfig, AgentUse, Settled } from '../backend.ts';
import { codexCli } from './binary.ts';

/** A type and no interface: so it is JSON. */
type CodexSettings = {
  /** `codex.path` of config.toml; null: `codex` on PATH. CODEX_ORCH_CODEX_BIN wins over both. */
  program: string | null;
  /** The author's, after ours. */
  args: string[];
  /** Of its definition; left out: none. */
  mcp?: Record<string, { command: string[]; env: Record<string, string> }>;
};

export function settleCodex({ agent }: AgentUse, { sections, problem }: AgentConfig): Settled {
  const program = sections[codexCli.command]?.['path'] ?? null;
  const settings: CodexSettings = {
    program,
    args: agent.args,
    ...(agent.mcp && { mcp: agent.mcp }),
  };
  return { settings, problem };
}

export function codexSettings({ settings }: Pick<AttemptOrder, 'settings'>): CodexSettings {
  return settings as CodexSettings;
}
