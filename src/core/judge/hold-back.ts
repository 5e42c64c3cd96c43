/**
 * What becomes of an instance whose account has come to a usage limit: another agent takes over, it waits, a person is
 * asked, or it fails. For one whose attempt came to it, and for one that was about to begin.
 */
import type { AccountLimit } from '../../model/limits.ts';
import type { FailureKind, Instance } from '../../model/run.ts';
import { earliest, later } from '../plan/timers.ts';
import { askPerson, chosenIn } from '../state/questions.ts';
import type { Recorder } from '../state/recorder.ts';
import { linksOf, type RunState } from '../state/run-state.ts';
import { nextAgent, type UsageLimitPolicy } from '../state/usage-limits.ts';

export function holdBack(
  recorder: Recorder,
  instance: Instance,
  limit: AccountLimit,
  { on, maxWaitSec }: UsageLimitPolicy,
): void {
  const { state, now } = recorder;
  const { instance_id: id } = instance;
  const error = wordsOf(instance, limit);
  if (on === 'fail') {
    recorder.emit('instance_failed', id, {
      ...{ error, failure_kind: 'external_usage_limit', resume_recommended: true },
      failure_summary: instance.failure_summary ?? error,
      termination_reason: instance.termination_reason,
    });
    return;
  }
  const next = on === 'fallback' ? nextAgent(state, instance) : null;
  if (next !== null) return takeOver(recorder, instance, next, 'external_usage_limit', error);
  const askAt = askTime(recorder, instance, limit, maxWaitSec);
  const isBeyond = limit.retry_at !== null && askAt !== null && limit.retry_at > askAt;
  if (askAt !== null && (isBeyond || askAt <= now)) return ask(recorder, instance, limit);
  if (instance.status === 'waiting' && instance.waiting_reason !== 'usage_limit') {
    recorder.emit('instance_resumed', id, {});
  }
  const { account, model, retry_at } = limit;
  recorder.emit('instance_delayed', id, {
    until: earliest(limit.until, askAt) ?? limit.until,
    reason: 'usage_limit',
    error,
    failure_kind: instance.status === 'running' ? 'external_usage_limit' : null,
    limit: { account, model, retry_at, askAt },
  });
}

/** The next agent takes over from whoever works on the instance, because of `error`. */
export function takeOver(
  recorder: Recorder,
  instance: Instance,
  agent: string,
  failure_kind: FailureKind,
  error: string,
): void {
  recorder.emit('agent_replaced', instance.instance_id, { agent, failure_kind, error });
}

/** As what it waits for stands in the log already. */
export function isHeldBy(state: RunState, instance: Instance, limit: AccountLimit): boolean {
  const held = linksOf(state, instance.instance_id).limit;
  if (held?.account !== limit.account || held.model !== limit.model) return false;
  const isSame = held.retry_at === limit.retry_at;
  return isSame && instance.waiting_until === earliest(limit.until, held.askAt);
}

/** Whether a person wants it tried though it may not be: with the next attempt, and no later one. */
export function isToBeTried(state: RunState, instance: Instance): boolean {
  const said = answerOf(state, instance);
  return said?.choice === 'try now' && said.attempt === instance.attempt;
}

/** When a person is to be asked: since it first waited for it. null: they said that it shall wait for that moment. */
function askTime(
  { state, now }: Recorder,
  instance: Instance,
  limit: AccountLimit,
  maxWaitSec: number,
): string | null {
  const held = linksOf(state, instance.instance_id).limit;
  if (held !== null && held.askAt !== null) return held.askAt;
  const said = answerOf(state, instance);
  const isWaitedFor = said?.choice === 'wait' && said.retryAt === limit.retry_at;
  if (isWaitedFor && limit.retry_at !== null) return null;
  return later(now, maxWaitSec * 1000);
}

interface Said {
  choice: string;
  retryAt: string | null;
  attempt: number;
}

/** The latest that a person said about a usage limit of the instance. */
function answerOf(state: RunState, { instance_id: id }: Instance): Said | null {
  const { interrupts } = linksOf(state, id);
  for (const each of interrupts.toReversed()) {
    const record = state.interrupts.get(each);
    if (record?.interrupt.subject !== 'usage_limit') continue;
    const chosen = chosenIn(record);
    if (chosen === null) return null;
    const { retry_at: retryAt, attempt } = record.interrupt.metadata;
    return {
      choice: chosen.choice,
      retryAt: typeof retryAt === 'string' ? retryAt : null,
      attempt: Number(attempt),
    };
  }
  return null;
}

function ask(recorder: Recorder, instance: Instance, limit: AccountLimit): void {
  const { state } = recorder;
  const { instance_id: id, task_id: task, attempt } = instance;
  const { account, model, retry_at } = limit;
  // A crash may have kept the question and lost that it waits for it.
  if (instance.blocking_interrupts.length === 0) {
    askPerson(recorder, {
      subject: 'usage_limit',
      key: `${id}/${attempt}/${timesAsked(state, id)}`,
      instanceId: id,
      question:
        `Task ${task} cannot go on: ${wordsOf(instance, limit)}. It has waited, or would wait, longer than it may. ` +
        '"wait" until it ends, "try now" with one attempt, or "give up".',
      metadata: { attempt, account, model, retry_at },
    });
  }
  recorder.emit('instance_waiting', id, {
    waiting_reason: 'interrupts_pending',
    blocking_interrupts: [...instance.blocking_interrupts],
  });
}

function timesAsked(state: RunState, instanceId: string): number {
  const { interrupts } = linksOf(state, instanceId);
  return interrupts.filter((id) => state.interrupts.get(id)?.interrupt.subject === 'usage_limit')
    .length;
}

function wordsOf({ failure_summary: said }: Instance, limit: AccountLimit): string {
  const { account, model, retry_at } = limit;
  const which = `the account ${account}${model === null ? '' : ` with ${model}`}`;
  const end = retry_at === null ? 'nobody says when it ends' : `it ends at ${retry_at}`;
  return `${which} has come to a usage limit; ${end}${said === null ? '' : ` (${said})`}`;
}
