/** Runs on disk that no engine has driven: their logs come from the planner alone. */
import type { RunEvent } from '../src/core/events/events.ts';
import type { RunPlan } from '../src/model/run.ts';
import { DirectoryRunStore } from '../src/store/directory/store.ts';
import { planWhole } from './planning.ts';

/** Writes a run in which every instance is done but those of the task `leave`. */
export function writeRun(programDir: string, plan: RunPlan, runId: string, leave?: string): void {
  const now = (): string => new Date().toISOString();
  const run = new DirectoryRunStore(programDir, { now, sync: false }).create(runId);
  const events: RunEvent[] = [];
  const state = planWhole(plan, runId, {
    slots: 2,
    visit: (more) => events.push(...more),
    ...(leave === undefined ? {} : { leave }),
  });
  run.begin(events, state);
}
