/** Which roles a task may name, and whether anybody may make the decisions that it requires. Pure. */
import type { TaskSpec } from '../../model/program.ts';
import { roleFile } from '../../model/program-files.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { Add, ProgramModel, RuleFinding } from './finding.ts';

export function checkRoles(task: TaskSpec, model: ProgramModel, add: Add): void {
  const roles = new Set([...model.roles.map((role) => role.id), ...model.unreadableRoles]);
  const { assistant_hints: hints, interaction_policy: policy } = task;
  const known = (id: string, path: RuleFinding['path']): void => {
    if (roles.has(id)) return;
    add(
      'error',
      'task.unknown_role',
      path,
      `there is no assistant role "${id}"`,
      didYouMean(id, roles) ?? `Define it in ${roleFile(id)}.`,
    );
  };
  for (const [index, id] of hints.preferred_roles.entries()) {
    known(id, ['assistant_hints', 'preferred_roles', index]);
  }
  for (const [kind, id] of Object.entries(hints.decision_kind_overrides)) {
    const path = ['assistant_hints', 'decision_kind_overrides', kind];
    known(id, path);
    if (policy.allowed_assistant_roles !== null && !policy.allowed_assistant_roles.includes(id)) {
      add(
        'warning',
        'task.override_not_allowed',
        path,
        `the role "${id}" is to decide "${kind}", but the task may not ask it`,
        'Add it to interaction_policy.allowed_assistant_roles.',
      );
    }
  }
  for (const [index, id] of (policy.allowed_assistant_roles ?? []).entries()) {
    known(id, ['interaction_policy', 'allowed_assistant_roles', index]);
  }
  const assistants = (policy.allowed_assistant_roles ?? [...roles]).length > 0;
  for (const [index, decision] of task.required_decisions.entries()) {
    const possible = {
      human: policy.allow_human,
      assistant: assistants,
      any: policy.allow_human || assistants,
    };
    if (possible[decision.audience]) continue;
    const whom = decision.audience === 'any' ? 'anyone' : `any ${decision.audience}`;
    add(
      'error',
      'task.unanswerable_decision',
      ['required_decisions', index],
      `the decision "${decision.decision_kind}" is required, but the task may not ask ${whom}`,
      'Change interaction_policy, or the audience of the decision.',
    );
  }
}
