/**
 * The command line of `claude -p`. The options and what they do are observed facts of version 2.1.332;
 * test/agents/claude/real.test.ts proves those that we rely on against that version.
 */
import type { AttemptOrder } from '../../model/attempt.ts';
import type { JsonObject } from '../../model/json.ts';
import type { CommandLine, Located } from '../backend.ts';
import { assertSessionUuid } from '../session-uuid.ts';
import { startedServers, type StartedServers } from '../tool-servers.ts';
import { newSession } from './session.ts';
import { claudeSettings } from './settings.ts';

/** Options of Claude Code that are used here; `doctor` looks for them in its help. */
export const claudeOptions = [
  '--print',
  '--output-format',
  '--verbose',
  '--setting-sources',
  '--strict-mcp-config',
  '--settings',
  '--session-id',
  '--resume',
  '--permission-mode',
  '--add-dir',
  '--tools',
  '--allowedTools',
  '--disallowedTools',
  '--model',
  '--json-schema',
] as const;

/** All is restated on every attempt: a resumed session remembers the conversation and the model only. */
export function claudeCommandLine(order: AttemptOrder, at: Located): CommandLine {
  const { args, mcp = {} } = claudeSettings(order);
  const session = order.sessionId === null ? newSession(order) : assertSessionUuid(order.sessionId);
  const words = ['-p', '--output-format', 'stream-json', '--verbose', '--strict-mcp-config'];
  // Settings of the person's are added to ours, and could open the sandbox: they hold only where there is none.
  const isOpen = order.sandbox === 'danger-full-access' && order.profile?.ambient !== 'none';
  words.push('--setting-sources', isOpen ? 'user' : '');
  words.push('--settings', JSON.stringify(settingsOf(order, at)));
  const { commands, given } = startedServers(order, mcp);
  if (Object.keys(mcp).length > 0) words.push('--mcp-config', serversOf(commands));
  words.push(...permissions(order, at, Object.keys(mcp)));
  if (order.model !== null) words.push('--model', order.model);
  if (at.outputSchema !== null) words.push('--json-schema', JSON.stringify(at.outputSchema));
  words.push(order.sessionId === null ? '--session-id' : '--resume', session, ...args);
  const [program, ...rest] = [...at.before, at.program ?? 'claude', ...words];
  return {
    argv: [program ?? 'claude', ...rest],
    env: surroundings,
    directories: at.directories,
    given,
  };
}

function serversOf(commands: StartedServers['commands']): string {
  const servers = Object.entries(commands).map(([name, [command, ...args]]) => [
    name,
    { command, args },
  ]);
  return JSON.stringify({ mcpServers: Object.fromEntries(servers) });
}

function settingsOf(order: AttemptOrder, { kept }: Located): JsonObject {
  const settings = { disableAllHooks: true, attribution: { commit: '', pr: '' } };
  const { sandbox, cwd, attemptDir } = order;
  if (sandbox === 'danger-full-access') return settings;
  const filesystem =
    sandbox === 'read-only'
      ? { denyWrite: [cwd], allowWrite: [attemptDir] }
      : { denyWrite: kept, allowWrite: [attemptDir] };
  return {
    ...settings,
    sandbox: {
      enabled: true,
      failIfUnavailable: true,
      allowUnsandboxedCommands: false,
      autoAllowBashIfSandboxed: true,
      filesystem,
    },
  };
}

/** The sandbox holds commands alone: what the tools for files may write follows from these. */
function permissions(
  { sandbox, cwd, attemptDir, writableRoots }: AttemptOrder,
  at: Located,
  servers: readonly string[],
): string[] {
  const reading = 'Bash,Read,Glob,Grep';
  const tools = servers.map((name) => `,mcp__${name}`).join('');
  switch (sandbox) {
    case 'read-only':
      return [
        ...['--permission-mode', 'dontAsk', '--add-dir', cwd],
        ...['--tools', `${reading},Edit,Write`],
        ...['--allowedTools', `${reading},${editing(attemptDir)}${tools}`],
      ];
    case 'workspace-write':
      return [
        ...['--permission-mode', 'acceptEdits'],
        ...['--add-dir', cwd, attemptDir, ...writableRoots],
        ...['--tools', `${reading},Edit,Write,NotebookEdit,Task,Skill`],
        ...['--allowedTools', `${reading},Task,Skill${tools}`],
        ...(at.kept.length === 0 ? [] : ['--disallowedTools', ...at.kept.map(editing)]),
      ];
    case 'danger-full-access':
      return ['--permission-mode', 'bypassPermissions', '--add-dir', cwd];
  }
}

/** A rule for all below a directory; an absolute path has two slashes there. */
function editing(directory: string): string {
  return `Edit(/${directory}/**)`;
}

/** Retries end before our own limits; nothing runs on once the turn is over; CLAUDE.md of the workspace is read. */
const surroundings: Record<string, string> = {
  CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
  DISABLE_AUTOUPDATER: '1',
  CLAUDE_CODE_DISABLE_BACKGROUND_TASKS: '1',
  CLAUDE_CODE_MAX_RETRIES: '4',
  CLAUDE_CODE_DISABLE_AUTO_MEMORY: '1',
  CLAUDE_CODE_ADDITIONAL_DIRECTORIES_CLAUDE_MD: '1',
};
