/**
 * The command line of `codex exec --json`. The flags and what they do are observed facts of version
 * 0.169.0; test/agents/codex/real.test.ts proves those that we rely on against the pinned version.
 */
import path from 'node:path';
import type { AttemptOrder } from '../../model/attempt.ts';
import type { CommandLine, Located } from '../backend.ts';
import { assertSessionUuid } from '../session-uuid.ts';
import { startedServers } from '../tool-servers.ts';
import { codexSettings } from './settings.ts';

/** Flags of `codex exec` that `commandLine` uses; `doctor` looks for them in its help. */
export const codexFlags = [
  '--json',
  '--skip-git-repo-check',
  '--cd',
  '--sandbox',
  '--add-dir',
  '--model',
  '--output-schema',
  '--config',
] as const;

/**
 * All options stand before `resume`, and are restated on every attempt: a resumed session remembers
 * the conversation only, neither sandbox nor directories nor model. The prompt comes on stdin (`-`).
 */
export function codexCommandLine(order: AttemptOrder, at: Located): CommandLine {
  const { args, mcp = {} } = codexSettings(order);
  const scratch = path.join(order.attemptDir, 'scratch');
  const env: Record<string, string> = {};
  const options = ['--json', '--skip-git-repo-check', '-C', order.cwd];
  // A login shell would reset PATH, and `codex-orch` with it.
  options.push('-c', 'allow_login_shell=false');
  switch (order.sandbox) {
    case 'workspace-write':
      if (at.kept.length > 0 && !args.some((word) => word.includes('sandbox_workspace_write'))) {
        const writable = [order.attemptDir, ...order.writableRoots];
        options.push(...profile('codex-orch-workspace', ':workspace', at.kept, writable));
        break;
      }
      options.push('-s', 'workspace-write');
      for (const root of [order.attemptDir, ...order.writableRoots]) {
        options.push('--add-dir', root);
      }
      if (at.isProgramOpen) {
        options.push('-c', 'sandbox_workspace_write.exclude_slash_tmp=true');
        options.push('-c', 'sandbox_workspace_write.exclude_tmpdir_env_var=true');
        env['TMPDIR'] = scratch;
      }
      break;
    case 'read-only':
      options.push(...profile('codex-orch-read-only', ':read-only', [], [order.attemptDir]));
      env['TMPDIR'] = scratch;
      break;
    case 'danger-full-access':
      options.push('-s', 'danger-full-access');
      break;
  }
  if (order.model !== null) options.push('-m', order.model);
  if (order.outputSchemaFile !== null) options.push('--output-schema', order.outputSchemaFile);
  const { commands, given } = startedServers(order, mcp);
  for (const [name, command] of Object.entries(commands)) {
    options.push(...serverOptions(name, command));
  }
  options.push(...args);
  const session = order.sessionId === null ? [] : ['resume', assertSessionUuid(order.sessionId)];
  // Codex's sandbox fails every command when TMPDIR does not exist.
  const directories = env['TMPDIR'] === undefined ? [] : [scratch];
  const program = at.program ?? 'codex';
  return { argv: [program, 'exec', ...options, ...session, '-'], env, directories, given };
}

/** Without variables, also where the person has a server of this name that is given some. */
function serverOptions(name: string, [program = '', ...args]: readonly string[]): string[] {
  return [
    ...['-c', `mcp_servers.${name}.command=${tomlString(program)}`],
    ...['-c', `mcp_servers.${name}.args=[${args.map(tomlString).join(',')}]`],
    ...['-c', `mcp_servers.${name}.env={}`],
  ];
}

/**
 * `-s read-only` ignores --add-dir, and `-s workspace-write` closes nothing within the workspace. A permission
 * profile that extends one of these opens and closes single directories, the deeper one deciding; any
 * --sandbox beside it would override the profile.
 */
function profile(
  name: string,
  base: ':read-only' | ':workspace',
  readable: readonly string[],
  writable: readonly string[],
): string[] {
  const entry = (access: string) => (directory: string) => `${tomlString(directory)}="${access}"`;
  // A key may stand once: what is to be written to wins.
  const closed = readable.filter((directory) => !writable.includes(directory));
  const paths = [...closed.map(entry('read')), ...writable.map(entry('write'))].join(',');
  return [
    ...['-c', `default_permissions="${name}"`],
    ...['-c', `permissions.${name}.extends="${base}"`],
    ...['-c', `permissions.${name}.filesystem={${paths}}`],
  ];
}

/** JSON's escapes are TOML's; DEL alone must be escaped in TOML only. */
function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll('\x7f', '\\u007f');
}
