/**
 * Which instances wait for the usage limit of an account to end, by account and model; derived from their statuses.
 * What the account is limited to is no fact of the log: the edge tells (`LimitOf` in plan/usage-limits.ts).
 */
import type { AccountLimit } from '../../model/limits.ts';
import type { UsageLimitSpec } from '../../model/policies.ts';
import type { ProjectSpec, RoleSpec } from '../../model/program.ts';
import type { FailureKind, Instance } from '../../model/run.ts';
import { OrdinalHeap } from './agenda.ts';
import { policyOf } from './policies.ts';
import { linksOf, ownTaskOf, taskOf, type RunState } from './run-state.ts';

export interface UsageLimitPolicy {
  on: 'wait' | 'fallback' | 'fail';
  maxWaitSec: number;
}

/** What is to become of an instance at a usage limit; null: it neither knows nor obeys any. */
export function usageLimitPolicy(state: RunState, instance: Instance): UsageLimitPolicy | null {
  const { project } = state.plan;
  const policy = policyOf(project, taskOf(state, instance), 'usage_limit');
  if (policy === null) return null;
  const hasOthers = policyOf(project, ownTaskOf(state, instance), 'fallback_agents').length > 0;
  return { on: policy.on ?? (hasOthers ? 'fallback' : 'wait'), maxWaitSec: policy.max_wait_sec };
}

/** As `usageLimitPolicy`, of who answers questions; its question stays open meanwhile, whatever the policy. */
export function limitsOfRole(
  project: ProjectSpec,
  { agent = '' }: Pick<RoleSpec, 'agent'>,
): UsageLimitSpec | null {
  return policyOf(project, { agent }, 'usage_limit');
}

/** Who takes over next from whoever works on an instance now; null: nobody is left. */
export function nextAgent(state: RunState, instance: Instance): string | null {
  const own = ownTaskOf(state, instance);
  const tried = [own.agent, instance.agent, ...(instance.given_up ?? []).map(({ agent }) => agent)];
  const names = policyOf(state.plan.project, own, 'fallback_agents');
  return names.find((name) => !tried.includes(name)) ?? null;
}

/** Whether another agent is to try after such a failure: not where a person stopped it, or no agent could help. */
export function isForOthers(kind: FailureKind): boolean {
  return !notForOthers.has(kind);
}

const notForOthers: ReadonlySet<FailureKind> = new Set<FailureKind>([
  ...(['interrupted', 'external_usage_limit', 'loop_limit', 'condition', 'budget'] as const),
  ...(['tree_setup', 'merge_conflict', 'workspace'] as const),
]);

export function queueForLimit(
  state: RunState,
  { instance_id: id }: Instance,
  limit: Pick<AccountLimit, 'account' | 'model'>,
): void {
  const line = lineName(limit);
  let waiting = state.limited.get(line);
  if (!waiting) state.limited.set(line, (waiting = new OrdinalHeap()));
  waiting.push(linksOf(state, id).ordinal, id);
}

/** Of each account for which instances wait: the one that was created first, and may go on where that may. */
export function firstOfLimited(state: RunState): Instance[] {
  const first: Instance[] = [];
  for (const [line, waiting] of state.limited) {
    for (let id = waiting.peek(); id !== undefined; id = waiting.peek()) {
      const instance = state.instances.get(id);
      if (instance !== undefined && isWaitingIn(state, instance, line)) {
        first.push(instance);
        break;
      }
      waiting.take();
    }
    if (waiting.peek() === undefined) state.limited.delete(line);
  }
  return first;
}

/** All that wait for the same account as one of them, in the order of their creation. */
export function allWaitingWith(state: RunState, { instance_id: id }: Instance): Instance[] {
  const limit = linksOf(state, id).limit;
  if (limit === null) return [];
  const line = lineName(limit);
  return [...state.instances.values()].filter((each) => isWaitingIn(state, each, line));
}

export function isWaitingForLimit({ status, waiting_reason: reason }: Instance): boolean {
  return status === 'waiting' && reason === 'usage_limit';
}

function isWaitingIn(state: RunState, instance: Instance, line: string): boolean {
  const { limit } = linksOf(state, instance.instance_id);
  return isWaitingForLimit(instance) && limit !== null && lineName(limit) === line;
}

function lineName({ account, model }: Pick<AccountLimit, 'account' | 'model'>): string {
  return `${account} ${model ?? ''}`;
}
