/**
 * The `codex` backend: `codex exec --json`. The flags and what they do are observed facts of version
 * 0.169.0; test/agents/codex/real.test.ts proves those that we rely on against the pinned version.
 */
import type { Backend, CommandLine, Surroundings } from '../backend.ts';
import { createCodexReader } from './stream.ts';
import type { AgentLaunch } from '../../model/attempt.ts';

export const codexBackend: Backend = {
  name: 'codex',
  capabilities: {
    session: true,
    sandbox: true,
    extraRoots: true,
    outputSchema: true,
    model: true,
    usage: true,
  },
  structuredOutput: true,
  commandLine,
  createReader: createCodexReader,
};

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
function commandLine(launch: AgentLaunch, surroundings: Surroundings): CommandLine {
  const env: Record<string, string> = {};
  const options = ['--json', '--skip-git-repo-check', '-C', launch.cwd];
  // A login shell would reset PATH, and `codex-orch` with it.
  options.push('-c', 'allow_login_shell=false');
  switch (launch.sandbox) {
    case 'workspace-write':
      options.push('-s', 'workspace-write');
      for (const root of [launch.attemptDir, launch.inboxDir, ...launch.writableRoots]) {
        options.push('--add-dir', root);
      }
      if (surroundings.programInTemporaryDir) {
        options.push('-c', 'sandbox_workspace_write.exclude_slash_tmp=true');
        options.push('-c', 'sandbox_workspace_write.exclude_tmpdir_env_var=true');
        env['TMPDIR'] = surroundings.scratchDir;
      }
      break;
    case 'read-only':
      options.push(...readOnlyProfile([launch.attemptDir, launch.inboxDir]));
      env['TMPDIR'] = surroundings.scratchDir;
      break;
    case 'danger-full-access':
      options.push('-s', 'danger-full-access');
      break;
  }
  if (launch.model !== null) options.push('-m', launch.model);
  if (launch.outputSchemaFile !== null) options.push('--output-schema', launch.outputSchemaFile);
  options.push(...launch.agent.args);
  const session = launch.sessionId === null ? [] : ['resume', launch.sessionId];
  return { argv: [surroundings.codexProgram, 'exec', ...options, ...session, '-'], env };
}

/**
 * `-s read-only` ignores --add-dir. A permission profile that extends it opens single directories;
 * any --sandbox beside it would override the profile.
 */
function readOnlyProfile(writable: string[]): string[] {
  const paths = writable.map((directory) => `${tomlString(directory)}="write"`).join(',');
  return [
    '-c',
    'default_permissions="codex-orch-read-only"',
    '-c',
    'permissions.codex-orch-read-only.extends=":read-only"',
    '-c',
    `permissions.codex-orch-read-only.filesystem={${paths}}`,
  ];
}

/** JSON's escapes are TOML's; DEL alone must be escaped in TOML only. */
function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll('\x7f', '\\u007f');
}
