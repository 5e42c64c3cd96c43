/**
 * Which assistant role a question goes to: section 10 of the contract. What the author wrote (the task's
 * hints and policy, the roles' policies) and the kind of question decide, never chance.
 */
import type { DecisionKind, RequestKind, RoleSpec, TaskSpec } from '../../model/program.ts';

export interface TargetQuery {
  task: Pick<TaskSpec, 'id' | 'labels' | 'assistant_hints' | 'interaction_policy'>;
  /** All roles of the program. */
  roles: readonly Pick<RoleSpec, 'id' | 'policy'>[];
  requestKind: RequestKind;
  decisionKind: DecisionKind | null;
}

interface Recommendation {
  /** Roles that the task may ask, by id. */
  allowed: string[];
  /** The same, most fitting first; also those that fit nothing. */
  ranked: string[];
  /** null where no role fits. */
  recommended: string | null;
  /** Why that one; null where there is none. */
  reason: string | null;
}

export type RecommendationResult =
  | { ok: true; recommendation: Recommendation }
  /** `decision_kind_overrides` names a role that the task may not ask, or that does not exist. */
  | { ok: false; code: string; message: string };

/** Ranks the roles for a question. */
export function recommendRole(query: TargetQuery): RecommendationResult {
  const { task, decisionKind } = query;
  const allowed = allowedRoles(query);
  const fits = allowed.map((role) => fitOf(role, query)).sort(byFit);
  const ranked = fits.map(({ id }) => id);
  const allowedIds = allowed.map(({ id }) => id);

  const overrides = task.assistant_hints.decision_kind_overrides;
  const override = decisionKind === null ? undefined : overrides[decisionKind];
  if (override !== undefined) {
    const refusal = refuseRole(query, override);
    if (refusal !== null) {
      const where = `assistant_hints.decision_kind_overrides.${decisionKind} of task ${task.id}`;
      return { ...refusal, message: `${where}: ${refusal.message}` };
    }
    const recommendation = {
      allowed: allowedIds,
      ranked: [override, ...ranked.filter((id) => id !== override)],
      recommended: override,
      reason: `the task's decision_kind_overrides send ${decisionKind} decisions to ${override}`,
    };
    return { ok: true, recommendation };
  }

  const [best, next] = fits;
  if (best === undefined || !best.merits.includes(true)) {
    const recommendation = { allowed: allowedIds, ranked, recommended: null, reason: null };
    return { ok: true, recommendation };
  }
  const tied = next !== undefined && best.merits.every((merit, at) => merit === next.merits[at]);
  const reasons = [...best.reasons];
  if (tied && best.preferred && !next.preferred) reasons.push('the task prefers it among equals');
  else if (tied) reasons.push('the first by id among equals');
  const recommendation = {
    allowed: allowedIds,
    ranked,
    recommended: best.id,
    reason: reasons.join('; '),
  };
  return { ok: true, recommendation };
}

interface Target {
  requested_target_role_id: string | null;
  recommended_target_role_id: string | null;
  resolved_target_role_id: string;
  target_resolution_reason: string;
}

export type TargetResult =
  { ok: true; target: Target } | { ok: false; code: string; message: string };

/** The role that a question goes to: the one asked for, or else the recommended one. */
export function resolveTarget(query: TargetQuery, requested: string | null): TargetResult {
  const result = recommendRole(query);
  if (requested === null) {
    if (!result.ok) return result;
    const { recommended, reason } = result.recommendation;
    if (recommended === null) return noRoleFits(query, result.recommendation);
    const target = {
      requested_target_role_id: null,
      recommended_target_role_id: recommended,
      resolved_target_role_id: recommended,
      target_resolution_reason: reason ?? '',
    };
    return { ok: true, target };
  }
  const refusal = refuseRole(query, requested);
  if (refusal !== null) return refusal;
  const target = {
    requested_target_role_id: requested,
    // An override that cannot be met does not stand in the way of a role that was named.
    recommended_target_role_id: result.ok ? result.recommendation.recommended : null,
    resolved_target_role_id: requested,
    target_resolution_reason: `the worker asked for role ${requested}`,
  };
  return { ok: true, target };
}

interface Fit {
  id: string;
  /** Most weighty first: both kinds, decision kind, request kind, labels, ask_when. */
  merits: boolean[];
  preferred: boolean;
  reasons: string[];
}

function fitOf({ id, policy }: Pick<RoleSpec, 'id' | 'policy'>, query: TargetQuery): Fit {
  const { task, requestKind, decisionKind } = query;
  const decision = decisionKind !== null && policy.decision_kinds.includes(decisionKind);
  const request = policy.request_kinds.includes(requestKind);
  const labels = common(task.labels, policy.task_labels_any);
  const askWhen = common(task.assistant_hints.ask_when, policy.ask_when);
  const reasons: string[] = [];
  if (decision) reasons.push(`it takes ${decisionKind} decisions`);
  if (request) reasons.push(`it takes requests of kind ${requestKind}`);
  if (labels.length > 0) reasons.push(`it takes tasks labelled ${labels.join(', ')}`);
  if (askWhen.length > 0) reasons.push(`its ask_when meets the task's: ${askWhen.join(', ')}`);
  return {
    id,
    merits: [decision && request, decision, request, labels.length > 0, askWhen.length > 0],
    preferred: task.assistant_hints.preferred_roles.includes(id),
    reasons,
  };
}

function byFit(a: Fit, b: Fit): number {
  for (const [at, merit] of a.merits.entries()) {
    if (merit !== b.merits[at]) return merit ? -1 : 1;
  }
  if (a.preferred !== b.preferred) return a.preferred ? -1 : 1;
  return byId(a, b);
}

function allowedRoles({ task, roles }: TargetQuery): Pick<RoleSpec, 'id' | 'policy'>[] {
  const allowed = task.interaction_policy.allowed_assistant_roles;
  return roles.filter(({ id }) => allowed === null || allowed.includes(id)).sort(byId);
}

/** Why the task cannot ask this role, or null where it can. */
function refuseRole(
  query: TargetQuery,
  role: string,
): { ok: false; code: string; message: string } | null {
  const allowed = allowedRoles(query).map(({ id }) => id);
  if (allowed.includes(role)) return null;
  const may = allowed.length === 0 ? 'it may ask none' : `it may ask ${allowed.join(', ')}`;
  const exists = query.roles.some(({ id }) => id === role);
  return exists
    ? {
        ok: false,
        code: 'role-not-allowed',
        message: `task ${query.task.id} may not ask role ${role}; ${may}`,
      }
    : { ok: false, code: 'role-unknown', message: `there is no role ${role}; ${may}` };
}

function noRoleFits(
  { task, requestKind, decisionKind }: TargetQuery,
  { allowed }: Recommendation,
): { ok: false; code: string; message: string } {
  if (allowed.length === 0) {
    const message = `task ${task.id} has no assistant role that it may ask`;
    return { ok: false, code: 'no-role', message };
  }
  const kinds = decisionKind === null ? requestKind : `${requestKind}, ${decisionKind}`;
  const message = `no role fits this question (${kinds}); name one with --target-role: ${allowed.join(', ')}`;
  return { ok: false, code: 'no-role', message };
}

function common(a: readonly string[], b: readonly string[]): string[] {
  return a.filter((word) => b.includes(word));
}

/** By code unit, so that the order is the same everywhere. */
function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}
