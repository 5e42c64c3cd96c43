/** From an order to what is executed: the program found, the command line, the environment. */
import path from 'node:path';
import type { CommandLine, OwnHome } from '../../agents/backend.ts';
import { backendOf, backends } from '../../agents/backends.ts';
import { passedOn } from '../../agents/profile.ts';
import { ownHomeDirectory } from '../../agents/own-home.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import { withoutRepository } from '../../processes/git-environment.ts';
import { surroundingsOf } from './surroundings.ts';

export interface Prepared extends Pick<CommandLine, 'argv' | 'directories' | 'given'> {
  env: NodeJS.ProcessEnv;
  /** Link → what it leads to, which must be there when the attempt starts. */
  links: Record<string, string>;
}

/**
 * `inherited`: what every attempt of this machine starts from.
 *
 * @throws Refusal where there is nothing to run, or it is not to be found
 */
export async function prepareAttempt(
  order: AttemptOrder,
  inherited: Readonly<NodeJS.ProcessEnv>,
): Promise<Prepared> {
  const env: NodeJS.ProcessEnv = {
    ...basisOf(inherited, order.profile?.pass ?? null),
    ...order.env,
  };
  for (const name of allOwn) if (Object.hasOwn(order.env, name)) delete env[name];
  const backend = backendOf(order.backend);
  const home = ownHomeOf(order, env);
  Object.assign(env, home.env);
  const located = await backend.locate(order, env);
  const around = surroundingsOf(order, env, located.homes);
  const isOutside = backend.can.wrapped === 'agent_alone';
  const line = backend.commandLine(order, {
    ...located,
    around: isOutside ? around.wrap : located.around,
  });
  const before = [...around.redact, ...(isOutside ? [] : around.wrap)];
  const [program, ...rest] = [...before, ...line.argv];
  return {
    argv: program === undefined ? line.argv : [program, ...rest],
    directories: [...line.directories, ...around.directories, ...home.directories],
    given: line.given,
    links: home.links,
    env: Object.assign(env, line.env, around.env, { PWD: order.cwd }),
  };
}

/** What agents tell themselves apart by, of every backend. */
const allOwn = backends.flatMap(({ ownVariables }) => ownVariables);

/** By what it is made of: the attempts of an engine have few. */
const bases = new WeakMap<Readonly<NodeJS.ProcessEnv>, Map<string, NodeJS.ProcessEnv>>();

/** What an attempt gets of what every attempt of this machine starts from. */
function basisOf(
  inherited: Readonly<NodeJS.ProcessEnv>,
  pass: readonly string[] | null,
): Readonly<NodeJS.ProcessEnv> {
  const made = bases.get(inherited) ?? new Map<string, NodeJS.ProcessEnv>();
  bases.set(inherited, made);
  const key = JSON.stringify(pass);
  const known = made.get(key);
  if (known !== undefined) return known;
  const basis = withoutRepository(passedOn(inherited, pass));
  for (const name of allOwn) delete basis[name];
  made.set(key, basis);
  return basis;
}

/** Of an agent that gets nothing of the person's; empty where it has the person's. */
function ownHomeOf(
  { profile, programDir, backend, settings }: AttemptOrder,
  env: NodeJS.ProcessEnv,
): OwnHome & { directories: string[] } {
  const none = { env: {}, links: {}, directories: [] };
  if (profile?.ambient !== 'none') return none;
  const home = backendOf(backend).ownHome(settings, ownHomeDirectory(programDir, backend), env);
  if (home === null) return none;
  // The home itself, and what holds the login.
  const below = Object.keys(home.links).map((link) => path.dirname(link));
  return { ...home, directories: [...new Set([...Object.values(home.env), ...below])] };
}
