/** From a launch to what is executed: the program found, the command line, the environment. */
import path from 'node:path';
import { makeDirectory } from '../../disk/disk.ts';
import { realPathOf } from '../../disk/real-path.ts';
import { attemptFiles } from './attempt-files.ts';
import { backends } from '../../agents/backends.ts';
import type { CommandLine } from '../../agents/backend.ts';
import { findCodex } from '../../agents/codex/binary.ts';
import type { AgentLaunch } from '../../model/attempt.ts';

/** Set by a Codex that itself runs us; a worker must not take them for its own. */
const outerSession = ['CODEX_THREAD_ID', 'CODEX_SESSION_ID', 'CODEX_TOOL_CALL_ID'];

export interface Prepared {
  argv: CommandLine['argv'];
  env: NodeJS.ProcessEnv;
}

/**
 * `inherited`: our own environment, which takes a tenth of a millisecond to copy from Node's.
 *
 * @throws Refusal `codex-not-found` or `command-missing`
 */
export function prepareLaunch(
  launch: AgentLaunch,
  inherited: Readonly<NodeJS.ProcessEnv> = process.env,
): Prepared {
  const env: NodeJS.ProcessEnv = { ...inherited, ...launch.agent.env, ...launch.env };
  for (const name of outerSession) delete env[name];
  const { scratch } = attemptFiles(launch.attemptDir);
  const commandLine = backends[launch.backend].commandLine(launch, {
    codexProgram: launch.backend === 'codex' ? findCodex(launch.codexPath, env) : '',
    programInTemporaryDir: launch.backend === 'codex' && isTemporary(launch.programDir, env),
    scratchDir: scratch,
  });
  // Codex's sandbox fails every command when TMPDIR does not exist.
  if (commandLine.env['TMPDIR'] === scratch) makeDirectory(scratch);
  return { argv: commandLine.argv, env: { ...env, ...commandLine.env, PWD: launch.cwd } };
}

/** Whether a directory lies where Codex's `workspace-write` lets everybody write. */
function isTemporary(directory: string, env: NodeJS.ProcessEnv): boolean {
  const place = realPathOf(directory);
  return ['/tmp', env['TMPDIR']].some((temporary) => {
    if (!temporary) return false;
    const root = realPathOf(temporary);
    return place === root || place.startsWith(root + path.sep);
  });
}
