/**
 * Lays out what an attempt is given, before any process starts: the files it refers to under
 * `context/`, how to ask for help, an empty `scratch/`, and `prompt.md` last of all. Writes to the
 * attempt directory only, and can be run again after a crash: it clears its own former output first.
 */
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Json, JsonObject } from '../../model/json.ts';
import { scopeName } from '../../model/program.ts';
import { parseReference } from '../../model/references.ts';
import type { Reference } from '../../model/references.ts';
import { Refusal } from '../../model/refusal.ts';
import type { InterruptRecord } from '../../model/run.ts';
import { makeDirectory, remove, writeFile } from '../../disk/disk.ts';
import { resolveInside, type Inside } from '../../disk/inside.ts';
import { bundleSchema } from '../../schema/bundle.ts';
import type { ResultSchema } from './execution-contract.ts';
import { continuePrompt, freshPrompt } from './prompt.ts';
import type { PromptMaterial, PromptPart } from './prompt.ts';
import { requestingHelp } from './requesting-help.ts';
import { safeName } from './safe-name.ts';
import { StagedFiles } from './staged-files.ts';
import type { StagedFile, StageOutcome, StageRequest } from './stage-request.ts';
import { isDirectory, isFile } from '../../disk/stats-of.ts';

const OBLIGATIONS = 'runtime_guidance/decision_obligations.md';
const MAX_PROMPT_FILE_BYTES = 16 * 1024 * 1024;

/** What cannot be staged; becomes the outcome. */
class Unstageable extends Error {
  readonly location: string;
  constructor(location: string, message: string) {
    super(message);
    this.location = location;
  }
}

/**
 * Stages one attempt. What cannot be staged is an outcome, not an error: the message names the
 * reference or file and what to do. Disk errors are thrown.
 */
export async function stageAttempt(request: StageRequest): Promise<StageOutcome> {
  const { attemptDir } = request;
  if (!makeDirectory(path.join(attemptDir, 'scratch'))) {
    for (const own of ['prompt.md', 'context']) remove(path.join(attemptDir, own));
  }
  const staged = new StagedFiles(attemptDir);
  try {
    const parts = await stageParts(request, staged);
    const schema = await stageSchema(request, staged);
    const material: PromptMaterial = {
      parts,
      obligations: stageObligations(request, staged),
      schema: schema.contract,
      leftBehind: leftBehind(request),
    };
    staged.write('context/interrupt/requesting-help.md', requestingHelp(request), {
      source: 'requesting-help',
      kind: 'guidance',
    });
    writeFile(
      path.join(attemptDir, 'context', 'manifest.json'),
      `${JSON.stringify({ attempt: request.attempt, files: staged.files }, null, 2)}\n`,
    );
    const prompt = request.mode === 'fresh' ? freshPrompt : continuePrompt;
    writeFile(path.join(attemptDir, 'prompt.md'), prompt(request, material));
    return { ok: true, outputSchemaFile: schema.outputSchemaFile, stagedFiles: staged.files };
  } catch (error) {
    if (!(error instanceof Unstageable)) throw error;
    return { ok: false, message: error.message, location: error.location };
  }
}

async function stageParts(request: StageRequest, staged: StagedFiles): Promise<PromptPart[]> {
  const { task } = request;
  const parts: PromptPart[] = [];
  for (const [index, part] of task.compose.entries()) {
    const location = `tasks.${task.id}.compose[${index}]`;
    if (part.kind === 'ref') {
      const scopes = task.depends_on.map(scopeName);
      const parsed = parseReference(part.ref, scopes);
      if (!parsed.ok) {
        throw new Unstageable(location, `${part.ref} is no reference of task ${task.id}.`);
      }
      const { reference } = parsed;
      if (request.mode === 'continue' && !isRuntime(reference)) continue;
      const file =
        staged.find(part.ref) ??
        (await stageReference(request, staged, { ref: part.ref, reference, location }));
      parts.push({ kind: 'reference', ref: part.ref, file });
    } else if (request.mode === 'fresh') {
      const text =
        part.kind === 'literal'
          ? part.text
          : stageProgramFile(request, staged, { file: part.path, location });
      parts.push({ kind: 'text', text });
    }
  }
  return parts;
}

function isRuntime(reference: Reference): boolean {
  return reference.kind === 'replies' || reference.kind === 'latest_reply';
}

interface AskedReference {
  ref: string;
  reference: Reference;
  location: string;
}

function stageReference(
  request: StageRequest,
  staged: StagedFiles,
  asked: AskedReference,
): StagedFile | Promise<StagedFile> {
  const { reference } = asked;
  const origin = { source: asked.ref, kind: 'reference' } as const;
  switch (reference.kind) {
    case 'input':
      return stageInput(request, staged, asked, reference.key);
    case 'dep_result':
      return stageResult(request, staged, asked, reference.scope);
    case 'dep_artifact':
      return stageArtifact(request, staged, asked, reference);
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
  key: string,
): StagedFile {
  const value = Object.hasOwn(request.values, key) ? request.values[key] : undefined;
  if (value === undefined) {
    throw new Unstageable(
      location,
      `${ref} cannot be staged: nobody gave the input ${JSON.stringify(key)}. Start a run with --input ${key}=…, give it a default in user_inputs of project.yaml, or let a loop set it in next_inputs.`,
    );
  }
  const name = `context/refs/inputs/${safeName(key)}`;
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
  scope: string,
): StagedFile {
  const upstream = upstreamOf(request, ref, location, scope);
  const result = upstream.result();
  if (result === null) {
    const { instanceId, taskId } = upstream;
    throw new Unstageable(
      location,
      `${ref} cannot be staged: instance ${instanceId} of task ${taskId} left no result.json. Have the task's prompt ask for one, or give the task a result_schema, then start a new run.`,
    );
  }
  return staged.writeJson(`context/refs/deps/${safeName(scope)}/result.json`, result.value, {
    source: ref,
    kind: 'reference',
  });
}

/** As it was when it was published: what became of it since is not what its task was done with. */
async function stageArtifact(
  request: StageRequest,
  staged: StagedFiles,
  { ref, location }: AskedReference,
  { scope, path: wanted }: Reference & { kind: 'dep_artifact' },
): Promise<StagedFile> {
  const upstream = upstreamOf(request, ref, location, scope);
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
  const inside = publishedInside(publishedDir, wanted);
  const copied = inside.ok
    ? await staged.copyRecorded(
        file,
        `context/refs/deps/${safeName(scope)}/artifacts/${wanted}`,
        { source: ref, kind: 'reference' },
        recorded,
      )
    : inside;
  if (copied.ok) return copied.file;
  const { programDir, runId } = request.run;
  throw cannot(
    `${file} was changed since instance ${instanceId} of task ${taskId} published it: ${copied.reason}. Put back what it published (its attempt may still have it: ${path.join(upstream.attemptDir, ...parts)}), then: codex-orch run retry-instance ${programDir} ${runId} ${request.instance.instance_id}`,
  );
}

/** As `resolveInside`, for a directory that anything may have been done to. */
function publishedInside(publishedDir: string, wanted: string): Inside {
  try {
    return resolveInside(publishedDir, wanted);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === 'ENOENT' || code === 'ENOTDIR';
    return { ok: false, reason: isMissing ? 'it is missing' : message };
  }
}

function upstreamOf(request: StageRequest, ref: string, location: string, scope: string) {
  const upstream = Object.hasOwn(request.upstream, scope) ? request.upstream[scope] : undefined;
  if (upstream !== undefined) return upstream;
  throw new Unstageable(location, `${ref} cannot be staged: no upstream instance is bound to it.`);
}

/** Copies a frozen program file into the attempt and returns its text. */
function stageProgramFile(
  request: StageRequest,
  staged: StagedFiles,
  { file, location }: { file: string; location: string },
): string {
  const refuse = (why: string): Unstageable =>
    new Unstageable(location, `${file} cannot be put into the prompt: ${why}`);
  const inside = resolveInside(request.run.frozenProgramDir, file);
  if (!inside.ok) throw refuse(`${inside.reason}.`);
  if (!isFile(inside.path)) {
    throw refuse(
      `the run has no frozen copy of it (${path.join(request.run.frozenProgramDir, file)}). Run "run verify" to see what else is missing, and start a new run.`,
    );
  }
  const { size } = statSync(inside.path);
  if (size > MAX_PROMPT_FILE_BYTES) {
    throw refuse(`it has ${size} bytes. Hand large material over as an input or artifact.`);
  }
  const bytes = readFileSync(inside.path);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw refuse('it is not UTF-8 text. Save it as UTF-8, and start a new run.');
  }
  if (staged.find(file) === undefined) {
    const place = `context/compose/program/${path.posix.normalize(file)}`;
    staged.write(place, bytes, { source: file, kind: 'program_file' });
  }
  return text;
}

function stageObligations(request: StageRequest, staged: StagedFiles): string | null {
  if (request.mode !== 'fresh' || request.task.required_decisions.length === 0) return null;
  if (!isFile(path.join(request.run.frozenProgramDir, OBLIGATIONS))) return null;
  const location = `tasks.${request.task.id}.required_decisions`;
  return stageProgramFile(request, staged, { file: OBLIGATIONS, location });
}

/**
 * The schema that the agent is held to. What agents accept is JSON without references to other files:
 * where the author's file is anything else, a self-contained JSON copy goes into the attempt.
 */
async function stageSchema(
  request: StageRequest,
  staged: StagedFiles,
): Promise<{ contract: ResultSchema | null; outputSchemaFile: string | null }> {
  const schemaPath = request.task.result_schema;
  if (schemaPath === null) return { contract: null, outputSchemaFile: null };
  const { frozenProgramDir } = request.run;
  let file = path.join(frozenProgramDir, ...schemaPath.split('/'));
  try {
    const bundle = await bundleSchema(frozenProgramDir, schemaPath);
    if (!bundle.asIs) {
      const copy = staged.writeJson('context/output-schema.json', bundle.schema, {
        source: schemaPath,
        kind: 'output_schema',
      });
      file = path.join(request.attemptDir, copy.path);
    }
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const location = `tasks.${request.task.id}.result_schema`;
    throw new Unstageable(location, `The result_schema cannot be used: ${error.message}`);
  }
  const bindsFinalMessage = request.backend.takesOutputSchema;
  return {
    contract: { file, bindsFinalMessage },
    outputSchemaFile: bindsFinalMessage ? file : null,
  };
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
  return { interrupt, reply } as unknown as JsonObject;
}

function leftBehind(request: StageRequest): string[] {
  const previous = request.previousAttemptDir;
  if (previous === null || !isDirectory(previous)) return [];
  return request.task.publish.filter((file) => {
    const inside = resolveInside(previous, file);
    return inside.ok && isFile(inside.path);
  });
}
