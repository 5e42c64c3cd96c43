/** Finds an agent's program: by its variable, else as config.toml says, else on PATH. */
import { homedir } from 'node:os';
import path from 'node:path';
import { executableProblem, findExecutable } from '../disk/executable.ts';
import { Refusal } from '../model/refusal.ts';
import type { Environment } from './backend.ts';

/** An agent's program, as people know it. */
export interface AgentProgram {
  /** For people: `Codex`. */
  title: string;
  /** As on PATH; also the section of config.toml whose `path` names another. */
  command: string;
  /** The environment variable that names another, and wins. */
  variable: string;
  /** The command that installs it. */
  install: string;
}

/** Absolute path of the program. @throws Refusal `<command>-not-found` */
export function findProgram(
  { title, command, variable, install }: AgentProgram,
  configuredPath: string | null,
  env: Environment,
): string {
  const fromVariable = env[variable];
  const [named, source] = fromVariable
    ? [fromVariable, `, as ${variable} says,`]
    : configuredPath !== null
      ? [configuredPath, `, as ${command}.path in config.toml says,`]
      : [command, ''];
  const place = named.startsWith('~/') ? path.join(homedir(), named.slice(2)) : named;
  const found = findExecutable(place, env['PATH'] ?? '');
  if (found !== null) return found;
  const where = named.includes('/') ? '' : ' on PATH';
  const message = `The ${title} program "${named}"${source} is not an executable file${where}.`;
  const hint =
    `Install it (${install}), or name the program in ${variable} or as \`path\` under [${command}] in ` +
    '~/.codex-orch/config.toml; then run `codex-orch doctor`.';
  throw new Refusal(`${command}-not-found`, message, { hint });
}

/** Why the program cannot be started on this machine; null where nothing is seen. */
export function programObstacle(
  program: AgentProgram,
  configuredPath: string | null,
  env: Environment,
): Refusal | null {
  try {
    const file = findProgram(program, configuredPath, env);
    const problem = executableProblem(file, env['PATH'] ?? '');
    if (problem === null) return null;
    const { title, command, install } = program;
    const hint = `Install ${title} anew: ${install}`;
    return new Refusal(`${command}-broken`, `The ${title} program ${file} ${problem}.`, { hint });
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}
