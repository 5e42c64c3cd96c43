/** What came of the tasks that a run was started for. Only reads. */
import type { Json } from '../../model/json.ts';
import type { FileRecord, Instance } from '../../model/run.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { acceptedResult, fileText, publishedFile } from './inspect-attempt.ts';
import { rootsOf } from './run-document.ts';
import { runPaths } from '../../store/layout.ts';
import { Refusal } from '../../model/refusal.ts';

export interface Outcome {
  instance: Instance;
  title: string;
  /** Reads what its agent said at last: few of many are shown. */
  said(): FinalWords;
  /** `result.json` as it was accepted; null: none. */
  result: Json;
  published: readonly FileRecord[];
  /** Where the published files lie, absolute. */
  directory: string;
}

export interface FinalWords {
  /**
   * The beginning of `final.md`, where that was published; null: there is none, it is no text, or it is what a controller
   * says to the engine.
   */
  message: string | null;
  /** Whether there is more of it. */
  isCut: boolean;
}

/** More of a message than anybody reads at the end of a run. */
const MESSAGE_BYTES = 16 * 1024;
const MESSAGE = 'final.md';

/** The latest instance of each task: of those that the run was started for, in the order of the roots; and of others. */
export function latestInstances(state: RunState): { wanted: Instance[]; others: Instance[] } {
  const latest = new Map<string, Instance>();
  for (const instance of state.instances.values()) latest.set(instance.task_id, instance);
  const roots = rootsOf(state);
  const wanted = roots.flatMap((root) => latest.get(root) ?? []);
  for (const root of roots) latest.delete(root);
  return { wanted, others: [...latest.values()] };
}

/** Of each task that the run was started for and that is done, the latest instance. */
export function outcomesOf(programDir: string, state: RunState): Outcome[] {
  const { wanted } = latestInstances(state);
  return wanted
    .filter(({ status }) => status === 'done')
    .map((instance) => ({
      instance,
      title: state.plan.tasks[instance.task_id]?.title ?? instance.task_id,
      said: () =>
        state.plan.tasks[instance.task_id]?.kind === 'controller'
          ? noMessage
          : messageOf(programDir, state.runId, instance),
      result: acceptedResult(programDir, state, instance.instance_id),
      published: instance.published,
      directory: runPaths(programDir, state.runId).publishedDir(instance.instance_id),
    }));
}

const noMessage = { message: null, isCut: false };

function messageOf(
  programDir: string,
  runId: string,
  { instance_id: id, published }: Instance,
): FinalWords {
  if (!published.some(({ relative_path: name }) => name === MESSAGE)) {
    return noMessage;
  }
  try {
    const page = fileText(publishedFile(programDir, runId, id, MESSAGE), { bytes: MESSAGE_BYTES });
    return { message: page.binary ? null : page.text, isCut: page.to < page.size };
  } catch (error) {
    // The log says that it was published; that it is gone since, `run verify` tells.
    if (!(error instanceof Refusal)) throw error;
    return noMessage;
  }
}
