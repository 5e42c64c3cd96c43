/** Makes the directory of a run, and reads a run back from its log. */
import { mkdirSync, statSync } from 'node:fs';
import type { RunEvent } from '../core/events/events.ts';
import { evolve } from '../core/events/evolve.ts';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import type { RunState } from '../core/state/run-state.ts';
import { makeDirectory } from '../disk/disk.ts';
import { faultPoint } from '../disk/fault-point.ts';
import { runsDir, type RunPaths } from './layout.ts';
import { damagedLog } from './log/chain.ts';
import { scanLog, type LogEnd } from './log/reader.ts';
import { readRunFile, type RunFile } from './cache/run-file.ts';
import { writeRefusal } from './write-refusal.ts';

/**
 * Makes the directories of a new run. It becomes a run, for everyone to see, with the first event of
 * its log (`EventLog.create`); until then it is nothing that a list shows.
 *
 * @throws Refusal `run-exists`, `disk-full`, `write-failed`
 */
export function createRunDirectory(paths: RunPaths): void {
  try {
    makeDirectory(runsDir(paths.authoredDir));
    faultPoint('mkdir', paths.root);
    mkdirSync(paths.root);
    const inbox = [paths.inboxInterrupts, paths.inboxReplies, paths.inboxCommands];
    for (const directory of [
      ...inbox,
      paths.stateDir,
      paths.programDir,
      paths.proposals,
      paths.instancesDir,
    ]) {
      makeDirectory(directory);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeRefusal(paths.root, error);
    throw new Refusal('run-exists', `${paths.root} exists already.`, { exit: ExitStatus.failed });
  }
}

/**
 * The run as its log tells it. Reads only; the torn last line of a crash, or a line that an engine is
 * just writing, is left alone.
 *
 * @throws Refusal `log-damaged`, `format-newer`, `log-missing`, `run-empty`
 */
export function loadRun(
  paths: RunPaths,
  visit?: (event: RunEvent, state: RunState) => void,
): RunState {
  // Before the log, which an engine may be writing to: `state/` follows it.
  const file = readRunFile(paths);
  const { state } = replayLog(paths, visit);
  refuseLostEvents(paths, file, state);
  return state;
}

/**
 * `state/` is never ahead of the log. Where it is, whole lines of the log were lost: by hand, or with a
 * backup of an earlier day. What goes on from there would do again what was done.
 *
 * @throws Refusal `log-damaged`
 */
export function refuseLostEvents(paths: RunPaths, file: RunFile | null, state: RunState): void {
  if (file === null || file.seq <= state.seq) return;
  throw new Refusal(
    'log-damaged',
    `Events are missing from ${paths.eventsLog}: it has ${state.seq}, and state/run.json has seen ${file.seq}.`,
    {
      hint:
        'Bring events.jsonl back from a backup. To go on with what is left of it, at the price of doing ' +
        `again what it has lost: codex-orch run verify ${paths.authoredDir} ${paths.runId} --repair`,
      exit: ExitStatus.failed,
      data: { file: paths.eventsLog, line: state.seq + 1, what: 'is missing' },
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

/** As `loadRun`, whatever `state/` has seen; shows every event after it has been applied. */
export function replayLog(
  paths: RunPaths,
  visit?: (event: RunEvent, state: RunState) => void,
): { state: RunState; end: LogEnd } {
  let state: RunState | null = null;
  const end = scanLog(
    paths.eventsLog,
    (event) => {
      state = evolveChecked(state, event, paths.eventsLog);
      visit?.(event, state);
    },
    { runId: paths.runId },
  );
  if (state) return { state, end };
  return refuseEmptyLog(paths);
}

/**
 * `evolve` trusts its events. In a log whose chain is whole but whose events do not fit each other
 * (someone wrote it anew, or changed a line that nothing followed yet) it throws: for whoever replays a
 * log that is damage like any other.
 *
 * @throws Refusal `log-damaged`
 */
export function evolveChecked(state: RunState | null, event: RunEvent, file: string): RunState {
  try {
    return evolve(state, event);
  } catch (error) {
    throw damagedLog(
      file,
      event.seq,
      `(${event.event_type}) does not fit: ${(error as Error).message}`,
    );
  }
}
