/** Events in words: what `run events` lists, and what a run reports where no live view is possible. */
import type { EventType, RunEvent } from '../../core/events/events.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { count, durationBetween, timeOfDay, totalTokens } from './amounts.ts';
import { plainLine } from './plain-text.ts';
import { fit } from './text-width.ts';

/** One line, plain, without the instance: what happened. */
export function eventSummary(event: RunEvent): string {
  switch (event.event_type) {
    case 'run_created':
      return `roots ${event.payload.roots.join(', ')}`;
    case 'input_scope_created':
      return event.payload.input_scope_id;
    case 'instance_created':
      return Object.entries(event.payload.dependency_instances)
        .map(([name, id]) => `${name}=${id}`)
        .join(' ');
    case 'attempt_started': {
      const { attempt, session_id: session } = event.payload;
      return `attempt ${attempt}${session === null ? '' : `, continues session ${session}`}`;
    }
    case 'attempt_finished': {
      const { attempt, termination_reason: reason, return_code: code, usage } = event.payload;
      const exit = code === null ? '' : `, exit ${code}`;
      return `attempt ${attempt}: ${reason}${exit}${usage ? `, ${count(totalTokens(usage))} tokens` : ''}`;
    }
    case 'interrupt_requested': {
      const { interrupt } = event.payload;
      return `${interrupt.interrupt_id} asks ${audience(interrupt)}: ${plainLine(interrupt.question)}`;
    }
    case 'interrupt_resolved': {
      const { interrupt_id: id, reply } = event.payload;
      return `${id} ${reply.reply_kind === 'answer' ? 'answered' : 'handed to a human'}: ${plainLine(reply.text)}`;
    }
    case 'interrupt_applied':
      return `${event.payload.interrupt_id} in attempt ${event.payload.attempt}`;
    case 'instance_waiting':
      return `for ${event.payload.blocking_interrupts.join(', ')}`;
    case 'instance_requeued':
      return event.payload.granted_iterations > 0
        ? `${event.payload.reason}, ${event.payload.granted_iterations} more iterations granted`
        : event.payload.reason;
    case 'instance_skipped':
      return plainLine(event.payload.reason);
    case 'instance_failed':
      return plainLine(event.payload.error);
    case 'result_materialized':
      return `attempt ${event.payload.attempt}, sha256 ${event.payload.sha256.slice(0, 12)}`;
    case 'artifacts_published':
      return plainLine(event.payload.artifacts.map((file) => file.relative_path).join(', '));
    case 'control_emitted':
      return plainLine(JSON.stringify(event.payload.control));
    case 'route_selected':
    case 'route_unselected':
      return plainLine(`${event.payload.label} → ${event.payload.targets.join(', ')}`);
    case 'loop_continued':
      return `iteration ${event.payload.iteration} → ${event.payload.targets.join(', ')}`;
    case 'loop_stopped':
      return event.payload.targets.length === 0 ? '' : `→ ${event.payload.targets.join(', ')}`;
    case 'proposal_recorded':
      return plainLine(
        `${event.payload.proposal.proposal_id}: ${event.payload.proposal.proposal.summary}`,
      );
    case 'proposal_dropped':
      return plainLine(event.payload.reason);
    case 'proposal_status_updated':
      return plainLine(
        `${event.payload.proposal_id} ${event.payload.status} ${event.payload.note ?? ''}`,
      );
    case 'session_lost':
      return plainLine(event.payload.reason);
    case 'run_completed':
      return event.payload.status;
    case 'instance_runnable':
    case 'instance_resumed':
    case 'instance_done':
    case 'run_aborted':
      return '';
  }
}

/** The events that a person who waits wants to hear of, and the words for them. */
const noteworthy: Partial<Record<EventType, string>> = {
  attempt_started: 'started',
  instance_done: 'done',
  instance_failed: 'failed',
  interrupt_requested: 'asks',
  interrupt_resolved: 'reply',
  route_selected: 'route',
  loop_continued: 'loop goes on',
  loop_stopped: 'loop stops',
  instance_skipped: 'skipped',
  session_lost: 'session lost',
  proposal_recorded: 'proposal',
  run_aborted: 'aborted',
};

/** A line for a reader who cannot have the live view; null for what is not worth one. */
export function noteworthyLine(event: RunEvent, state: RunState): string | null {
  const word = noteworthy[event.event_type];
  if (word === undefined) return null;
  const parts = [timeOfDay(event.created_at), event.instance_id ?? state.runId, word];
  const summary =
    event.event_type === 'instance_done' ? doneSummary(event, state) : eventSummary(event);
  if (summary !== '') parts.push(fit(summary, 300));
  return parts.join('  ');
}

function doneSummary(event: RunEvent, state: RunState): string {
  const instance = state.instances.get(event.instance_id ?? '');
  const attempt = instance?.attempts.at(-1);
  if (!instance || !attempt) return '';
  const took = durationBetween(instance.started_at, event.created_at);
  const tokens = attempt.usage ? `${count(totalTokens(attempt.usage))} tokens` : null;
  return [took, tokens].filter((part) => part !== null).join(', ');
}

function audience(interrupt: { audience: string; resolved_target_role_id: string | null }): string {
  return interrupt.audience === 'human'
    ? 'a human'
    : (interrupt.resolved_target_role_id ?? 'assistant');
}
