/** Where the running attempt of an instance is, as its engine reports it beside the log. */
import { isJsonObject } from '../../model/json.ts';
import type { AttemptRecord, Instance } from '../../model/run.ts';
import type { RemoteWhereabouts } from '../../model/whereabouts.ts';
import { readForeignJson } from '../../disk/foreign-json.ts';
import type { RunPaths } from '../../store/layout.ts';

/** An agent may have written to it. */
const LIMITS = { maxBytes: 4 << 20, maxDepth: 100 };
const states = ['queued', 'unserved', 'running', 'unreachable', 'delivering'] as const;

/** null: nothing of it runs, it runs on this machine, or nothing is known. */
export function whereIs(paths: RunPaths, instance: Instance): RemoteWhereabouts | null {
  const record = instance.status === 'running' ? instance.attempts.at(-1) : undefined;
  if (record === undefined) return null;
  const files = paths.shownFile(instance.instance_id, record.attempt, 'runtime.json');
  return remoteWhereabouts(record, files);
}

/** `runtimeFiles`: where its runtime.json may lie; null: it is of this machine, or nothing is known. */
export function remoteWhereabouts(
  record: AttemptRecord,
  runtimeFiles: readonly string[],
): RemoteWhereabouts | null {
  if (record.finished_at === null) {
    for (const file of runtimeFiles) {
      const read = readForeignJson(file, LIMITS);
      const where = read.ok && isJsonObject(read.value) ? asRemote(read.value['where']) : null;
      if (where !== null) return where;
    }
  }
  if (record.placed === undefined) return null;
  return { kind: 'remote', ...record.placed, state: 'running', since: record.started_at };
}

function asRemote(value: unknown): RemoteWhereabouts | null {
  if (!isJsonObject(value)) return null;
  const { kind, queue, host, state: given, since } = value;
  const state = states.find((each) => each === given);
  const isWhole = kind === 'remote' && typeof queue === 'string' && typeof since === 'string';
  if (!isWhole || state === undefined) return null;
  return { kind, queue, host: typeof host === 'string' ? host : null, state, since };
}
