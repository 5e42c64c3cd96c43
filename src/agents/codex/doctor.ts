/** What on this machine would stop a Codex attempt: the checks of `codex-orch doctor`. */
import { accessSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { AgentUse, Environment, Machine } from '../backend.ts';
import { checkProgram, checkVersion, firstLine, PROBE_TIMEOUT_MS } from '../program-checks.ts';
import { codexCli, codexHomeIn } from './binary.ts';
import { codexFlags } from './command-line.ts';
import { runBriefly } from '../../processes/run-briefly.ts';
import { fine, problem, type Finding } from '../finding.ts';

/** The version that our tests prove; others usually work. */
export const testedCodexVersion = '0.169.0';

/** All findings, good ones too, in the order of what depends on what. */
export async function doctorCodex(
  uses: readonly AgentUse[] | null,
  { env, config, scratchParent }: Machine,
): Promise<Finding[]> {
  if (uses?.length === 0) return [fine('codex', 'Nothing of the program needs Codex.')];
  const configured = config.sections[codexCli.command]?.['path'] ?? null;
  const { finding, program } = checkProgram(codexCli, configured, env);
  if (program === null) return [finding];
  return [
    finding,
    ...(await Promise.all([
      checkVersion(codexCli, program, testedCodexVersion),
      checkCodexFlags(program),
      checkCodexLogin(program, env),
      checkCodexSandbox(program, scratchParent, env),
    ])),
    ...checkAmbient(uses, env),
  ];
}

/** What of the person's reaches attempts. */
function checkAmbient(uses: readonly AgentUse[] | null, env: Environment): Finding[] {
  const home = codexHomeIn(env);
  const all = uses?.map(({ agent }) => agent.ambient ?? 'user') ?? ['user'];
  const shared = [
    'config.toml',
    'AGENTS.md',
    'AGENTS.override.md',
    'skills',
    'prompts',
    'hooks.json',
    'rules',
  ];
  const there = shared.map((name) => path.join(home, name));
  const skills = path.join(env['HOME'] ?? homedir(), '.agents', 'skills');
  const found = [...there, skills].filter((file) => existsSync(file));
  const told = found.length === 0 ? 'nothing else is there' : found.join(', ');
  return [
    ...(all.includes('user')
      ? [fine('codex.ambient', `Attempts get your login, environment and Codex home: ${told}.`)]
      : []),
    ...(all.includes('none')
      ? [fine('codex.ambient', `With "ambient: none" attempts get the login of ${home} alone.`)]
      : []),
  ];
}

/** Whether `codex exec` still knows every flag that we pass. */
export async function checkCodexFlags(program: string): Promise<Finding> {
  const { code, stdout, stderr } = await runBriefly([program, 'exec', '--help'], {
    timeoutMs: PROBE_TIMEOUT_MS,
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
    timeoutMs: PROBE_TIMEOUT_MS,
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
      { timeoutMs: PROBE_TIMEOUT_MS, cwd: directory, env },
    );
    if (code === 0 && exists(path.join(directory, 'written'))) {
      return fine('codex.sandbox', "Codex's sandbox works here.");
    }
    if (/execvp codex-linux-sandbox/.test(stderr)) return homeInTemporary(env);
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

/** Codex says it on standard error, among warnings and other lines of its log. */
function loginLine(text: string): string | null {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.find((line) => /^(?:not )?logged in\b/i.test(line)) ?? null;
}

function exists(file: string): boolean {
  try {
    accessSync(file);
    return true;
  } catch {
    return false;
  }
}

/**
 * Codex puts no program of its own under the temporary directory, and a bubblewrap without --argv0 (0.8 of Debian 12)
 * needs that: then every sandboxed command fails.
 */
function homeInTemporary(env: Environment): Finding {
  const home = codexHomeIn(env);
  const message = `Codex's sandbox fails every command: its home ${home} lies under the temporary directory, which it cannot use with the bubblewrap that is installed here.`;
  const remedy =
    'Set CODEX_HOME to a directory elsewhere; or take bubblewrap off PATH, for Codex has one of its own.';
  return problem('codex.sandbox', 'error', message, remedy);
}
