/** Runs on disk that no engine has driven: their logs come from the planner alone. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { RunEvent } from '../src/core/events/events.ts';
import type { RunPlan } from '../src/model/run.ts';
import { EventLog } from '../src/store/log/writer.ts';
import { runPaths } from '../src/store/layout.ts';
import { createRunDirectory } from '../src/store/run-store.ts';
import { StateCache } from '../src/store/cache/state-cache.ts';
import { planWhole } from './planning.ts';

/** Writes a run in which every instance is done but those of the task `leave`. */
export function writeRun(programDir: string, plan: RunPlan, runId: string, leave?: string): void {
  const paths = runPaths(programDir, runId);
  mkdirSync(path.join(programDir, '.runs'), { recursive: true });
  createRunDirectory(paths);
  const events: RunEvent[] = [];
  const state = planWhole(plan, runId, {
    slots: 2,
    visit: (more) => events.push(...more),
    ...(leave === undefined ? {} : { leave }),
  });
  EventLog.create(paths.eventsLog, events, { sync: false }).close();
  const cache = StateCache.create(paths);
  for (const event of events) cache.note(event);
  cache.flush(state);
}
