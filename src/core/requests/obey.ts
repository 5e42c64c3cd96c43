/**
 * What an answer to a question of the engine brings, by subject. The log may end anywhere: each looks whether it has
 * been obeyed, since it is asked again after a crash.
 */
import type { Amounts, Budget, BudgetKey } from '../../model/budget.ts';
import type { Subject } from '../../model/questions.ts';
import type { FailureKind, Interrupt, InterruptRecord } from '../../model/run.ts';
import { failStopped } from '../plan/budgets.ts';
import { boundOf, usedByInstance, usedByRun } from '../state/budgets.ts';
import { chosenIn, type Chosen } from '../state/questions.ts';
import type { Recorder } from '../state/recorder.ts';
import { instanceOf, linksOf, taskOf } from '../state/run-state.ts';
import { assignMerge } from './assign-merge.ts';

type Obey = (recorder: Recorder, record: InterruptRecord, chosen: Chosen) => void;

const obeyed: Readonly<Record<Subject, Obey>> = {
  wall_limit(recorder, record, { choice, amounts }) {
    if (choice === 'grant') grant(recorder, record, amounts['wall_sec'] ?? null);
    else giveUp(recorder, record.interrupt, 'a person gave it up at its time limit', null);
  },
  budget(recorder, record, { choice, amounts }) {
    if (choice === 'grant') grantBudget(recorder, record, amounts);
    else if (record.interrupt.instance_id === null) stopRun(recorder, record);
    else giveUp(recorder, record.interrupt, 'a person stopped it at its budget', 'budget');
  },
  result_conflict(recorder, { interrupt }, { choice }) {
    // The others want nothing done: the run is over without a single result.
    if (choice === 'agent') assignMerge(recorder, interrupt);
  },
  /** Whoever opens the region reads the answer itself. */
  items({ state }, { interrupt: { metadata } }) {
    const { region_id: id } = metadata;
    if (typeof id === 'string') state.agenda.unsettled.push(id);
  },
  // To continue needs nothing more.
  stall(recorder, { interrupt }, { choice }) {
    if (choice === 'fresh session') leaveSession(recorder, interrupt);
    else if (choice === 'give up')
      giveUp(recorder, interrupt, 'a person gave it up, since it stood still');
  },
  // To wait and to try need nothing more: it goes on, and is held back or not (judge/hold-back.ts).
  usage_limit(recorder, record, { choice }) {
    if (choice !== 'give up') return;
    const error = 'a person gave it up at the usage limit of its account';
    giveUp(recorder, record.interrupt, error, 'external_usage_limit');
  },
};

/** Makes true what was answered. Called for each answered question of the engine, before anything is settled. */
export function obeyAnswer(recorder: Recorder, interruptId: string): void {
  const record = recorder.state.interrupts.get(interruptId);
  const chosen = record === undefined ? null : chosenIn(record);
  if (record === undefined || chosen === null) return;
  if (record.interrupt.subject !== undefined) {
    obeyed[record.interrupt.subject](recorder, record, chosen);
  }
}

/** The instance that waits for just this answer goes on in another session. */
function leaveSession(recorder: Recorder, { instance_id: id, metadata }: Interrupt): void {
  if (id === null) return;
  const { status, attempt, session_id: session } = instanceOf(recorder.state, id);
  if (status !== 'waiting' || attempt !== metadata['attempt'] || session === null) return;
  const reason = 'a new one was asked for';
  recorder.emit('session_lost', id, { session_id: session, reason });
}

/** `wallSec` null: as much as it had. */
function grant(recorder: Recorder, record: InterruptRecord, wallSec: number | null): void {
  if (record.isObeyed === true) return;
  const { interrupt_id: id, instance_id: instance } = record.interrupt;
  const { node_wall_timeout_sec: limit } = recorder.state.plan.project;
  recorder.emit('granted', instance, { wall_sec: wallSec ?? limit ?? 0, interrupt_id: id });
}

/** Without amounts, as much again as it had, from what it has used by now. */
function grantBudget(recorder: Recorder, record: InterruptRecord, amounts: Budget): void {
  if (record.isObeyed === true) return;
  const { interrupt_id: id, instance_id: instance } = record.interrupt;
  const isNamed = Object.keys(amounts).length > 0;
  const more = isNamed ? amounts : asMuchAgain(recorder, record);
  recorder.emit('granted', instance, { ...more, interrupt_id: id });
}

function asMuchAgain({ state, now }: Recorder, { interrupt }: InterruptRecord): Budget {
  const { instance_id: id, metadata } = interrupt;
  const instance = id === null ? null : instanceOf(state, id);
  const { budget = {} } = instance === null ? state.plan.project : taskOf(state, instance);
  const used = instance === null ? usedByRun(state, now, null) : usedByInstance(state, instance);
  const granted = id === null ? state.granted : linksOf(state, id).granted;
  // What was at work when it was asked may have counted, and is not in the log yet.
  const told = metadata['used'] as Amounts;
  const more: Budget = {};
  for (const key of metadata['spent'] as BudgetKey[]) {
    const bound = boundOf(budget, granted, key) ?? 0;
    more[key] = Math.max(0, Math.ceil(Math.max(used[key], told[key]) - bound)) + (budget[key] ?? 0);
  }
  return more;
}

/** Nothing of it begins any more, and what waits has failed. What is at work ends by itself. */
function stopRun(recorder: Recorder, { interrupt, isObeyed }: InterruptRecord): void {
  const { state } = recorder;
  if (isObeyed !== true) {
    recorder.emit('run_stopped', null, { interrupt_id: interrupt.interrupt_id });
  }
  // Somebody has had some of it tried again since.
  if (!state.isStopped) return;
  for (const instance of state.instances.values()) {
    if (instance.status === 'waiting') failStopped(recorder, instance);
  }
}

/** Fails the instance that waits for just this answer. `kind` null: as its attempt failed. */
function giveUp(
  recorder: Recorder,
  interrupt: Interrupt,
  error: string,
  kind: FailureKind | null = null,
): void {
  const { instance_id: id, metadata } = interrupt;
  if (id === null) return;
  const instance = instanceOf(recorder.state, id);
  // One that was tried again since is another matter.
  if (instance.status !== 'waiting' || instance.attempt !== metadata['attempt']) return;
  recorder.emit('instance_failed', id, {
    error,
    failure_kind: kind ?? instance.failure_kind,
    failure_summary: instance.failure_summary,
    termination_reason: instance.termination_reason,
    resume_recommended: false,
  });
}
