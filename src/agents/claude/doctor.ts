/** What on this machine would stop an attempt of Claude Code: the checks of `codex-orch doctor`. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { findExecutable } from '../../disk/executable.ts';
import { runBriefly } from '../../processes/run-briefly.ts';
import type { AgentUse, Environment, Machine } from '../backend.ts';
import { fine, problem, type Finding } from '../finding.ts';
import { checkProgram, checkVersion, firstLine, PROBE_TIMEOUT_MS } from '../program-checks.ts';
import { claudeCli, claudeHome } from './cli.ts';
import { claudeOptions } from './command-line.ts';

/** The version that our tests prove; others usually work. */
const testedClaudeVersion = '2.1.332';

/** All findings, good ones too, in the order of what depends on what. */
export async function doctorClaude(
  uses: readonly AgentUse[] | null,
  { env, config }: Machine,
): Promise<Finding[]> {
  // Where nothing is known to use it, nobody need have it.
  if (uses === null || uses.length === 0) return [];
  const configured = config.sections[claudeCli.command]?.['path'] ?? null;
  const { finding, program } = checkProgram(claudeCli, configured, env);
  if (program === null) return [finding];
  const asked = await Promise.all([
    checkVersion(claudeCli, program, testedClaudeVersion),
    checkOptions(program),
    checkSandbox(env),
  ]);
  return [finding, ...asked, checkLogin(env), ...checkPersons(uses, env)];
}

/** Whether it still knows every option that we pass. */
async function checkOptions(program: string): Promise<Finding> {
  const { code, stdout, stderr } = await runBriefly([program, '--help'], {
    timeoutMs: PROBE_TIMEOUT_MS,
  });
  if (code !== 0) {
    const message = `claude --help failed: ${firstLine(stderr || stdout)}`;
    return problem('claude.flags', 'error', message, `Install it anew: ${claudeCli.install}`);
  }
  const known = new Set(stdout.match(/--[a-zA-Z][a-zA-Z-]*/g));
  const missing = claudeOptions.filter((option) => !known.has(option));
  if (missing.length === 0) return fine('claude.flags', 'claude takes the options we use.');
  const message = `claude does not know: ${missing.join(', ')}.`;
  const remedy = `Install a version that does: ${claudeCli.install}@${testedClaudeVersion}`;
  return problem('claude.flags', 'error', message, remedy);
}

/** Its sandbox is bubblewrap's, and reaches its proxies by socat. */
async function checkSandbox(env: Environment): Promise<Finding> {
  const id = 'claude.sandbox';
  if (process.platform !== 'linux') return fine(id, 'Its sandbox is the one of the system.');
  const searchPath = env['PATH'] ?? '';
  const lacks = ['bwrap', 'socat'].filter((name) => findExecutable(name, searchPath) === null);
  const remedy = 'Install the packages bubblewrap and socat.';
  if (lacks.length > 0) {
    const message = `Claude Code's sandbox needs ${lacks.join(' and ')}, which is not on PATH.`;
    return problem(id, 'error', message, remedy);
  }
  const probe = [
    '--ro-bind',
    '/',
    '/',
    '--dev',
    '/dev',
    '--unshare-pid',
    '--proc',
    '/proc',
    'true',
  ];
  const { code, stderr } = await runBriefly(
    [findExecutable('bwrap', searchPath) ?? 'bwrap', ...probe],
    { timeoutMs: PROBE_TIMEOUT_MS },
  );
  if (code === 0) return fine(id, 'bubblewrap and socat, which its sandbox needs, work here.');
  return problem(
    id,
    'error',
    `bubblewrap, which Claude Code's sandbox needs, does not work here: ${firstLine(stderr)}`,
    'Allow unprivileged user namespaces, or use sandbox: danger-full-access where the machine itself is the sandbox.',
  );
}

/** A warning only: it may be logged in by other services, which no file tells. */
function checkLogin(env: Environment): Finding {
  const id = 'claude.login';
  const names = ['ANTHROPIC_API_KEY', 'ANTHROPIC_AUTH_TOKEN', 'CLAUDE_CODE_OAUTH_TOKEN'];
  const set = names.find((name) => env[name]);
  if (set !== undefined) return fine(id, `${set} is set.`);
  const file = path.join(claudeHome(env), '.credentials.json');
  if (existsSync(file)) return fine(id, `Logged in: ${file}.`);
  const remedy = 'Run `claude` and log in, or set ANTHROPIC_API_KEY.';
  return problem(id, 'warning', `No login of Claude Code is to be seen.`, remedy);
}

/** What of the person's reaches attempts. */
function checkPersons(uses: readonly AgentUse[], env: Environment): Finding[] {
  const home = claudeHome(env);
  const all = uses.map(({ agent }) => agent.ambient ?? 'user');
  const user = `Of ${home} attempts get the login; settings, skills and CLAUDE.md only with danger-full-access; hooks and MCP servers never.`;
  const none = `With "ambient: none" attempts get the login of ${home} alone.`;
  return [
    ...(all.includes('user') ? [fine('claude.ambient', user)] : []),
    ...(all.includes('none') ? [fine('claude.ambient', none)] : []),
  ];
}
