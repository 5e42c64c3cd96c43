/**
 * The home of an agent that gets nothing of the person's but the login: `ambient: none`. It lies beside the program's
 * runs, so that sessions go on in it; the login is a link, so that it is nowhere twice. Pure.
 */
import path from 'node:path';
import type { OwnHome } from './backend.ts';

/** Of a program, for a kind of agent. */
export function ownHomeDirectory(programDir: string, kind: string): string {
  return path.join(programDir, '.codex-orch', 'homes', kind);
}

/**
 * A home with these directories below it, each by the variable that names it to the agent, and in one of them what of
 * the person's makes the login: name → file of the person's.
 */
export function ownHome(
  directory: string,
  variables: Readonly<Record<string, string>>,
  login: Readonly<Record<string, string>>,
): OwnHome {
  const env: Record<string, string> = { HOME: directory };
  for (const [name, below] of Object.entries(variables)) env[name] = path.join(directory, below);
  const links = Object.entries(login).map(([below, file]) => [path.join(directory, below), file]);
  return { env, links: Object.fromEntries(links) as Record<string, string> };
}
