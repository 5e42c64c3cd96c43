/** `interrupt recommend`: whom a task may ask, and which role fits a question. Only reads. */
import { recommendRole } from '../../core/requests/recommend.ts';
import type { DecisionKind, RequestKind } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { findAsker, type AskerNames } from './asking-task.ts';
import { readRoles } from '../assistants/program-roles.ts';

export interface RoleRecommendation {
  audience: 'assistant';
  request_kind: RequestKind;
  decision_kind: DecisionKind | null;
  allowed_assistant_roles: string[];
  ranked_role_ids: string[];
  recommended_target_role_id: string | null;
  target_resolution_reason: string | null;
  allow_human: boolean;
}

export interface HumanRecommendation {
  audience: 'human';
  request_kind: RequestKind | null;
  decision_kind: DecisionKind | null;
  allow_human: boolean;
  reason: string;
}

/** @throws Refusal as `findAsker`; `kind-missing`; `role-not-allowed` or `role-unknown` for a bad override */
export async function recommendWhomToAsk(
  names: AskerNames,
  query: {
    audience: 'assistant' | 'human';
    /** An assistant is only asked for something. */
    requestKind: RequestKind | null;
    decisionKind: DecisionKind | null;
  },
  env: Readonly<NodeJS.ProcessEnv>,
): Promise<RoleRecommendation | HumanRecommendation> {
  const { paths, task, elsewhere } = await findAsker(names, env);
  const { allow_human } = task.interaction_policy;
  const { requestKind, decisionKind } = query;
  if (query.audience === 'human') {
    const reason = allow_human
      ? `task ${task.id} may ask a human`
      : `interaction_policy.allow_human of task ${task.id} is false`;
    const asked = { request_kind: requestKind, decision_kind: decisionKind };
    return { audience: 'human', ...asked, allow_human, reason };
  }
  if (requestKind === null) {
    throw new Refusal('kind-missing', 'say what is asked for: --kind', {
      hint: 'question, clarification, approval or control_request',
    });
  }
  const { roles } = elsewhere ?? (await readRoles(paths.authoredDir));
  const result = recommendRole({ task, roles, requestKind, decisionKind });
  if (!result.ok) {
    throw new Refusal(result.code, result.message, {
      hint: `correct tasks/${task.id}.yaml, or name a role with --target-role`,
    });
  }
  const { recommendation } = result;
  return {
    audience: 'assistant',
    request_kind: requestKind,
    decision_kind: decisionKind,
    allowed_assistant_roles: recommendation.allowed,
    ranked_role_ids: recommendation.ranked,
    recommended_target_role_id: recommendation.recommended,
    target_resolution_reason: recommendation.reason,
    allow_human,
  };
}
