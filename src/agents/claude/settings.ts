/** What the `claude` backend keeps in an order. Pure. */
import type { AttemptOrder } from '../../model/attempt.ts';
import type { AgentConfig, AgentUse, Settled } from '../backend.ts';
import { claudeCli } from './cli.ts';

/** A type and no interface: so it is JSON. */
type ClaudeSettings = {
  /** `claude.path` of config.toml; null: `claude` on PATH. CODEX_ORCH_CLAUDE_BIN wins over both. */
  program: string | null;
  /** The author's, after ours. */
  args: string[];
  /** Of its definition; left out: none. */
  mcp?: Record<string, { command: string[]; env: Record<string, string> }>;
};

export function settleClaude({ agent }: AgentUse, { sections, problem }: AgentConfig): Settled {
  const program = sections[claudeCli.command]?.['path'] ?? null;
  const settings: ClaudeSettings = {
    program,
    args: agent.args,
    ...(agent.mcp && { mcp: agent.mcp }),
  };
  return { settings, problem };
}

export function claudeSettings({ settings }: Pick<AttemptOrder, 'settings'>): ClaudeSettings {
  return settings as ClaudeSettings;
}
