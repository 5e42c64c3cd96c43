/** Puts what a reference stands for into the attempt: an input, a dependency's result or file, replies. */
import path from 'node:path';
import type { Json, JsonObject } from '../../model/json.ts';
import type { Reference } from '../../model/references.ts';
import type { InterruptRecord } from '../../model/run.ts';
import { inputAt, valueAt, type ValueAt } from '../../text/value-at.ts';
import { safeName } from './safe-name.ts';
import type { StagedFiles } from './staged-files.ts';
import { itemDirectory } from './item-directory.ts';
import type { GatheredOutput, StagedFile, StageRequest, UpstreamOutput } from './stage-request.ts';
import { Unstageable } from './unstageable.ts';

export interface AskedReference {
  ref: string;
  reference: Reference;
  location: string;
}

export function stageReference(
  request: StageRequest,
  staged: StagedFiles,
  asked: AskedReference,
): StagedFile | Promise<StagedFile> {
  const { reference } = asked;
  const origin = { source: asked.ref, kind: 'reference' } as const;
  switch (reference.kind) {
    case 'input':
      return stageInput(request, staged, asked, reference.name);
    case 'dep_result':
      return stageResult(request, staged, asked, reference);
    case 'dep_artifact':
      return stageArtifact(request, staged, asked, reference);
    case 'dep_changes':
      return stageChanges(request, staged, asked, reference);
    case 'replies': {
      const all = repliesOf(request.interrupts).map(asJson);
      return staged.writeJson('context/refs/runtime/replies.json', all, origin);
    }
    case 'latest_reply': {
      const latest = latestReply(request.interrupts);
      const content = latest === null ? null : asJson(latest);
      return staged.writeJson('context/refs/runtime/latest_reply.json', content, origin);
    }
  }
}

function stageInput(
  request: StageRequest,
  staged: StagedFiles,
  { ref, location }: AskedReference,
  words: string,
): StagedFile {
  const { values } = request;
  const named = inputAt(words, (key) => Object.hasOwn(values, key));
  if (named === null) {
    throw new Unstageable(
      location,
      `${ref} cannot be staged: nobody gave the input ${JSON.stringify(words)}. Start a run with --input ${words}=…, give it a default in user_inputs of project.yaml, or let a loop set it in next_inputs.`,
    );
  }
  const { key, path: inside } = named;
  const found = valueAt(values[key] ?? null, inside, `the input "${key}"`);
  if (!found.ok) throw leadsNowhere(ref, location, found);
  const { value } = found;
  const name = beside(`context/refs/inputs/${safeName(key)}`, inside);
  const origin = { source: ref, kind: 'reference' } as const;
  return typeof value === 'string'
    ? staged.write(`${name}.txt`, value, origin)
    : staged.writeJson(`${name}.json`, value, origin);
}

/** From the log: what lies under `state/` is a copy, which anything may have changed. */
function stageResult(
  request: StageRequest,
  staged: StagedFiles,
  { ref, location }: AskedReference,
  { scope, path: inside }: Reference & { kind: 'dep_result' },
): StagedFile {
  const name = beside(`context/refs/deps/${safeName(scope)}/result`, inside);
  const origin = { source: ref, kind: 'reference' } as const;
  const gathered = gatheredAt(request, scope);
  if (gathered !== null) {
    const found = valueAt(gathered.list(), inside, `what the items of ${gathered.taskId} left`);
    if (!found.ok) throw leadsNowhere(ref, location, found);
    return staged.writeJson(`${name}.json`, found.value, origin);
  }
  const upstream = upstreamOf(request, ref, location, scope);
  const result = upstream.result();
  if (result === null) {
    const { instanceId, taskId } = upstream;
    throw new Unstageable(
      location,
      `${ref} cannot be staged: instance ${instanceId} of task ${taskId} left no result.json. Have the task's prompt ask for one, or give the task a result_schema, then start a new run.`,
    );
  }
  const { instanceId, taskId } = upstream;
  const whole = `the result of instance ${instanceId} of task ${taskId}`;
  const found = valueAt(result.value, inside, whole);
  if (!found.ok) throw leadsNowhere(ref, location, found);
  return staged.writeJson(`${name}.json`, found.value, origin);
}

/** Where a part of a value is staged: beside its whole, named by the path that leads to it. */
function beside(whole: string, inside: readonly string[]): string {
  return inside.length === 0 ? whole : `${whole}/${safeName(inside.join('.'))}`;
}

function leadsNowhere(
  ref: string,
  location: string,
  { reason, hint }: ValueAt & { ok: false },
): Unstageable {
  const meant = hint === null ? '' : ` ${hint}`;
  return new Unstageable(location, `${ref} cannot be staged: ${reason}.${meant}`);
}

/** As it was when it was published: what became of it since is not what its task was done with. */
async function stageArtifact(
  request: StageRequest,
  staged: StagedFiles,
  { ref, location }: AskedReference,
  { scope, path: wanted }: Reference & { kind: 'dep_artifact' },
): Promise<StagedFile> {
  const upstream = upstreamOf(request, ref, location, scope);
  const place = `context/refs/deps/${safeName(scope)}/artifacts/${wanted}`;
  return stagePublished(request, staged, { ref, location, wanted, upstream, place });
}

/** A file of each item that is done, in the directory of its key. */
export async function stageGathered(
  request: StageRequest,
  staged: StagedFiles,
  { ref, location }: Pick<AskedReference, 'ref' | 'location'>,
  { scope, path: wanted }: Reference & { kind: 'dep_artifact' },
  { done }: GatheredOutput,
): Promise<StagedItems> {
  const directory = `context/refs/deps/${safeName(scope)}/artifacts`;
  for (const { key, output: upstream } of done) {
    const place = `${directory}/${itemDirectory(key)}/${wanted}`;
    await stagePublished(request, staged, { ref, location, wanted, upstream, place });
  }
  return { directory, path: wanted, count: done.length };
}

/** What each item that is done has changed, in the directory of its key. */
export async function stageGatheredChanges(
  staged: StagedFiles,
  { ref }: Pick<AskedReference, 'ref'>,
  { scope }: Reference & { kind: 'dep_changes' },
  { done }: GatheredOutput,
): Promise<StagedItems> {
  const directory = `context/refs/deps/${safeName(scope)}/changes`;
  for (const { key, output } of done) {
    const name = `${directory}/${itemDirectory(key)}/${CHANGES_FILE}`;
    staged.write(name, await output.changes(), { source: ref, kind: 'reference' });
  }
  return { directory, path: CHANGES_FILE, count: done.length };
}

/** Where the files of items were staged: `<directory>/<key>/<path>`. */
export interface StagedItems {
  /** As `StagedFile.path`. */
  directory: string;
  path: string;
  count: number;
}

/** What a scope name stands for where its dependency gathers; null where it does not. */
export function gatheredAt({ gathered }: StageRequest, scope: string): GatheredOutput | null {
  return Object.hasOwn(gathered, scope) ? (gathered[scope] ?? null) : null;
}

interface Published {
  ref: string;
  location: string;
  /** As its task published it. */
  wanted: string;
  upstream: UpstreamOutput;
  /** As `StagedFile.path`. */
  place: string;
}

async function stagePublished(
  request: StageRequest,
  staged: StagedFiles,
  { ref, location, wanted, upstream, place }: Published,
): Promise<StagedFile> {
  const { publishedDir, instanceId, taskId } = upstream;
  const cannot = (why: string): Unstageable =>
    new Unstageable(location, `${ref} cannot be staged: ${why}`);
  const recorded = upstream.published.find(({ relative_path: each }) => each === wanted);
  if (recorded === undefined) {
    throw cannot(
      `${wanted} is not among what instance ${instanceId} published. Task ${taskId} must list ${wanted} in publish, and instance ${instanceId} must have left it.`,
    );
  }
  const parts = wanted.split('/');
  const file = path.join(publishedDir, ...parts);
  const copied = await staged.copyRecorded(
    file,
    place,
    { source: ref, kind: 'reference' },
    recorded,
    path.dirname(publishedDir),
  );
  if (copied.ok) return copied.file;
  const { programDir, runId } = request.run;
  throw cannot(
    `${file} was changed since instance ${instanceId} of task ${taskId} published it: ${copied.reason}. Put back what it published (its attempt may still have it: ${path.join(upstream.attemptDir, ...parts)}), then: codex-orch run retry-instance ${programDir} ${runId} ${request.instance.instance_id}`,
  );
}

const CHANGES_FILE = 'changes.diff';

/** Of an instance that committed nothing, an empty one. */
async function stageChanges(
  request: StageRequest,
  staged: StagedFiles,
  { ref, location }: AskedReference,
  { scope }: Reference & { kind: 'dep_changes' },
): Promise<StagedFile> {
  const upstream = upstreamOf(request, ref, location, scope);
  const name = `context/refs/deps/${safeName(scope)}/${CHANGES_FILE}`;
  return staged.write(name, await upstream.changes(), { source: ref, kind: 'reference' });
}

function upstreamOf(request: StageRequest, ref: string, location: string, scope: string) {
  const upstream = Object.hasOwn(request.upstream, scope) ? request.upstream[scope] : undefined;
  if (upstream !== undefined) return upstream;
  throw new Unstageable(location, `${ref} cannot be staged: no upstream instance is bound to it.`);
}

function repliesOf(records: readonly InterruptRecord[]): InterruptRecord[] {
  return records.filter((record) => record.reply !== null);
}

/** The reply given last; of several at the same moment, the one to the later question. */
function latestReply(records: readonly InterruptRecord[]): InterruptRecord | null {
  return repliesOf(records).reduce<InterruptRecord | null>(
    (latest, record) =>
      latest === null || (record.reply?.created_at ?? '') >= (latest.reply?.created_at ?? '')
        ? record
        : latest,
    null,
  );
}

function asJson({ interrupt, reply }: InterruptRecord): Json {
  const { run_id, instance_id, task_id } = interrupt;
  return { run_id, instance_id, task_id, interrupt, reply } as unknown as JsonObject;
}
