/**
 * The `acp` backend: any agent that speaks the Agent Client Protocol on its standard input and output. What runs as an
 * attempt is the bridge to it (src/acp-bridge.ts): an agent does not outlive its client, and an attempt does its engine.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { executableProblem, findExecutable } from '../../disk/executable.ts';
import { realPathOf } from '../../disk/real-path.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import type { Json } from '../../model/json.ts';
import { Refusal } from '../../model/refusal.ts';
import type { Backend, CommandLine, Environment, Located, NamedUse, Place } from '../backend.ts';
import type { UseFinding } from '../backend.ts';
import { givenFile } from '../given-file.ts';
import { keptOfProgram } from '../kept-of-program.ts';
import { nothingLocated } from '../located.ts';
import type { BridgeOrder, OwnSandbox } from './bridge/bridge-order.ts';
import { startedServers } from '../tool-servers.ts';
import { acpFailure } from './failures.ts';
import { knownProgram } from './known-agents.ts';
import { acpSettings, settleAcp, unheldByAcp } from './settings.ts';
import { createAcpReader, isAcpSessionId } from './stream.ts';

export const acpBackend: Backend = {
  name: 'acp',
  roleName: null,
  does: 'runs an agent over the Agent Client Protocol',
  can: {
    session: true,
    sandbox: true,
    mcp: true,
    wrapped: 'agent_alone',
    outputSchema: false,
    usage: 'of_attempt',
    // Some do.
    tellsCost: false,
    structuredOutput: true,
  },
  needsPrompt: true,
  longestPromptChars: null,
  fields: {
    agent: ['command', 'model', 'sandbox'],
    task: ['model', 'sandbox', 'extra_writable_roots'],
    otherwise: 'the protocol has no word for it',
  },
  configKeys: [],
  ownVariables: [],
  leaves: [],
  startsSessions: true,
  goneAs: 'agent_lost',
  keepsLimits: true,
  isSessionId: isAcpSessionId,
  settings: settleAcp,
  check,
  unheld: unheldByAcp,
  ownHome: (settings, directory, env) =>
    knownProgram(acpSettings({ settings }).argv).ownHome(directory, env),
  openDirectories: () => [],
  locate: (order, env) => Promise.resolve(locate(order, env)),
  assertFree: () => undefined,
  commandLine,
  obstacle,
  reader: createAcpReader,
  sessionUse: () => null,
  sessionRoot: () => null,
  sessionFile: () => null,
  account({ command, args }, env) {
    const words = [...(command ?? []), ...args];
    return knownProgram(words).account(words, env);
  },
  failure: acpFailure,
  // The bridge asks the agent, and ends it.
  stopping: () => [{ signal: 'SIGTERM', afterMs: 0 }],
  async doctor(uses, machine) {
    const { doctorAcp } = await import('./doctor.ts');
    return doctorAcp(uses, machine);
  },
};

/** Built beside the program; the sources have it where they are built to. scripts/build.mjs puts it there. */
const bridgeFile =
  ['acp-bridge.js', '../../../dist/lib/acp-bridge.js']
    .map((file) => path.join(import.meta.dirname, file))
    .find((file) => existsSync(file)) ?? null;

function check({ name, agent, task }: NamedUse): UseFinding[] {
  if (task !== null || agent.command !== null) return [];
  const message = `the agent "${name}" has no "command", which starts it`;
  return [{ field: 'agent', message, hint: 'Add, for example, command: [gemini, --acp].' }];
}

function locate(order: AttemptOrder, env: Environment): Located {
  const { argv, wrapped } = acpSettings(order);
  if (bridgeFile === null) {
    throw new Refusal(
      'acp-bridge-missing',
      'The bridge to agents is missing in this installation.',
    );
  }
  const problem = placeProblem(order, wrapped);
  if (problem !== null) throw problem;
  return { ...nothingLocated, program: bridgeFile, homes: homesOf(order, argv, env) };
}

/** What it must write to in our sandbox. One that is unknown may have none of these, and makes its own elsewhere. */
function homesOf({ profile }: AttemptOrder, argv: readonly string[], env: Environment): string[] {
  if (profile?.ambient === 'none' && env['HOME'] !== undefined) return [env['HOME']];
  const { homes, isKnown } = knownProgram(argv);
  return homes(env).filter((home) => isKnown || existsSync(home));
}

function commandLine(order: AttemptOrder, at: Located): CommandLine {
  const { argv, wrapped, mcp = {} } = acpSettings(order);
  if (argv.length === 0) {
    throw new Refusal('command-missing', 'The agent has no command to start it.', {
      hint: 'Give it one in project.yaml: command: [gemini, --acp].',
    });
  }
  const mode = modeOf(order, argv, wrapped);
  const isHeld = mode !== null && mode.mode !== knownProgram(argv).own?.unheld;
  const { commands, given } = startedServers(order, mcp);
  const bridge: BridgeOrder = {
    attemptDir: order.attemptDir,
    controlDir: order.controlDir,
    cwd: order.cwd,
    sandbox: order.sandbox,
    writableRoots: order.writableRoots,
    model: order.model,
    sessionId: order.sessionId,
    wallTimeoutMs: order.wallTimeoutMs,
    // Where more than its output counts, an engine alone sees it.
    idleTimeoutMs: order.stall === undefined ? order.idleTimeoutMs : null,
    graceMs: order.graceMs,
    startedAt: order.startedAt,
    command: argv,
    around: at.around,
    servers: commands,
    mode,
    isHeld,
    wrapped,
    toldUsage: order.sessionId !== null && order.previousUsage !== null,
    metered: order.metered === true,
    secrets: order.profile?.secrets ?? [],
  };
  const file = givenFile(order, 'bridge.json');
  return {
    argv: [process.execPath, at.program ?? '', file],
    env: {},
    directories: wrapped ? at.homes : [],
    given: { ...given, [file]: JSON.stringify(bridge) },
  };
}

/** The mode of an agent that has a sandbox of its own: in ours, and where nothing is to be held, without it. */
function modeOf(
  { sandbox }: Pick<AttemptOrder, 'sandbox'>,
  argv: readonly string[],
  wrapped: boolean,
): OwnSandbox | null {
  const { own } = knownProgram(argv);
  if (own === null) return null;
  const isHeld = sandbox === 'workspace-write' && !wrapped;
  return { agent: own.agent, mode: isHeld ? own.writing : own.unheld };
}

/** What an agent's own sandbox opens is open in all of its parts. */
function placeProblem(
  order: Pick<AttemptOrder, 'cwd' | 'programDir' | 'writableRoots' | 'sandbox'>,
  wrapped: boolean,
): Refusal | null {
  if (wrapped || order.sandbox !== 'workspace-write') return null;
  if (keptOfProgram(order).length === 0) return null;
  const message = `The agent's own sandbox would let it change the program in ${realPathOf(order.programDir)}.`;
  const hint = 'Set "wrap: sandbox" on the agent, or move the program out of the workspace.';
  return new Refusal('acp-place', message, { hint });
}

function obstacle(settings: Json, env: Environment, place: Place): Refusal | null {
  const { argv, wrapped } = acpSettings({ settings });
  const [program] = argv;
  if (program === undefined) return null;
  const searchPath = env['PATH'] ?? '';
  const file = program.includes('/')
    ? path.resolve(place.cwd ?? '/', program)
    : findExecutable(program, searchPath);
  if (file === null) {
    const message = `The agent "${program}" is not an executable file on PATH.`;
    const hint = `Install it, or give its path; \`codex-orch doctor\` says when it is there.`;
    return new Refusal('acp-not-found', message, { hint });
  }
  const problem = existsSync(file) ? executableProblem(file, searchPath) : null;
  if (problem !== null) return new Refusal('acp-broken', `The agent ${file} ${problem}.`);
  return place.cwd === null
    ? null
    : placeProblem({ ...place, cwd: place.cwd, writableRoots: [] }, wrapped);
}
