/** Which account an agent draws on: its home and its credential, of which a hash is kept, and the model. */
import { backendOf } from '../../agents/backends.ts';
import { environmentSpec, passedOn } from '../../agents/profile.ts';
import { sha256 } from '../../disk/sha256.ts';
import type { AgentSpec } from '../../model/program.ts';
import type { AccountKey } from './account-limits.ts';

/** `env`: of whoever starts it. null: its backend knows no accounts. */
export function accountKeyOf(
  agent: AgentSpec,
  model: string | null,
  env: Readonly<NodeJS.ProcessEnv>,
): AccountKey | null {
  const { set, pass } = environmentSpec(agent);
  const backend = backendOf(agent.backend);
  const words = backend.account(agent, { ...passedOn(env, pass), ...set });
  if (words === null) return null;
  const account = sha256(JSON.stringify(words)).slice(0, 12);
  return { account, model: backend.fields.task.includes('model') ? model : null };
}
