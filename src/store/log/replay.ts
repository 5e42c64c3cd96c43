/** From a log to the state that its events add up to, and what to say of a log that cannot be all there was. */
import { statSync } from 'node:fs';
import type { RunEvent } from '../../core/events/events.ts';
import { evolveRead } from '../../core/events/evolve.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { RunFile } from '../cache/run-file.ts';
import type { RunPaths } from '../layout.ts';
import { damagedLog } from './chain.ts';
import { scanLog, type LogEnd } from './reader.ts';

/**
 * What the log alone tells, whatever `state/` has seen; shows every event after it has been applied. Reads
 * only: the torn last line of a crash, or a line that an engine is just writing, is left alone.
 *
 * @throws Refusal `log-damaged`, `format-newer`, `log-missing`, `run-empty`
 */
export function replayLog(
  paths: RunPaths,
  visit?: (event: RunEvent, state: RunState, start: number) => void,
): { state: RunState; end: LogEnd } {
  let state: RunState | null = null;
  const end = scanLog(
    paths.eventsLog,
    (event, start) => {
      state = evolveChecked(state, event, paths.eventsLog);
      visit?.(event, state, start);
    },
    { runId: paths.runId },
  );
  if (state) return { state, end };
  return refuseEmptyLog(paths);
}

/**
 * A log whose chain is whole, but whose events do not fit each other (someone wrote it anew, or changed a line that
 * nothing followed yet), is damaged like any other.
 *
 * @throws Refusal `log-damaged`
 */
export function evolveChecked(state: RunState | null, event: RunEvent, file: string): RunState {
  try {
    return evolveRead(state, event);
  } catch (error) {
    throw damagedLog(
      file,
      event.seq,
      `(${event.event_type}) does not fit: ${(error as Error).message}`,
    );
  }
}

/**
 * `state/` is never ahead of the log. Where it is, whole lines of the log were lost: by hand, or with a
 * backup of an earlier day. What goes on from there would do again what was done. `seq`: the log's last event.
 *
 * @throws Refusal `log-damaged`
 */
export function refuseLostEvents(paths: RunPaths, file: RunFile | null, seq: number): void {
  if (file === null || file.seq <= seq) return;
  throw new Refusal(
    'log-damaged',
    `Events are missing from ${paths.eventsLog}: it has ${seq}, and state/run.json has seen ${file.seq}.`,
    {
      hint:
        'Bring events.jsonl back from a backup. To go on with what is left of it, at the price of doing ' +
        `again what it has lost: codex-orch run verify ${paths.authoredDir} ${paths.runId} --repair`,
      exit: ExitStatus.failed,
      data: { file: paths.eventsLog, line: seq + 1, what: 'is missing' },
    },
  );
}

/** Why a log without any event is none: it was emptied, or never begun. @throws Refusal always */
export function refuseEmptyLog(paths: RunPaths): never {
  if (!statSync(paths.runFile, { throwIfNoEntry: false })) {
    const never = `Run ${paths.runId} was never started: its log holds no event.`;
    throw new Refusal('run-empty', never, { exit: ExitStatus.notFound });
  }
  throw new Refusal(
    'log-damaged',
    `${paths.eventsLog} is empty, but state/run.json tells of a run: the log was lost.`,
    {
      hint: `Bring events.jsonl back from a backup; nothing else can restore the run.`,
      exit: ExitStatus.failed,
      data: { file: paths.eventsLog, line: 1, what: 'is missing: the log is empty' },
    },
  );
}
