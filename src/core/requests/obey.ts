/**
 * What an answer to a question of the engine brings, by subject. The log may end anywhere: each looks whether it has
 * been obeyed, since it is asked again after a crash.
 */
import type { Subject } from '../../model/questions.ts';
import type { Interrupt, InterruptRecord } from '../../model/run.ts';
import { chosenIn, type Chosen } from '../state/questions.ts';
import type { Recorder } from '../state/recorder.ts';
import { instanceOf } from '../state/run-state.ts';
import { assignMerge } from './assign-merge.ts';

type Obey = (recorder: Recorder, record: InterruptRecord, chosen: Chosen) => void;

const obeyed: Readonly<Record<Subject, Obey>> = {
  wall_limit(recorder, record, { choice, amounts }) {
    if (choice === 'grant') grant(recorder, record, amounts['wall_sec'] ?? null);
    else giveUp(recorder, record.interrupt, 'a person gave it up at its time limit');
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

/** `wallSec` null: as much as it had. */
function grant(recorder: Recorder, record: InterruptRecord, wallSec: number | null): void {
  if (record.isObeyed === true) return;
  const { interrupt_id: id, instance_id: instance } = record.interrupt;
  const { node_wall_timeout_sec: limit } = recorder.state.plan.project;
  recorder.emit('granted', instance, { wall_sec: wallSec ?? limit ?? 0, interrupt_id: id });
}

/** Fails the instance that waits for just this answer. */
function giveUp(recorder: Recorder, interrupt: Interrupt, error: string): void {
  const { instance_id: id, metadata } = interrupt;
  if (id === null) return;
  const instance = instanceOf(recorder.state, id);
  // One that was tried again since is another matter.
  if (instance.status !== 'waiting' || instance.attempt !== metadata['attempt']) return;
  recorder.emit('instance_failed', id, {
    error,
    failure_kind: instance.failure_kind,
    failure_summary: instance.failure_summary,
    termination_reason: instance.termination_reason,
    resume_recommended: false,
  });
}
