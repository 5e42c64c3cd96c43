/** The `command` backend: a program of the author's. Prompt on stdin, final message on stdout. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { executableProblem, findExecutable } from '../../disk/executable.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import type { Json } from '../../model/json.ts';
import type { AgentSpec, TaskSpec } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import type {
  AgentUse,
  Backend,
  CommandLine,
  Environment,
  NamedUse,
  OutputReader,
  Place,
  Settled,
  UseFinding,
} from '../backend.ts';
import { nothingLocated } from '../located.ts';
import { commandDoctor } from './doctor.ts';
import { commandFailure } from './failures.ts';
import { nothingSeen } from '../output/summary.ts';

export const commandBackend: Backend = {
  name: 'command',
  roleName: null,
  does: 'runs commands',
  can: {
    session: false,
    sandbox: false,
    mcp: false,
    wrapped: true,
    outputSchema: false,
    usage: null,
    tellsCost: false,
    structuredOutput: false,
  },
  needsPrompt: false,
  longestPromptChars: null,
  fields: {
    agent: ['command', 'run'],
    task: ['run'],
    otherwise: 'commands run without a sandbox and without a model',
  },
  configKeys: [],
  ownVariables: [],
  leaves: [],
  startsSessions: false,
  goneAs: 'unknown',
  keepsLimits: false,
  isSessionId: () => false,
  settings,
  check,
  unheld: () => null,
  ownHome: () => null,
  openDirectories: () => [],
  locate: () => Promise.resolve(nothingLocated),
  assertFree: () => undefined,
  commandLine,
  obstacle,
  reader,
  sessionUse: () => null,
  sessionRoot: () => null,
  sessionFile: () => null,
  account: () => null,
  failure: commandFailure,
  stopping: () => [{ signal: 'SIGTERM', afterMs: 0 }],
  doctor: (uses, machine) => Promise.resolve(commandDoctor(uses, machine, { settings, obstacle })),
};

/** A type and no interface: so it is JSON. */
type CommandSettings = {
  /** Empty where nobody says what to run. */
  argv: string[];
};

function settings({ agent, run }: AgentUse): Settled {
  const command = commandOf({ run }, agent);
  const settled: CommandSettings = {
    argv:
      command === null
        ? []
        : 'argv' in command
          ? [...command.argv, ...agent.args]
          : // `args` become the line's $1, $2, …, as they would be a program's.
            ['/bin/sh', '-c', command.run, 'sh', ...agent.args],
  };
  return { settings: settled, problem: null };
}

/** What an attempt runs: an argv, or a shell line; null where nobody says. The task's `run` wins. */
function commandOf(
  task: Pick<TaskSpec, 'run'>,
  agent: AgentSpec,
): { argv: string[] } | { run: string } | null {
  if (task.run !== null) return { run: task.run };
  if (agent.command !== null) return { argv: agent.command };
  return agent.run === null ? null : { run: agent.run };
}

function check({ name, agent, task }: NamedUse): UseFinding[] {
  if (task === null) {
    if (agent.command === null || agent.run === null) return [];
    const message = `the agent "${name}" has both "command" and "run"`;
    return [{ field: 'run', message, hint: 'Keep one of them.' }];
  }
  if (commandOf(task, agent) !== null) return [];
  const message = `the agent "${name}" runs commands, but neither it nor the task says which`;
  return [{ field: 'agent', message, hint: 'Add "run" to the task.' }];
}

function commandLine(order: AttemptOrder): CommandLine {
  const [program, ...args] = (order.settings as CommandSettings).argv;
  if (program === undefined) {
    throw new Refusal('command-missing', 'The task has nothing to run: its agent is a command.', {
      hint: 'Give the task a `run` line, or the agent a `command` or `run` in project.yaml.',
    });
  }
  return { argv: [program, ...args], env: {}, directories: [], given: {} };
}

/** A path may be made by a task that comes before: only what is there, and cannot be started, is an obstacle. */
function obstacle(settings: Json, env: Environment, { cwd }: Place): Refusal | null {
  const [program] = (settings as CommandSettings).argv;
  if (program === undefined || program === '') return null;
  const searchPath = env['PATH'] ?? '';
  if (!program.includes('/')) {
    const found = findExecutable(program, searchPath);
    if (found === null) {
      const message = `The program "${program}" is not an executable file on PATH.`;
      return new Refusal('command-not-found', message, { hint: 'Install it, or give its path.' });
    }
    return unstartable(found, searchPath);
  }
  if (cwd === null && !path.isAbsolute(program)) return null;
  const file = path.resolve(cwd ?? '/', program);
  return existsSync(file) ? unstartable(file, searchPath) : null;
}

function unstartable(file: string, searchPath: string): Refusal | null {
  const problem = executableProblem(file, searchPath);
  return problem === null ? null : new Refusal('command-broken', `The program ${file} ${problem}.`);
}

function reader(): OutputReader {
  return {
    push: (line) => [{ type: 'output', text: line }],
    summary: () => ({ ...nothingSeen(), busyWith: null }),
  };
}
