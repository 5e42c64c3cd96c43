/** The `command` backend: a program of the author's. Prompt on stdin, final message on stdout. */
import { Refusal } from '../../model/refusal.ts';
import type { Backend, CommandLine, OutputReader } from '../backend.ts';
import type { AgentLaunch } from '../../model/attempt.ts';

export const commandBackend: Backend = {
  name: 'command',
  capabilities: {
    session: false,
    sandbox: false,
    extraRoots: false,
    outputSchema: false,
    model: false,
    usage: false,
  },
  structuredOutput: false,
  commandLine,
  createReader,
};

function commandLine(launch: AgentLaunch): CommandLine {
  const { agent } = launch;
  const line = launch.run ?? (agent.command === null ? agent.run : null);
  if (line !== null) {
    // `args` become the line's $1, $2, …, as they would be a program's.
    return { argv: ['/bin/sh', '-c', line, 'sh', ...agent.args], env: {} };
  }
  const [program, ...rest] = agent.command ?? [];
  if (program === undefined) {
    throw new Refusal('command-missing', 'The task has nothing to run: its agent is a command.', {
      hint: 'Give the task a `run` line, or the agent a `command` or `run` in project.yaml.',
    });
  }
  return { argv: [program, ...rest, ...agent.args], env: {} };
}

function createReader(): OutputReader {
  return {
    push: (line) => [{ type: 'output', text: line }],
    summary: () => ({
      sessionId: null,
      finalMessage: null,
      turn: 'open',
      errorMessage: null,
      usage: null,
      busyWith: null,
    }),
  };
}
