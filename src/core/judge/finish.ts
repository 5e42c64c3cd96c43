/**
 * What a finished attempt means: section 8.4 of the contract, in its order. The edge brings the facts;
 * this decides. Every step looks whether it is recorded already, so that a crash between two lines of
 * the log (they are written at once, but a power cut can keep half) is settled by deciding again.
 */
import { attemptFinished } from '../events/attempt.ts';
import type { RunEvent } from '../events/events.ts';
import type { ProcessEnd } from '../../model/attempt.ts';
import type { FailureKind, FileRecord, Instance } from '../../model/run.ts';
import { askForInstance } from '../plan/budgets.ts';
import { policyOf } from '../state/policies.ts';
import { askPerson, reasonToWait } from '../state/questions.ts';
import { probeAt, type AccountLimit } from '../../model/limits.ts';
import { isForOthers, nextAgent, usageLimitPolicy } from '../state/usage-limits.ts';
import { holdBack, takeOver } from './hold-back.ts';
import { goOnAfterStall, isToGoOn } from './stall.ts';
import { Recorder } from '../state/recorder.ts';
import { unappliedReplies } from '../state/replies.ts';
import { instanceOf, linksOf, taskOf, type RunState } from '../state/run-state.ts';
import { later } from '../plan/timers.ts';
import { dueCheck } from '../state/checks.ts';
import { faultsOfChecks } from './checks.ts';
import { emitControl } from './control-events.ts';
import { missingDecision } from './decisions.ts';
import { recordCommit, recordSeenAfter, type SeenTree, type WorkspaceFacts } from './workspace.ts';
import { mayRepair, repair, type Fault } from './repair.ts';
import { acceptResult, recordResult, type ResultFacts } from './result.ts';

export type ArtifactFacts =
  { kind: 'published'; artifacts: readonly FileRecord[] } | { kind: 'missing'; message: string };

export interface AttemptFacts {
  process: ProcessEnd;
  result: ResultFacts;
  artifacts: ArtifactFacts;
  /** Absent: it has no tree of its own. */
  workspace?: WorkspaceFacts;
  /** What the working tree holds now; absent where nobody looked. */
  seen?: SeenTree;
  /** Of all that it left: as it was before, where nothing has changed. Absent where that is not known. */
  left?: string;
  /** Why what its checks have left in its tree could not be taken away. Absent: it was, or there was none. */
  unrestored?: string;
  /** Its agent takes no prompt: it does the same again, whatever it is told. */
  isUntold?: true;
  /** Of an attempt that came to a usage limit: as all runs of the user are told. */
  limit?: AccountLimit;
}

/** Settles the running attempt of `instanceId`. `now`: ISO 8601, UTC. */
export function finishAttempt(
  state: RunState,
  instanceId: string,
  facts: AttemptFacts,
  now: string,
): RunEvent[] {
  const recorder = new Recorder(state, now);
  const instance = instanceOf(state, instanceId);
  if (instance.status !== 'running') return [];
  const record = instance.attempts.at(-1);
  if (record && record.finished_at === null) {
    recorder.emit('attempt_finished', instanceId, attemptFinished(instance.attempt, facts.process));
  }
  if (facts.seen) recordSeenAfter(recorder, instance, facts.seen);
  conclude(recorder, instance, facts);
  return recorder.events;
}

function conclude(recorder: Recorder, instance: Instance, facts: AttemptFacts): void {
  const { state } = recorder;
  const id = instance.instance_id;
  // A lost session is no one's failure: the instance starts over in a fresh one, with all replies. An
  // attempt that had none to lose has failed, or it would start over for ever.
  const session = instance.attempts.at(-1)?.session_id ?? null;
  if (facts.process.failure_kind === 'session_lost' && session !== null) {
    recorder.emit('session_lost', id, {
      session_id: session,
      reason: facts.process.failure_summary ?? 'the agent does not know the session any more',
    });
    if (instance.blocking_interrupts.length > 0) return wait(recorder, instance);
    recorder.emit('instance_requeued', id, { reason: 'session_lost', granted_iterations: 0 });
    return;
  }
  // A question whose answer came while the attempt still ran has not reached the worker either: the
  // instance waits for a moment, and `plan` resumes it at once with the answer.
  const unheard = unappliedReplies(state, id).filter((record) => record.interrupt.blocking);
  if (instance.blocking_interrupts.length > 0 || unheard.length > 0) {
    return wait(recorder, instance);
  }
  if (facts.process.termination_reason !== 'completed') {
    const summary =
      facts.process.failure_summary ?? `the attempt ended: ${facts.process.termination_reason}`;
    const kind = facts.process.failure_kind ?? 'unknown';
    if (asksAtWall(state, instance)) return askForMoreTime(recorder, instance);
    if (instance.termination_reason === 'budget') return askForInstance(recorder, instance);
    const atLimit = kind === 'external_usage_limit' ? usageLimitPolicy(state, instance) : null;
    if (atLimit !== null && atLimit.on !== 'fail') {
      return holdBack(recorder, instance, limitOf(facts, recorder.now), atLimit);
    }
    if (isToGoOn(state, instance)) {
      const done = goOnAfterStall(recorder, instance, kind, summary);
      return done === 'asks' ? wait(recorder, instance) : undefined;
    }
    const isWorthIt = facts.process.resume_recommended && !hasRecurred(instance, kind, summary);
    fail(recorder, id, summary, kind, isWorthIt);
    return;
  }
  const task = taskOf(state, instance);
  const accepted = acceptResult(state, instance, task, facts.result);
  if (accepted.ok && facts.result.kind === 'value') recordResult(recorder, instance, facts.result);
  const { artifacts, workspace = { kind: 'none' } } = facts;
  const undecided = missingDecision(state, id, task);
  const faults: Fault[] = [];
  if (!accepted.ok) faults.push(accepted);
  if (artifacts.kind === 'missing') {
    faults.push({ kind: 'task_runtime', message: artifacts.message });
  }
  if (undecided !== null) faults.push({ kind: 'decision_obligation', message: undecided });
  if (workspace.kind === 'failed') {
    faults.push({ kind: workspace.failureKind, message: workspace.message });
  }
  const [fault] = faults;
  if (fault !== undefined)
    return notAccepted(recorder, instance, facts, [fault, ...faults.slice(1)]);
  if (!accepted.ok || artifacts.kind === 'missing') return;
  const { control } = accepted;
  if (instance.published.length === 0 && artifacts.artifacts.length > 0) {
    recorder.emit('artifacts_published', id, {
      attempt: instance.attempt,
      artifacts: [...artifacts.artifacts],
    });
  }
  if (workspace.kind === 'committed') recordCommit(recorder, instance, workspace);
  // Whoever drives the run has them run, and comes here again.
  if (dueCheck(state, id) !== null) return;
  const [failed, ...others] = faultsOfChecks(state, instance);
  // Whoever went on by itself would hand that in as its work.
  if (failed !== undefined && facts.unrestored !== undefined) {
    const message = `what its checks left in its tree cannot be taken away: ${facts.unrestored}\n${failed.message}`;
    return failForGood(recorder, id, message, 'workspace', false);
  }
  if (failed !== undefined) return notAccepted(recorder, instance, facts, [failed, ...others]);
  if (control !== null) emitControl(recorder, instance, task, control);
  recorder.emit('instance_done', id, {});
}

/** It goes on, or has failed with the first. */
function notAccepted(
  recorder: Recorder,
  instance: Instance,
  facts: AttemptFacts,
  faults: readonly [Fault, ...Fault[]],
): void {
  if (mayRepair(recorder.state, instance, faults, facts)) {
    return repair(recorder, instance, faults, facts.left ?? null);
  }
  fail(recorder, instance.instance_id, faults[0].message, faults[0].kind);
}

function limitOf({ limit, process }: AttemptFacts, now: string): AccountLimit {
  if (limit !== undefined) return limit;
  const { retry_at = null } = process;
  return { account: '', model: null, retry_at, until: probeAt(retry_at, now) };
}

function asksAtWall(state: RunState, instance: Instance): boolean {
  if (instance.termination_reason !== 'wall_timeout') return false;
  return policyOf(state.plan.project, taskOf(state, instance), 'on_wall') === 'ask';
}

function askForMoreTime(recorder: Recorder, instance: Instance): void {
  const { instance_id: id, task_id: task, attempt, failure_summary: summary } = instance;
  const { node_wall_timeout_sec: limit } = recorder.state.plan.project;
  askPerson(recorder, {
    subject: 'wall_limit',
    key: `${id}/${attempt}`,
    instanceId: id,
    question:
      `Attempt ${attempt} of task ${task} was stopped: ${summary ?? 'it reached its time limit'}. ` +
      'May it go on where it was? ' +
      `"grant", with the seconds that it may take now (${limit} where you name none), or "give up".`,
    metadata: { attempt },
  });
  wait(recorder, instance);
}

/**
 * Whether the attempt before failed of just this: an answer that does not fit its protocol will not, next time,
 * either. A network, a login or a quota may well come back after any number of attempts.
 */
function hasRecurred(instance: Instance, kind: FailureKind, summary: string): boolean {
  const before = instance.attempts.at(-2);
  if (kind !== 'external_protocol' || before?.failure_kind !== kind) return false;
  return before.error !== null && withoutNumbers(before.error) === withoutNumbers(summary);
}

/** Ids of requests and times differ each time. */
function withoutNumbers(text: string): string {
  return text.replace(/[\w-]+/g, (word) => (/\d/.test(word) ? '#' : word));
}

/** Puts the instance to wait for its open questions. */
export function wait(recorder: Recorder, instance: Instance): void {
  recorder.emit('instance_waiting', instance.instance_id, {
    waiting_reason: reasonToWait(recorder.state, instance),
    blocking_interrupts: [...instance.blocking_interrupts],
  });
}

/** How long to wait before it is tried again by itself; null: it is not. */
function retryDelayMs(
  state: RunState,
  instance: Instance,
  kind: FailureKind,
  isWorthIt: boolean,
): number | null {
  const { plan } = state;
  const policy = policyOf(plan.project, taskOf(state, instance), 'retry');
  // What a person stopped is theirs to go on with.
  if (policy === null || kind === 'interrupted') return null;
  const { on, max_attempts, delay_sec, factor, max_delay_sec } = policy;
  const isMeant =
    on === null ? isWorthIt : on.includes(kind) || on.includes(instance.termination_reason ?? '');
  const { retries } = linksOf(state, instance.instance_id);
  if (!isMeant || retries + 1 >= max_attempts) return null;
  return Math.min(delay_sec * factor ** retries, max_delay_sec) * 1000;
}

function fail(
  recorder: Recorder,
  instanceId: string,
  error: string,
  kind: FailureKind,
  resumeRecommended = false,
): void {
  const instance = instanceOf(recorder.state, instanceId);
  const delayMs = retryDelayMs(recorder.state, instance, kind, resumeRecommended);
  if (delayMs !== null) {
    const until = later(recorder.now, delayMs);
    recorder.emit('instance_delayed', instanceId, {
      until,
      reason: 'retry',
      error,
      failure_kind: kind,
    });
    return;
  }
  const next = isForOthers(kind) ? nextAgent(recorder.state, instance) : null;
  if (next !== null) return takeOver(recorder, instance, next, kind, error);
  failForGood(recorder, instanceId, error, kind, resumeRecommended);
}

/** Nothing goes on with it by itself. */
function failForGood(
  recorder: Recorder,
  instanceId: string,
  error: string,
  kind: FailureKind,
  resumeRecommended: boolean,
): void {
  const instance = instanceOf(recorder.state, instanceId);
  recorder.emit('instance_failed', instanceId, {
    error,
    failure_kind: kind,
    failure_summary: instance.failure_summary ?? error,
    termination_reason: instance.termination_reason,
    resume_recommended: resumeRecommended,
  });
}
