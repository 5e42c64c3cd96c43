/** Looks at one instance and its attempts: prompt, staging, process, output, artifacts. Only reads. */
import { resolveAgent } from '../../agents/resolve-agent.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { AttemptRecord, FileRecord, Instance } from '../../model/run.ts';
import { taskOf, type RunState } from '../../core/state/run-state.ts';
import { readForeignJson } from '../../disk/foreign-json.ts';
import { placeInAttempt, runPaths } from '../../store/layout.ts';
import { shownFiles, type ShownFile } from '../../model/attempt.ts';
import { sizeOfOutput } from '../../agents/output/open-output.ts';
import { activityPage, type OutputChunk } from '../../agents/output/activities.ts';
import { textPage, textStart } from '../../agents/output/pages.ts';
import { remoteWhereabouts } from './whereabouts.ts';
import type { RemoteWhereabouts } from '../../model/whereabouts.ts';
import { filesBelow, findFile, renderOf, type FoundFile, type ServedFile } from './served-file.ts';

/** An attempt of a run that somebody has read. */
export interface AttemptAddress {
  programDir: string;
  state: RunState;
  /** Whole. */
  instanceId: string;
  attempt: number;
}

export interface AttemptDetails {
  attempt: number;
  record: AttemptRecord;
  running: boolean;
  prompt: { text: string; size: number; truncated: boolean } | null;
  runtime: JsonObject | null;
  /** Not there where it is of this machine. */
  where?: RemoteWhereabouts;
  staged: StagedEntry[];
  files: FoundFile[];
  files_omitted: number;
  stdout_size: number;
  stderr_size: number;
  /** Interrupts whose replies this attempt received. */
  replies: string[];
}

interface StagedEntry {
  path: string;
  source: string;
  kind: string;
  content_type: string;
  size: number;
  sha256: string;
}

const MAX_PROMPT_BYTES = 256 * 1024;
const MAX_RESULT_BYTES = 256 * 1024;
const MAX_FILES = 500;
/** An agent can write to these files. */
const LIMITS = { maxBytes: 4 << 20, maxDepth: 100 };

/** @throws Refusal `attempt-not-found`, exit status 4 */
export function inspectAttempt(address: AttemptAddress): AttemptDetails {
  const { state, instanceId, attempt } = address;
  const { record, directory, shown, isRunning } = find(address);
  const staged = stagedIn(shown('manifest.json'));
  const known = new Set(staged.map((file) => file.path));
  const where = remoteWhereabouts(record, shown('runtime.json'));
  const { files: all, omitted } = filesBelow(directory, MAX_FILES);
  return {
    attempt,
    record,
    running: isRunning,
    prompt: textStart(shown('prompt.md'), MAX_PROMPT_BYTES),
    runtime: objectIn(shown('runtime.json')),
    ...(where === null ? {} : { where }),
    staged,
    files: all.filter(
      (file) => !known.has(file.path) && !shownFiles.some((name) => name === file.path),
    ),
    files_omitted: omitted,
    stdout_size: sizeOfOutput(shown('events.jsonl')),
    stderr_size: sizeOfOutput(shown('stderr.log')),
    replies: [...state.interrupts.values()]
      .filter((each) => each.interrupt.instance_id === instanceId)
      .filter((each) => each.appliedInAttempt === attempt)
      .map(({ interrupt }) => interrupt.interrupt_id),
  };
}

export interface Place {
  before?: number | undefined;
  after?: number | undefined;
  bytes: number;
}

/** What the agent did. @throws Refusal `attempt-not-found` */
export function attemptActivities(
  address: AttemptAddress,
  place: Place,
): OutputChunk & { size: number } {
  const { shown, task, isRunning } = find(address);
  const { plan } = address.state;
  const { backend } = resolveAgent(plan.project, task?.agent ?? plan.project.default_agent);
  return activityPage(shown('events.jsonl'), backend, { ...place, ended: !isRunning });
}

/** What it printed. @throws Refusal `attempt-not-found` */
export function attemptText(
  address: AttemptAddress,
  stream: 'stdout' | 'stderr',
  place: Place,
): { text: string; from: number; to: number; size: number; binary: boolean } {
  const { shown, isRunning } = find(address);
  const name = stream === 'stdout' ? 'events.jsonl' : 'stderr.log';
  return textPage(shown(name), { ...place, ended: !isRunning });
}

/** A file that the attempt was given or left. @throws Refusal as `findFile` */
export function attemptFile(address: AttemptAddress, relative: string): ServedFile {
  const { directory, controlDir } = find(address);
  const shown = shownFiles.find((name) => placeInAttempt(name) === relative);
  if (shown === undefined) return findFile(directory, relative);
  try {
    return findFile(controlDir, shown);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return findFile(directory, relative);
  }
}

/** An artifact of an instance. @throws Refusal as `findFile` */
export function publishedFile(
  programDir: string,
  runId: string,
  instanceId: string,
  relative: string,
): ServedFile {
  return findFile(runPaths(programDir, runId).publishedDir(instanceId), relative);
}

/** The artifacts of an instance, with how they may be shown. */
export function publishedFiles(
  programDir: string,
  runId: string,
  instance: Pick<Instance, 'instance_id' | 'published'>,
): (FileRecord & Pick<FoundFile, 'content_type' | 'render'>)[] {
  return instance.published.map((record) => {
    let type = 'application/octet-stream';
    try {
      const root = runPaths(programDir, runId).publishedDir(instance.instance_id);
      type = findFile(root, record.relative_path).contentType;
    } catch (error) {
      // Listed all the same: the log says that it was published.
      if (!(error instanceof Refusal)) throw error;
    }
    return { ...record, content_type: type, render: renderOf(type) };
  });
}

/** `result.json` as it was accepted; null before, and where it is longer than 256 KiB. */
export function acceptedResult(programDir: string, state: RunState, instanceId: string): Json {
  if ((state.links.get(instanceId)?.resultSha256 ?? null) === null) return null;
  const file = runPaths(programDir, state.runId).resultFile(instanceId);
  const read = readForeignJson(file, { maxBytes: MAX_RESULT_BYTES, maxDepth: 100 });
  return read.ok ? read.value : null;
}

/** A part of a file that `findFile` found, as text. */
export function fileText(
  found: ServedFile,
  place: Place,
): { text: string; from: number; to: number; size: number; binary: boolean } {
  const fromStart = place.before === undefined && place.after === undefined;
  const where = fromStart ? { ...place, after: 0 } : place;
  const page = textPage(found.file, { ...where, ended: true });
  const isBinary = page.binary || found.render === 'none' || found.render === 'image';
  return isBinary ? { ...page, text: '', binary: true } : page;
}

interface FoundAttempt {
  record: AttemptRecord;
  directory: string;
  controlDir: string;
  shown(name: ShownFile): readonly string[];
  task: RunState['plan']['tasks'][string] | undefined;
  isRunning: boolean;
}

function find({ programDir, state, instanceId, attempt }: AttemptAddress): FoundAttempt {
  const instance = state.instances.get(instanceId);
  const record = instance?.attempts.find((each) => each.attempt === attempt);
  if (!instance || !record) {
    const begun = instance?.attempt ?? 0;
    throw new Refusal(
      'attempt-not-found',
      `instance ${instanceId} has no attempt ${attempt}: ${begun === 0 ? 'none has begun' : `the latest is ${begun}`}`,
      { exit: ExitStatus.notFound },
    );
  }
  const paths = runPaths(programDir, state.runId);
  return {
    record,
    directory: paths.attemptDir(instanceId, attempt),
    controlDir: paths.controlDir(instanceId, attempt),
    shown: (name) => paths.shownFile(instanceId, attempt, name),
    task: taskOf(state, instance),
    isRunning: instance.status === 'running' && instance.attempt === attempt,
  };
}

function stagedIn(manifestFile: readonly string[]): StagedEntry[] {
  const manifest = objectOrList(manifestFile);
  const list = isJsonObject(manifest) ? manifest['files'] : manifest;
  if (!Array.isArray(list)) return [];
  return list.slice(0, 2 * MAX_FILES).filter(isStaged);
}

function isStaged(value: unknown): value is StagedEntry & Json {
  if (!isJsonObject(value)) return false;
  const texts = ['path', 'source', 'kind', 'content_type', 'sha256'];
  return texts.every((key) => typeof value[key] === 'string') && typeof value['size'] === 'number';
}

function objectIn(file: readonly string[]): JsonObject | null {
  const value = objectOrList(file);
  return isJsonObject(value) ? value : null;
}

/** Of the first place that has any. */
function objectOrList(places: readonly string[]): Json {
  for (const file of places) {
    const read = readForeignJson(file, LIMITS);
    if (read.ok) return read.value;
  }
  return null;
}
