/** Why an instance was skipped or failed, and what brings it back. */
import type { Instance } from '../../model/run.ts';
import { instanceOf, linksOf, type RunState } from '../state/run-state.ts';
import { isOverForGood, isStopped } from '../state/standing.ts';
import { takenOver } from './taken-over.ts';
import type { ExplainContext, Reason } from './reason.ts';

export function explainSkipped(
  state: RunState,
  instance: Instance,
  context: ExplainContext,
): Reason {
  let id: string | null = linksOf(state, instance.instance_id).skippedBecauseOf;
  for (let next = id; next !== null;) {
    id = next;
    const cause = instanceOf(state, next);
    next = cause.status === 'skipped' ? linksOf(state, next).skippedBecauseOf : null;
  }
  const cause = id === null ? null : instanceOf(state, id);
  const root = cause ?? instance;
  if (isForGood(root)) {
    return { why: `skipped: ${whose(cause)}${root.error ?? ''}`, command: null };
  }
  const target = cause ?? instance;
  const below = cause
    ? `skipped, because ${cause.task_id} (${cause.instance_id}) ${endOf(cause)}${comeBack(state, cause)}`
    : (instance.error ?? 'skipped');
  const command =
    target.status === 'failed' && target.resume_recommended
      ? ['run', 'resume', context.programDir, state.runId]
      : ['run', 'retry-instance', context.programDir, state.runId, target.instance_id];
  return { why: below, command };
}

/** No retry brings it back: neither its condition nor what a person wanted changes. */
function isForGood({ skip_reason: why }: Instance): boolean {
  return why === 'condition' || why === 'first_n';
}

function whose(cause: Instance | null): string {
  if (cause === null) return '';
  const who = `${cause.task_id} (${cause.instance_id})`;
  return cause.skip_reason === 'condition'
    ? `the condition of ${who} did not hold: `
    : `${who} was, too: `;
}

function endOf(instance: Instance): string {
  if (isStopped(instance)) return 'was stopped';
  return instance.status === 'failed' ? 'failed' : 'was skipped';
}

function comeBack(state: RunState, cause: Instance): string {
  if (isOverForGood(state)) return '';
  return `; it comes back when that is ${cause.resume_recommended ? 'resumed' : 'retried'}`;
}

export function explainFailed(
  state: RunState,
  instance: Instance,
  context: ExplainContext,
): Reason {
  const { programDir } = context;
  if (isStopped(instance)) {
    return {
      why: `attempt ${instance.attempt} was ${instance.error ?? 'stopped'}`,
      command: ['run', 'resume', programDir, state.runId],
    };
  }
  const kind = instance.failure_kind === null ? '' : ` (${instance.failure_kind})`;
  const what =
    instance.attempt === 0 ? 'it failed before it began' : `attempt ${instance.attempt} failed`;
  const why = `${what}${kind}: ${instance.error ?? 'no reason recorded'}${takenOver(instance)}`;
  if (instance.resume_recommended) {
    return {
      why: `${why}. Trying the same again can help`,
      command: ['run', 'resume', programDir, state.runId],
    };
  }
  const retry = ['run', 'retry-instance', programDir, state.runId, instance.instance_id];
  if (instance.failure_kind === 'loop_limit') retry.push('--grant-iterations', '1');
  return { why, command: retry };
}
