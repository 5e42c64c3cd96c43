/**
 * Servers of tools as an agent is told of them: what they have in their environment stands in a file that a shell reads,
 * for agents hand it on by command lines, theirs or those of programs that they run, and every user of the machine can
 * read these. Pure.
 */
import type { AttemptOrder } from '../model/attempt.ts';
import type { ToolServer } from '../model/program.ts';
import { quotedShellWord } from '../text/shell-word.ts';
import { givenFile } from './given-file.ts';

export interface StartedServers {
  /** Name → program and arguments. */
  commands: Record<string, [string, ...string[]]>;
  /** As in `CommandLine`. */
  given: Record<string, string>;
}

export function startedServers(
  order: Pick<AttemptOrder, 'controlDir'>,
  servers: Readonly<Record<string, ToolServer>>,
): StartedServers {
  const started: StartedServers = { commands: {}, given: {} };
  for (const [name, { command, env }] of Object.entries(servers)) {
    const [program = '', ...args] = command;
    const exported = exportsOf(env);
    const file = givenFile(order, `${name}.sh`);
    if (exported !== '') started.given[file] = exported;
    started.commands[name] =
      exported === ''
        ? [program, ...args]
        : ['/bin/sh', '-c', '. "$0" && exec "$@"', file, program, ...args];
  }
  return started;
}

/** For the shell; '' where there are none. */
function exportsOf(env: Readonly<Record<string, string>>): string {
  return Object.entries(env)
    .map(([name, value]) => `export ${name}=${quotedShellWord(value)}\n`)
    .join('');
}
