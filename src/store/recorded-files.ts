/** What the log recorded of a file that an instance handed out: so that nobody is given another. */
import path from 'node:path';
import type { RunState } from '../core/state/run-state.ts';
import { jsonFile } from '../disk/disk.ts';
import { realPathOf } from '../disk/real-path.ts';
import { sha256 } from '../disk/sha256.ts';
import { viewRun } from './directory/view.ts';
import type { RunPaths } from './layout.ts';

export interface RecordedFile {
  instanceId: string;
  /** Lower-case hex. */
  sha256: string;
}

/**
 * null for a file of which the log has no hash. `file`: absolute, as it is named or where it really lies.
 * A published file, the result of a done instance under `state/`, and where its attempt left it.
 *
 * @throws Refusal as `RunStore.view`
 */
export function recordedFile(paths: RunPaths, state: RunState, file: string): RecordedFile | null {
  for (const root of [paths.root, realPathOf(paths.root)]) {
    const parts = path.relative(root, file).split(path.sep);
    const found = publishedFile(state, parts) ?? resultFile(paths, parts);
    if (found !== null) return found;
  }
  return null;
}

/** `instances/<id>/published/…` */
function publishedFile(state: RunState, parts: readonly string[]): RecordedFile | null {
  const [instances, instanceId = '', published, ...rest] = parts;
  if (instances !== 'instances' || published !== 'published') return null;
  const name = rest.join('/');
  const files = state.instances.get(instanceId)?.published ?? [];
  const record = files.find(({ relative_path: each }) => each === name);
  return record ? { instanceId, sha256: record.sha256 } : null;
}

/** `state/results/<id>.json`, `instances/<id>/attempts/<n>/result.json` */
function resultFile(paths: RunPaths, parts: readonly string[]): RecordedFile | null {
  const file = path.join(paths.root, ...parts);
  const instanceId = parts[0] === 'state' ? path.basename(file, '.json') : (parts[1] ?? '');
  const isCopy = file === paths.resultFile(instanceId);
  if (!isCopy && path.basename(file) !== 'result.json') return null;
  const result = viewRun(paths).result(instanceId);
  if (result === null) return null;
  if (isCopy) return { instanceId, sha256: sha256(jsonFile(result.value)) };
  const left = path.join(paths.attemptDir(instanceId, result.attempt), 'result.json');
  return file === left ? { instanceId, sha256: result.sha256 } : null;
}
