import { describe, expect, it } from 'vitest';
import type { CommandLine } from '../../../src/agents/backend.ts';
import { claudeBackend } from '../../../src/agents/claude/backend.ts';
import { nothingLocated } from '../../../src/agents/located.ts';
import { newOrder, temporaryDirectory, type OrderChange } from '../../execution/local/orders.ts';

const root = temporaryDirectory('claude-argv');
const session = '0199aaaa-0000-7000-8000-000000000001';

function made(change: OrderChange): CommandLine {
  const order = newOrder(root, { backend: 'claude', cwd: '/w', attemptDir: '/p/a', ...change });
  return claudeBackend.commandLine(order, { ...nothingLocated, program: '/bin/claude' });
}

function line(change: OrderChange): string[] {
  return made(change).argv;
}

/** The word behind an option. */
function after(argv: readonly string[], option: string): string | undefined {
  return argv[argv.indexOf(option) + 1];
}

describe('the command line of Claude Code', () => {
  it('begins a session by a name of its own, and goes on with one', () => {
    const first = line({});
    expect(after(first, '--session-id')).toMatch(/^[0-9a-f-]{36}$/);
    expect(first).not.toContain('--resume');
    const later = line({ sessionId: session, agent: { args: ['--effort', 'low'] } });
    expect(later.slice(-4)).toEqual(['--resume', session, '--effort', 'low']);
    expect(() => line({ sessionId: '--settings' })).toThrow(/cannot be a session/);
  });

  it.each(['read-only', 'workspace-write'] as const)(
    '%s has no settings of the person',
    (sandbox) => {
      const argv = line({ sandbox });
      expect(after(argv, '--setting-sources')).toBe('');
      expect(JSON.parse(after(argv, '--settings') ?? '')).toMatchObject({
        disableAllHooks: true,
        sandbox: { enabled: true, failIfUnavailable: true, allowUnsandboxedCommands: false },
      });
    },
  );

  it('allows the tools of the servers that it is given', () => {
    const mcp = { db: { command: ['db-mcp', '--ro'], env: { A: 'b' } } };
    const { argv, given } = made({
      controlDir: '/p/control',
      sandbox: 'read-only',
      agent: { mcp },
    });
    const file = '/p/control/given-db.sh';
    const args = ['-c', '. "$0" && exec "$@"', file, 'db-mcp', '--ro'];
    expect(JSON.parse(after(argv, '--mcp-config') ?? '')).toEqual({
      mcpServers: { db: { command: '/bin/sh', args } },
    });
    // What is in its environment, everybody on the machine could read on the command line.
    expect(given).toEqual({ [file]: "export A='b'\n" });
    expect(after(argv, '--allowedTools')).toMatch(/,mcp__db$/);
    expect(line({})).not.toContain('--mcp-config');
  });
});
