/** The accounts behind the attempts of a run: what limits them, and what attempts tell of that. */
import { effectiveAgent } from '../agents/resolve-agent.ts';
import { accountKeyOf } from '../attempt/hold/account-key.ts';
import { AccountLimits, type AccountKey } from '../attempt/hold/account-limits.ts';
import type { LimitOf } from '../core/plan/usage-limits.ts';
import { instanceOf, taskOf } from '../core/state/run-state.ts';
import { usageLimitPolicy } from '../core/state/usage-limits.ts';
import { isAnswer, type AgentActivity } from '../model/activity.ts';
import type { ProcessEnd } from '../model/attempt.ts';
import type { AccountLimit } from '../model/limits.ts';
import type { RunSession } from './session.ts';
import type { Surroundings } from './surroundings.ts';

export interface Accounts {
  /** As the account of the next attempt of an instance stands for all runs of the user. */
  limitOf: LimitOf;
  /** An agent does something: where it tries out a limited account, it takes more again. */
  heard(instanceId: string, activities: readonly AgentActivity[]): void;
  /** An attempt has ended. What is limited now, where that was told. */
  ended(instanceId: string, end: ProcessEnd): AccountLimit | undefined;
}

interface AccountContext {
  session: Pick<RunSession, 'state' | 'paths' | 'now'>;
  env: Surroundings['env'];
  globalRoot: string;
}

export function accountsOf({ session, env, globalRoot }: AccountContext): Accounts {
  const { state } = session;
  const limits = new AccountLimits({ globalRoot, now: () => session.now() });
  /** Attempts whose model has answered: instance, and its number. */
  const answered = new Set<string>();

  function keyOf(instanceId: string): AccountKey | null {
    const task = taskOf(state, instanceOf(state, instanceId));
    const { agent, model } = effectiveAgent(state.plan.project, task);
    return accountKeyOf(agent, model, env);
  }

  function met(instanceId: string, key: AccountKey, retryAt: string | null): AccountLimit {
    const { agent: name } = taskOf(state, instanceOf(state, instanceId));
    const { agent } = effectiveAgent(state.plan.project, {
      agent: name,
      model: null,
      sandbox: null,
    });
    return limits.met(key, retryAt, {
      ...{ backend: agent.backend, agent: name },
      ...{ program_dir: session.paths.authoredDir, run_id: state.runId, instance_id: instanceId },
    });
  }

  function numbered(instanceId: string): string {
    return `${instanceId}/${instanceOf(state, instanceId).attempt}`;
  }

  function isTry(instanceId: string): boolean {
    return instanceOf(state, instanceId).attempts.at(-1)?.probes !== undefined;
  }

  return {
    limitOf(instanceId) {
      if (limits.isEmpty()) return null;
      const key = keyOf(instanceId);
      return key === null ? null : limits.of(key);
    },
    heard(instanceId, activities) {
      if (!isTry(instanceId) || answered.has(numbered(instanceId))) return;
      if (!activities.some(isAnswer)) return;
      answered.add(numbered(instanceId));
      const key = keyOf(instanceId);
      if (key !== null) limits.lifted(key);
    },
    ended(instanceId, { failure_kind: kind, retry_at = null, termination_reason: reason }) {
      const isLimited = kind === 'external_usage_limit';
      if (!isLimited && !isTry(instanceId)) return;
      const key = keyOf(instanceId);
      if (key === null || usageLimitPolicy(state, instanceOf(state, instanceId)) === null) return;
      if (isLimited) return met(instanceId, key, retry_at);
      if (answered.delete(numbered(instanceId))) return;
      if (reason === 'completed') limits.lifted(key);
      else limits.unknown(key);
    },
  };
}
