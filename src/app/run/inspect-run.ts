/** Looks at runs; changes nothing. For the command line and the page alike. */
import { watch } from 'node:fs';
import path from 'node:path';
import type { RunEvent } from '../../core/events/events.ts';
import {
  explainInstance,
  explainUnfinished,
  type Explanation,
} from '../../core/explain/explain.ts';
import type { JsonObject } from '../../model/json.ts';
import type { RunState } from '../../core/state/run-state.ts';
import type { LogPosition } from '../../store/log/chain.ts';
import { LOG_START, scanLog } from '../../store/log/reader.ts';
import { resolveRunId, runPaths } from '../../store/layout.ts';
import { runDocument, type RunDocument } from '../../store/cache/documents.ts';
import { listRunSummaries, type ListedRun } from '../../store/run-list.ts';
import { currentHolder, type LockHolder } from '../../store/lock/run-lock.ts';
import { readRunFile } from '../../store/cache/run-file.ts';
import { evolveChecked, loadRun, refuseEmptyLog, refuseLostEvents } from '../../store/run-store.ts';
import { resolveInstanceId } from './resolve-instance.ts';

/** Newest first. */
export function listRuns(programDir: string): ListedRun[] {
  return listRunSummaries(programDir);
}

/** `run`: an id, a unique prefix, or `latest`. */
export function showRun(programDir: string, run: string): RunDocument {
  return runDocument(readRun(programDir, run).state);
}

export function readRun(programDir: string, run: string): { runId: string; state: RunState } {
  const runId = resolveRunId(programDir, run);
  return { runId, state: loadRun(runPaths(programDir, runId)) };
}

/** Who drives the run now, if anyone does. */
export function runHolder(programDir: string, runId: string): LockHolder | null {
  return currentHolder(runPaths(programDir, runId));
}

export interface RunExplanation {
  runId: string;
  state: RunState;
  holder: LockHolder | null;
  instances: Explanation[];
  decisions: Decision[];
}

/** What a controller chose, from the log. */
export interface Decision {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  control: JsonObject;
  /** Tasks that the choice activated. */
  chosen: string[];
  /** Tasks of routes that were not chosen. */
  not_chosen: string[];
  /** For `continue`: the scope that it opened, and the number of the iteration, from 1. */
  opened: { input_scope_id: string; iteration: number } | null;
}

/** Explains one instance, or all that are not done; with every decision of a controller so far. */
export function explainRun(programDir: string, run: string, instance?: string): RunExplanation {
  const runId = resolveRunId(programDir, run);
  const paths = runPaths(programDir, runId);
  const found = new Map<string, Decision>();
  const state = loadRun(paths, (event, now) => noteDecision(found, event, now));
  const decisions = [...found.values()];
  const holder = currentHolder(paths);
  const context = { programDir, driven: holder !== null };
  const instances =
    instance === undefined
      ? explainUnfinished(state, context)
      : [explainInstance(state, resolveInstanceId(state, instance), context)];
  return { runId, state, holder, instances, decisions };
}

function noteDecision(decisions: Map<string, Decision>, event: RunEvent, state: RunState): void {
  const id = event.instance_id;
  if (id === null) return;
  if (event.event_type === 'control_emitted') {
    const instance = state.instances.get(id);
    decisions.set(id, {
      instance_id: id,
      task_id: instance?.task_id ?? '',
      input_scope_id: instance?.input_scope_id ?? '',
      control: event.payload.control,
      chosen: [],
      not_chosen: [],
      opened: null,
    });
    return;
  }
  const decision = decisions.get(id);
  if (!decision) return;
  switch (event.event_type) {
    case 'route_selected':
    case 'loop_stopped':
      decision.chosen.push(...event.payload.targets);
      return;
    case 'route_unselected':
      decision.not_chosen.push(...event.payload.targets);
      return;
    case 'loop_continued': {
      const { input_scope_id, iteration, targets } = event.payload;
      decision.chosen.push(...targets);
      decision.opened = { input_scope_id, iteration };
      return;
    }
    default:
      return;
  }
}

const POLL_MS = 250;

/**
 * Every event of a run, from the first, and each further one as it comes, until `signal` aborts or
 * `onEvent` returns false. `onEvent` gets the state after the event, and whether the event was already
 * there when following began.
 */
export async function followRun(
  programDir: string,
  runId: string,
  onEvent: (event: RunEvent, state: RunState, isPast: boolean) => boolean | void,
  options: { signal?: AbortSignal; onCaughtUp?: (state: RunState) => boolean | void } = {},
): Promise<void> {
  const paths = runPaths(programDir, runId);
  const { eventsLog } = paths;
  const seen = readRunFile(paths);
  let state: RunState | null = null;
  let position: LogPosition = LOG_START;
  let isPast = true;
  let goOn = true;
  const read = (): void => {
    const end = scanLog(
      eventsLog,
      (event) => {
        state = evolveChecked(state, event, eventsLog);
        if (goOn && onEvent(event, state, isPast) === false) goOn = false;
      },
      { after: position },
    );
    position = end;
  };
  read();
  if (state === null) refuseEmptyLog(paths);
  refuseLostEvents(paths, seen, state);
  isPast = false;
  if (state && options.onCaughtUp?.(state) === false) return;
  const { signal } = options;
  while (goOn && signal?.aborted !== true) {
    await changed(eventsLog, signal);
    read();
    if (state && options.onCaughtUp?.(state) === false) return;
  }
}

/** Resolves when the file may have changed: told by the system, or after a while. */
function changed(file: string, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const finish = (): void => {
      watcher?.close();
      clearTimeout(timer);
      signal?.removeEventListener('abort', finish);
      resolve();
    };
    let watcher: ReturnType<typeof watch> | null = null;
    const timer = setTimeout(finish, POLL_MS);
    signal?.addEventListener('abort', finish);
    try {
      watcher = watch(path.dirname(file), (_event, name) => {
        if (name === path.basename(file)) finish();
      });
      watcher.on('error', finish);
    } catch {
      // Polling will do.
    }
  });
}
