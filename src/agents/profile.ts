/** What surrounds an agent, whatever it runs on: its environment, what stands around it, what nobody may read. Pure. */
import type { AgentEnvironment, AgentSpec, ProjectSpec } from '../model/program.ts';
import type { AgentProfile } from '../model/attempt.ts';
import type { Environment } from './backend.ts';

/** Of an agent: what is set, and what passes of everything else. */
export function environmentSpec({ env }: Pick<AgentSpec, 'env'>): AgentEnvironment {
  return isEnvironment(env) ? env : { set: env, pass: null };
}

/** A map whose names happen to be `set` and `pass` holds texts. */
function isEnvironment(env: AgentSpec['env']): env is AgentEnvironment {
  return typeof env['set'] === 'object';
}

/**
 * Names of the variables whose values are kept out of whatever is captured, of whichever agent: unless `pass` says
 * otherwise all of them have the variable, and one may come upon what another has left.
 */
export function secretsOf({ agents }: Pick<ProjectSpec, 'agents'>): string[] {
  return [...new Set(Object.values(agents).flatMap(({ secrets = [] }) => secrets))];
}

/** For the order of an attempt; null where nothing surrounds it. `secrets`: of all of the project. */
export function profileOf(agent: AgentSpec, secrets: string[]): AgentProfile | null {
  const { pass } = environmentSpec(agent);
  const { wrap = null, ambient = 'user' } = agent;
  if (pass === null && wrap === null && secrets.length === 0 && ambient === 'user') return null;
  return { pass, wrap, secrets, ...(ambient === 'none' ? { ambient } : {}) };
}

/** What an attempt gets of the environment of whoever starts it. */
export function passedOn(env: Environment, pass: readonly string[] | null): Environment {
  if (pass === null) return env;
  const names = new Set([...ownNeeds, ...pass]);
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => names.has(name) || name.startsWith('CODEX_ORCH_')),
  );
}

/** What `codex-orch` needs where a worker calls it. */
const ownNeeds = ['PATH', 'HOME', 'TMPDIR', 'XDG_CACHE_HOME'];
