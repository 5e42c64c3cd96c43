/** What on this machine would stop an attempt of an agent over ACP: the checks of `codex-orch doctor`. */
import { existsSync } from 'node:fs';
import { findExecutable } from '../../disk/executable.ts';
import type { AgentUse, Environment, Machine } from '../backend.ts';
import { fine, problem, type Finding } from '../finding.ts';
import { environmentSpec, passedOn } from '../profile.ts';
import { PROBE_TIMEOUT_MS } from '../program-checks.ts';
import { shakeHands } from './handshake.ts';
import { knownAgent, knownProgram, programIn } from './known-agents.ts';

/** All findings, good ones too; of each agent once, whatever uses it. */
export async function doctorAcp(
  uses: readonly AgentUse[] | null,
  { env, scratchParent }: Machine,
): Promise<Finding[]> {
  // Where nothing is known to use one, there is none to ask.
  const agents = new Map((uses ?? []).map(({ agent }) => [JSON.stringify(agent), agent]));
  const found = await Promise.all(
    [...agents.values()].map((agent) => {
      const { set, pass } = environmentSpec(agent);
      return checkAgent(agent, { ...passedOn(env, pass), ...set }, scratchParent);
    }),
  );
  return found.flat();
}

async function checkAgent(
  { command, args, wrap, ambient }: AgentUse['agent'],
  env: Environment,
  cwd: string,
): Promise<Finding[]> {
  const argv = [...(command ?? []), ...args];
  const [program = ''] = argv;
  // What is wrong with the program's files, validation says.
  if (program === '') return [];
  const file = program.includes('/') ? program : findExecutable(program, env['PATH'] ?? '');
  const name = programIn(argv);
  if (file === null || (file.startsWith('/') && !existsSync(file))) {
    const message = `The agent "${program}" is not an executable file on PATH.`;
    return [problem('acp.program', 'error', message, 'Install it, or give its path.')];
  }
  const shaken = await shakeHands(argv, { cwd, env, timeoutMs: PROBE_TIMEOUT_MS });
  if (!shaken.ok) {
    const message = `${argv.join(' ')} does not answer as an agent of ACP: ${shaken.problem}.`;
    const remedy = 'Start it by hand: it must speak JSON on its standard output, and nothing else.';
    return [
      fine('acp.program', `${name} is ${file}.`),
      problem('acp.handshake', 'error', message, remedy),
    ];
  }
  const title = `${shaken.name || name} ${shaken.version}`.trim();
  const sessions = shaken.sessions && knownAgent(shaken.name).loadsSafely;
  return [
    fine('acp.program', `${name} is ${file}.`),
    shaken.protocol === 1
      ? fine('acp.version', `${title} speaks version 1 of ACP.`)
      : problem(
          'acp.version',
          'error',
          `${title} speaks version ${JSON.stringify(shaken.protocol)} of ACP, not 1.`,
          'Install a version of it that does.',
        ),
    fine(
      'acp.login',
      shaken.logins.length === 0
        ? `${title} asks for no login.`
        : `${title} takes its login as it is; it offers: ${shaken.logins.join(', ')}.`,
    ),
    sessions
      ? fine('acp.sessions', `${title} goes on with its sessions.`)
      : fine('acp.sessions', `${title} begins each attempt anew: it keeps no session.`),
    sandboxOf(name, argv, wrap),
    ambientOf(name, argv, env, ambient),
  ];
}

/** What holds it. */
function sandboxOf(
  name: string,
  argv: readonly string[],
  wrap: AgentUse['agent']['wrap'],
): Finding {
  if (wrap === 'sandbox') return fine('acp.sandbox', `bubblewrap holds ${name}.`);
  const { own } = knownProgram(argv);
  return own === null
    ? fine('acp.sandbox', `Nothing holds ${name}: it runs with danger-full-access alone.`)
    : fine('acp.sandbox', `${name} holds workspace-write itself.`);
}

/** What of the person's reaches it. */
function ambientOf(
  name: string,
  argv: readonly string[],
  env: Environment,
  ambient: AgentUse['agent']['ambient'],
): Finding {
  const id = 'acp.ambient';
  if (ambient === 'none') return fine(id, `${name} gets your login, and nothing else of yours.`);
  const found = knownProgram(argv)
    .homes(env)
    .filter((home) => existsSync(home));
  const told = found.length === 0 ? '' : ` (${found.join(', ')})`;
  return fine(id, `${name} gets your environment and all of its own home${told}.`);
}
