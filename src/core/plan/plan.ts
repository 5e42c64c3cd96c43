/**
 * What comes next in a run: instances that have become possible, what is ready, what must be skipped,
 * and which attempts to start. No clock, no disk: the caller commits the events, then starts the attempts.
 */
import type { RunEvent } from '../events/events.ts';
import { wait } from '../judge/finish.ts';
import { blockedUpstream } from '../state/blocked.ts';
import { Recorder } from '../state/recorder.ts';
import { repliesToDeliver, unappliedReplies } from '../state/replies.ts';
import { endOf, instanceOf, linksOf, type RunState } from '../state/run-state.ts';
import { closeQuestions } from './close-questions.ts';
import { isStopped } from '../state/standing.ts';
import { createPossibleInstances } from './instances.ts';

export interface AttemptStart {
  instanceId: string;
  attempt: number;
  /** The session to continue, or null. */
  sessionId: string | null;
}

export interface PlanOptions {
  /** Attempts at a time; 0 starts none. */
  slots: number;
  /** ISO 8601, UTC. */
  now: string;
}

export interface Plan {
  /** To commit before anything is started. */
  events: RunEvent[];
  starts: AttemptStart[];
  /** ISO 8601: when to plan again though nothing has happened. Nothing in a run waits for time: null. */
  wakeAt: string | null;
}

/** Goes as far as it can without an attempt's end, a reply or a person. */
export function plan(state: RunState, options: PlanOptions): Plan {
  const recorder = new Recorder(state, options.now);
  const starts: AttemptStart[] = [];
  const { agenda } = state;
  for (;;) {
    createPossibleInstances(recorder);
    const unsettled = agenda.unsettled.take();
    if (unsettled !== undefined) {
      settle(recorder, unsettled);
      continue;
    }
    const start = state.counts.running < options.slots ? startNext(recorder) : null;
    if (!start) break;
    starts.push(start);
  }
  announceEnd(recorder, options);
  return { events: recorder.events, starts, wakeAt: null };
}

/** Moves one instance to where its upstream instances and its interrupts put it. */
function settle(recorder: Recorder, instanceId: string): void {
  const { state } = recorder;
  const instance = instanceOf(state, instanceId);
  const links = linksOf(state, instanceId);
  switch (instance.status) {
    case 'pending':
      if (links.blocked > 0) return skip(recorder, instanceId);
      if (links.unfinished > 0) return;
      // One that is tried again (after an abort) must not go on without the answer that it waited for.
      if (instance.blocking_interrupts.length > 0) wait(recorder, instance);
      else recorder.emit('instance_runnable', instanceId, {});
      return;
    case 'waiting':
      if (instance.blocking_interrupts.length === 0) {
        recorder.emit('instance_resumed', instanceId, {});
      }
      return;
    case 'skipped':
      // What an abort skipped for no upstream's sake stays as it is: see `retryInstance`.
      if (links.blocked === 0 && links.skippedBecauseOf !== null) {
        recorder.emit('instance_requeued', instanceId, {
          reason: 'upstream_retried',
          granted_iterations: 0,
        });
      }
      return;
    case 'runnable':
    case 'running':
    case 'done':
    case 'failed':
      return;
  }
}

function skip(recorder: Recorder, instanceId: string): void {
  const { state } = recorder;
  const cause = blockedUpstream(state, instanceId);
  if (cause === null) return;
  const upstream = instanceOf(state, cause);
  const end = upstream.status === 'failed' ? 'failed' : 'was skipped';
  recorder.emit('instance_skipped', instanceId, {
    reason: `upstream ${upstream.task_id} (${cause}) ${isStopped(upstream) ? 'was stopped' : end}`,
    caused_by_instance_id: cause,
  });
}

function startNext(recorder: Recorder): AttemptStart | null {
  const { state } = recorder;
  for (;;) {
    const instanceId = state.agenda.runnable.take();
    if (instanceId === undefined) return null;
    const instance = instanceOf(state, instanceId);
    if (instance.status !== 'runnable') continue;
    const attempt = instance.attempt + 1;
    const sessionId = instance.session_id;
    const delivered = repliesToDeliver(state, instanceId, sessionId);
    const fresh = unappliedReplies(state, instanceId);
    recorder.emit('attempt_started', instanceId, {
      attempt,
      session_id: sessionId,
      replies: delivered.map((record) => record.interrupt.interrupt_id),
    });
    for (const { interrupt } of fresh) {
      recorder.emit('interrupt_applied', instanceId, {
        interrupt_id: interrupt.interrupt_id,
        attempt,
      });
    }
    return { instanceId, attempt, sessionId };
  }
}

/** Announces the end once: done, or failed with nothing left to do. */
function announceEnd(recorder: Recorder, options: PlanOptions): void {
  const { state } = recorder;
  const { counts } = state;
  if (counts.running + counts.runnable + counts.waiting + counts.pending > 0) return;
  const status = endOf(state);
  // Where nothing may start, what failed may still be tried again.
  if (status === 'failed' && options.slots === 0) return;
  if (state.announced === status) return;
  closeQuestions(recorder, 'run_completed');
  recorder.emit('run_completed', null, { status });
}
