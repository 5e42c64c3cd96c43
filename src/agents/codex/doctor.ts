/** What on this machine would stop a Codex attempt: the checks of `codex-orch doctor`. */
import { accessSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../../model/refusal.ts';
import type { AgentUse, Machine } from '../backend.ts';
import { codexVariable, findCodex } from './binary.ts';
import { codexFlags } from './command-line.ts';
import { codexSection } from './settings.ts';
import { runBriefly } from '../../processes/run-briefly.ts';
import { fine, problem, type Finding } from '../finding.ts';

/** The version that our tests prove; others usually work. */
const testedCodexVersion = '0.169.0';

const TIMEOUT_MS = 20_000;

/** All findings, good ones too, in the order of what depends on what. */
export async function doctorCodex(
  uses: readonly AgentUse[] | null,
  { env, config, scratchParent }: Machine,
): Promise<Finding[]> {
  if (uses?.length === 0) return [fine('codex', 'No task of the program needs Codex.')];
  const { finding, program } = checkCodexProgram(
    config.sections[codexSection]?.['path'] ?? null,
    env,
  );
  if (program === null) return [finding];
  return [
    finding,
    ...(await Promise.all([
      checkCodexVersion(program),
      checkCodexFlags(program),
      checkCodexLogin(program, env),
      checkCodexSandbox(program, scratchParent, env),
    ])),
  ];
}

/** Whether there is a Codex program; the others need its path. */
export function checkCodexProgram(
  configuredPath: string | null,
  env: NodeJS.ProcessEnv,
): { finding: Finding; program: string | null } {
  try {
    const program = findCodex(configuredPath, env);
    return { finding: fine('codex.program', `Codex is ${program}.`), program };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const remedy = `Install it with npm install -g @openai/codex, or set ${codexVariable} to its path.`;
    return { finding: problem('codex.program', 'error', error.message, remedy), program: null };
  }
}

export async function checkCodexVersion(program: string): Promise<Finding> {
  const { code, stdout, stderr } = await runBriefly([program, '--version'], {
    timeoutMs: TIMEOUT_MS,
  });
  const version = /\b\d{1,9}\.\d{1,9}\.\d{1,9}\S*/.exec(stdout)?.[0];
  if (code !== 0 || version === undefined) {
    return problem(
      'codex.version',
      'error',
      `${program} --version failed: ${firstLine(stderr || stdout)}`,
      'Check that this is the Codex CLI: npm install -g @openai/codex.',
    );
  }
  if (isOlder(version, testedCodexVersion)) {
    return problem(
      'codex.version',
      'warning',
      `Codex ${version} is older than ${testedCodexVersion}, which codex-orch is tested with.`,
      'npm install -g @openai/codex@latest',
    );
  }
  return fine('codex.version', `Codex ${version} (tested with ${testedCodexVersion}).`);
}

/** Whether `codex exec` still knows every flag that we pass. */
export async function checkCodexFlags(program: string): Promise<Finding> {
  const { code, stdout, stderr } = await runBriefly([program, 'exec', '--help'], {
    timeoutMs: TIMEOUT_MS,
  });
  if (code !== 0) {
    const message = `codex exec --help failed: ${firstLine(stderr || stdout)}`;
    return problem('codex.flags', 'error', message, 'Install a Codex CLI that has `codex exec`.');
  }
  const known = new Set(stdout.match(/--[a-z][a-z-]*/g));
  const missing = [
    ...codexFlags.filter((flag) => !known.has(flag)),
    ...(/^[ \t]+resume\b/m.test(stdout) ? [] : ['resume']),
  ];
  if (missing.length === 0) return fine('codex.flags', 'codex exec takes the options we use.');
  return problem(
    'codex.flags',
    'error',
    `codex exec does not know: ${missing.join(', ')}.`,
    `Install a version that does, such as npm install -g @openai/codex@${testedCodexVersion}.`,
  );
}

/**
 * Whether somebody is logged in. A warning only: with an API key in the environment, or a model
 * provider with a key of its own, Codex works without (and `login status` does not know).
 */
export async function checkCodexLogin(program: string, env: NodeJS.ProcessEnv): Promise<Finding> {
  const { code, stdout, stderr } = await runBriefly([program, 'login', 'status'], {
    timeoutMs: TIMEOUT_MS,
    env,
  });
  const told = loginLine(`${stdout}\n${stderr}`);
  if (code === 0) return fine('codex.login', told ?? 'Logged in.');
  if (env['CODEX_API_KEY']) return fine('codex.login', 'CODEX_API_KEY is set.');
  return problem(
    'codex.login',
    'warning',
    told ?? (firstLine(stderr || stdout) || 'Not logged in.'),
    'Run `codex login`, or set CODEX_API_KEY; a model provider with its own key needs neither.',
  );
}

/** Whether Codex's sandbox works here. `scratchParent`: an existing directory outside of /tmp. */
export async function checkCodexSandbox(
  program: string,
  scratchParent: string,
  env: NodeJS.ProcessEnv,
): Promise<Finding> {
  const directory = mkdtempSync(path.join(scratchParent, '.codex-orch-doctor-'));
  try {
    const { code, stderr } = await runBriefly(
      [program, 'sandbox', '-P', ':workspace', '--', 'sh', '-c', 'touch ./written'],
      { timeoutMs: TIMEOUT_MS, cwd: directory, env },
    );
    if (code === 0 && exists(path.join(directory, 'written'))) {
      return fine('codex.sandbox', "Codex's sandbox works here.");
    }
    return problem(
      'codex.sandbox',
      'error',
      `Codex's sandbox does not work here: ${firstLine(stderr) || `exit status ${code}`}`,
      'Allow unprivileged user namespaces (see Codex’s sandbox documentation), or use ' +
        'sandbox: danger-full-access where the machine itself is the sandbox, such as a container.',
    );
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split(/[.-]/).map(Number));
  for (let i = 0; i < 3; i += 1) {
    const [x, y] = [a?.[i] ?? 0, b?.[i] ?? 0];
    if (x !== y) return x < y;
  }
  return false;
}

/** Codex says it on standard error, among warnings and other lines of its log. */
function loginLine(text: string): string | null {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.find((line) => /^(?:not )?logged in\b/i.test(line)) ?? null;
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .map((line) => line.trim())
      .find((line) => line !== '') ?? ''
  );
}

function exists(file: string): boolean {
  try {
    accessSync(file);
    return true;
  } catch {
    return false;
  }
}
