/** Events in words: what `run events` lists, and what a run reports where no live view is possible. */
import { checksInWords } from '../../core/state/checks.ts';
import { specOf, wordsOf } from '../../core/events/catalogue.ts';
import type { RunEvent } from '../../core/events/events.ts';
import { calledOf } from '../../core/state/item-names.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { leftOutInWords } from '../../model/trees.ts';
import { count } from '../../text/amounts.ts';
import { durationBetween, timeOfDay, totalTokens } from './amounts.ts';
import { plainLine } from '../../text/plain-text.ts';
import { fit } from '../../text/width.ts';

/** One line, plain, without the instance: what happened. */
export function eventSummary(event: RunEvent): string {
  return plainLine(wordsOf(event));
}

/** A line for a reader who cannot have the live view; null for what is not worth one. */
export function noteworthyLine(event: RunEvent, state: RunState): string | null {
  const word = specOf(event).news;
  if (word === undefined) return null;
  const isStop =
    event.event_type === 'instance_failed' && event.payload.failure_kind === 'interrupted';
  const said = isStop ? 'stopped' : word;
  const instance = state.instances.get(event.instance_id ?? '');
  const whose = instance === undefined ? event.instance_id : calledOf(state, instance);
  const parts = [timeOfDay(event.created_at), plainLine(whose ?? state.runId), said];
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
  const checked = checksInWords(instance);
  const { left_out: leftOut = [] } = instance.workspace?.commit ?? {};
  const parts = [took, tokens, checked === '' ? null : checked].filter((part) => part !== null);
  const short = leftOut.length === 0 ? '' : `; ${plainLine(leftOutInWords(leftOut))}`;
  return `${parts.join(', ')}${short}`;
}
