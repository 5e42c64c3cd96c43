/** The account that an assistant draws on, and what limits it: section 18 of the contract. */
import { agentOfRole } from '../../agents/resolve-agent.ts';
import { accountKeyOf } from '../../attempt/hold/account-key.ts';
import { AccountLimits } from '../../attempt/hold/account-limits.ts';
import type { AskedQuestion } from '../../attempt/brief/assistant/brief-assistant.ts';
import { modelOfRole } from '../../attempt/order.ts';
import { limitsOfRole } from '../../core/state/usage-limits.ts';
import type { AttemptEnd } from '../../model/attempt.ts';
import { Refusal } from '../../model/refusal.ts';
import { globalRootFrom } from '../../program/global-config.ts';
import { later } from '../../core/plan/timers.ts';
import type { World } from '../world.ts';

/** What a question waits for that was not answered because of a usage limit. */
export interface AccountWait {
  /** Questions that wait for the same one: one of them tries it. */
  account: string;
  /** Until when, ISO 8601, as is known by now; null: nothing limits it any more. */
  until(): string | null;
}

export interface RoleAccount {
  /** For who is about to start its agent. @throws Refusal `usage-limit` */
  check(): void;
  /** An attempt of it has ended. */
  ended(end: AttemptEnd): void;
  /** null: what came of it was no usage limit, or is not to be waited for by itself. */
  wait(): AccountWait | null;
}

export function roleAccount(world: World, question: AskedQuestion): RoleAccount {
  const { state, role, paths, interrupt } = question;
  const { project } = state.plan;
  const agent = agentOfRole(project, role);
  const limits = new AccountLimits({
    globalRoot: globalRootFrom(world.env, world.cwd),
    now: () => world.clock.now(),
  });
  const policy = limitsOfRole(project, role);
  const key = policy === null ? null : accountKeyOf(agent, modelOfRole(project, role), world.env);
  let isTry = false;
  let isLimited = false;
  return {
    check() {
      const limit = key === null || limits.isEmpty() ? null : limits.of(key);
      if (limit === null) return;
      isTry = limit.until <= world.clock.now();
      if (isTry) return;
      isLimited = true;
      const { account, retry_at: retryAt } = limit;
      throw new Refusal(
        'usage-limit',
        `The account ${account} of role ${role.id} has come to a usage limit; ${retryAt === null ? 'nobody says when it ends' : `it ends at ${retryAt}`}.`,
        {
          hint: `after that, or at once after codex-orch limits clear ${account}, whoever drives the run tries it again, and so does codex-orch inbox worker`,
        },
      );
    },
    ended({ failure_kind: kind, retry_at: retryAt = null, termination_reason: reason }) {
      if (key === null) return;
      isLimited = kind === 'external_usage_limit';
      if (isLimited) {
        limits.met(key, retryAt, {
          ...{ backend: agent.backend, agent: role.agent ?? role.backend },
          ...{ program_dir: paths.authoredDir, run_id: state.runId },
          instance_id: interrupt.instance_id,
        });
      } else if (isTry && reason === 'completed') limits.lifted(key);
    },
    wait() {
      if (!isLimited || key === null || policy === null || policy.on === 'fail') return null;
      const until = (): string | null => limits.of(key)?.until ?? null;
      const latest = later(interrupt.created_at, policy.max_wait_sec * 1000);
      if ((until() ?? '') > latest) return null;
      return { account: `${key.account} ${key.model ?? ''}`, until };
    },
  };
}
