/** `required_decisions`: what a worker had to ask somebody before it might be done. */
import type { TaskSpec } from '../../model/program.ts';
import { linksOf, type RunState } from '../state/run-state.ts';

/** A required decision that no blocking interrupt of any attempt has asked for (one that was closed unanswered has not), as a message. */
export function missingDecision(
  state: RunState,
  instanceId: string,
  task: TaskSpec,
): string | null {
  if (task.required_decisions.length === 0) return null;
  const asked = linksOf(state, instanceId)
    .interrupts.map((id) => state.interrupts.get(id)?.interrupt)
    .filter((interrupt) => interrupt?.blocking === true && interrupt.status !== 'closed');
  const missing = task.required_decisions.filter(
    (decision) =>
      !asked.some(
        (interrupt) =>
          interrupt?.decision_kind === decision.decision_kind &&
          (decision.audience === 'any' || interrupt.audience === decision.audience),
      ),
  );
  if (missing.length === 0) return null;
  const names = missing.map(
    (d) =>
      `${d.decision_kind} (audience ${d.audience}${d.description === '' ? '' : `: ${d.description}`})`,
  );
  return `required_decisions: the worker ended without asking, by a blocking interrupt, for ${names.join('; ')}`;
}
