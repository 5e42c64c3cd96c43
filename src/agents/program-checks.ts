/** What `doctor` asks of every agent that is a program of its own: whether it is there, and its version. */
import { Refusal } from '../model/refusal.ts';
import { runBriefly } from '../processes/run-briefly.ts';
import type { Environment } from './backend.ts';
import { findProgram, type AgentProgram } from './find-program.ts';
import { fine, problem, type Finding } from './finding.ts';

/** How long a program may take to answer a question of the doctor's. */
export const PROBE_TIMEOUT_MS = 20_000;

/** Whether the program is there; what else is asked needs its path. */
export function checkProgram(
  agent: AgentProgram,
  configuredPath: string | null,
  env: Environment,
): { finding: Finding; program: string | null } {
  const { title, command, variable, install } = agent;
  const id = `${command}.program`;
  try {
    const program = findProgram(agent, configuredPath, env);
    return { finding: fine(id, `${title} is ${program}.`), program };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const remedy = `Install it with ${install}, or set ${variable} to its path.`;
    return { finding: problem(id, 'error', error.message, remedy), program: null };
  }
}

/** `tested`: the version that our tests prove; others usually work. */
export async function checkVersion(
  { title, command, install }: AgentProgram,
  program: string,
  tested: string,
): Promise<Finding> {
  const id = `${command}.version`;
  const { code, stdout, stderr } = await runBriefly([program, '--version'], {
    timeoutMs: PROBE_TIMEOUT_MS,
  });
  const version = /\b\d{1,9}\.\d{1,9}\.\d{1,9}[^\s,)]*/.exec(stdout)?.[0];
  if (code !== 0 || version === undefined) {
    const message = `${program} --version failed: ${firstLine(stderr || stdout)}`;
    return problem(id, 'error', message, `Check that this is the ${title} CLI: ${install}.`);
  }
  if (isOlder(version, tested)) {
    const message = `${title} ${version} is older than ${tested}, which codex-orch is tested with.`;
    return problem(id, 'warning', message, `${install}@latest`);
  }
  return fine(id, `${title} ${version} (tested with ${tested}).`);
}

export function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .map((line) => line.trim())
      .find((line) => line !== '') ?? ''
  );
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(/[.-]/).map(Number));
  for (let i = 0; i < 3; i += 1) {
    const [x, y] = [a?.[i] ?? 0, b?.[i] ?? 0];
    if (x !== y) return x < y;
  }
  return false;
}
