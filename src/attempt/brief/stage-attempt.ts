/**
 * Lays out what an attempt is given, before any process starts: the files it refers to under
 * `context/` and how to ask for help, an empty `scratch/`, and `prompt.md` last of all. Where nothing is staged and
 * nobody reads the prompt, there is no `context/`. Writes to the two
 * directories of the attempt only, and can be run again after a crash: it clears its own former output first.
 */
import path from 'node:path';
import { scopeName } from '../../model/program.ts';
import { parseReference, type Reference } from '../../model/references.ts';
import { writeFile } from '../../disk/disk.ts';
import { resolveInside } from '../../disk/inside.ts';
import { isDirectory, isFile } from '../../disk/stats-of.ts';
import { helpFile } from './help-commands.ts';
import { manifestOf } from './manifest.ts';
import { makeDirectories, showFile } from '../place/directories.ts';
import { continuePrompt, freshPrompt, type PromptMaterial, type PromptPart } from './prompt.ts';
import { requestingHelp } from './requesting-help.ts';
import { stageObligations, stageProgramFile } from './stage-program-file.ts';
import {
  gatheredAt,
  stageGathered,
  stageGatheredChanges,
  stageReference,
  type AskedReference,
} from './stage-references.ts';
import { stageSchema } from './stage-schema.ts';
import { StagedFiles } from './staged-files.ts';
import type { StageOutcome, StageRequest } from './stage-request.ts';
import { Unstageable } from './unstageable.ts';

/**
 * Stages one attempt. What cannot be staged is an outcome, not an error: the message names the
 * reference or file and what to do. Disk errors are thrown.
 */
export async function stageAttempt(request: StageRequest): Promise<StageOutcome> {
  const { attemptDir, controlDir } = request;
  makeDirectories(request);
  const staged = new StagedFiles(attemptDir);
  try {
    const parts = await stageParts(request, staged);
    await stageConsumed(request, staged, parts);
    const schema = await stageSchema(request, staged);
    const obligations = stageObligations(request, staged);
    const hasContext = staged.files.length > 0 || isForReader(request);
    if (hasContext) {
      staged.write('context/interrupt/requesting-help.md', requestingHelp(request), {
        source: 'requesting-help',
        kind: 'guidance',
      });
      writeFile(
        path.join(controlDir, 'manifest.json'),
        `${JSON.stringify(manifestOf(request, staged.files), null, 2)}\n`,
      );
      showFile(request, 'manifest.json');
    }
    const material: PromptMaterial = {
      parts,
      obligations,
      schema: schema.contract,
      leftBehind: leftBehind(request),
      helpFile: hasContext ? helpFile(request) : null,
    };
    const prompt = request.mode === 'fresh' ? freshPrompt : continuePrompt;
    writeFile(path.join(controlDir, 'prompt.md'), prompt(request, material));
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
      const known = parts.find((each) => each.kind !== 'text' && each.ref === part.ref);
      const asked = { ref: part.ref, reference, location };
      parts.push(known ?? (await referencePart(request, staged, asked)));
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

/** What is consumed of items lies there, whether the prompt refers to it or not: nobody could name each file. */
async function stageConsumed(
  request: StageRequest,
  staged: StagedFiles,
  parts: PromptPart[],
): Promise<void> {
  const { task, mode } = request;
  for (const [index, dependency] of task.depends_on.entries()) {
    const scope = scopeName(dependency);
    if (gatheredAt(request, scope) === null || mode !== 'fresh') continue;
    for (const file of dependency.consume.filter((each) => each !== 'result.json')) {
      const ref = `deps.${scope}.artifacts.${file}`;
      if (parts.some((part) => part.kind === 'items' && part.ref === ref)) continue;
      const reference = { kind: 'dep_artifact', scope, path: file } as const;
      const location = `tasks.${task.id}.depends_on[${index}]`;
      parts.push(await referencePart(request, staged, { ref, reference, location }));
    }
  }
}

async function referencePart(
  request: StageRequest,
  staged: StagedFiles,
  asked: AskedReference,
): Promise<PromptPart> {
  const { ref, reference } = asked;
  const isOfMany = reference.kind === 'dep_artifact' || reference.kind === 'dep_changes';
  const gathered = isOfMany ? gatheredAt(request, reference.scope) : null;
  if (isOfMany && gathered !== null) {
    const items =
      reference.kind === 'dep_changes'
        ? await stageGatheredChanges(staged, asked, reference, gathered)
        : await stageGathered(request, staged, asked, reference, gathered);
    return { kind: 'items', ref, items };
  }
  return { kind: 'reference', ref, file: await stageReference(request, staged, asked) };
}

/** Whether somebody reads the prompt: a shell line with nothing composed for it only runs. */
function isForReader({ task, attempt, backend }: StageRequest): boolean {
  return (
    backend.needsPrompt ||
    task.compose.length > 0 ||
    task.required_decisions.length > 0 ||
    attempt > 1
  );
}

function isRuntime(reference: Reference): boolean {
  return reference.kind === 'replies' || reference.kind === 'latest_reply';
}

function leftBehind(request: StageRequest): string[] {
  const previous = request.previousAttemptDir;
  if (previous === null || !isDirectory(previous)) return [];
  return request.task.publish.filter((file) => {
    const inside = resolveInside(previous, file);
    return inside.ok && isFile(inside.path);
  });
}
