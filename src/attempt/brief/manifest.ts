/**
 * `context/manifest.json`: the files that an attempt was given. `entries` says it in the words of the Python
 * tool, for what the task's `compose` asks for.
 */
import path from 'node:path';
import { scopeName } from '../../model/program.ts';
import { parseReference } from '../../model/references.ts';
import { isTextFile } from './content-type.ts';
import type { StagedFile, StageRequest } from './stage-request.ts';

interface Manifest {
  attempt: number;
  files: readonly StagedFile[];
  entries: ManifestEntry[];
}

interface ManifestEntry {
  source_kind: string;
  /** The reference, or the path of the program file. */
  source_reference: string;
  /** Absolute; for what was made of a value, the staged file itself. */
  source_path: string;
  /** Absolute. */
  staged_path: string;
  staged_relative_path: string;
  byte_size: number;
  sha256: string;
  content_kind: 'text' | 'binary';
  /** Of a text: larger than 16 KiB. The staged file is whole. */
  truncated: boolean;
  updated_at: string | null;
}

const mayBeBinary = new Set(['compose_dep_artifact_ref', 'compose_dep_changes_ref']);
const INLINE_BYTES = 16 * 1024;

export function manifestOf(request: StageRequest, files: readonly StagedFile[]): Manifest {
  const entries = files.flatMap((file) => entryOf(request, file) ?? []);
  return { attempt: request.attempt, files, entries };
}

function entryOf(request: StageRequest, file: StagedFile): ManifestEntry | null {
  const staged = path.join(request.attemptDir, file.path);
  const origin = originOf(request, file, staged);
  if (origin === null) return null;
  const isText = !mayBeBinary.has(origin.kind) || isTextFile(staged);
  return {
    source_kind: origin.kind,
    source_reference: file.source,
    source_path: origin.path,
    staged_path: staged,
    staged_relative_path: file.path,
    byte_size: file.size,
    sha256: file.sha256,
    content_kind: isText ? 'text' : 'binary',
    truncated: isText && file.size > INLINE_BYTES,
    updated_at: request.instance.attempts.at(-1)?.started_at ?? null,
  };
}

/** Null for what no part of the prompt names. */
function originOf(
  { run, task, upstream, gathered }: StageRequest,
  { kind, source }: StagedFile,
  staged: string,
): { kind: string; path: string } | null {
  if (kind === 'program_file') {
    return { kind: 'compose_program_file', path: path.join(run.frozenProgramDir, source) };
  }
  const parsed =
    kind === 'reference' ? parseReference(source, task.depends_on.map(scopeName)) : null;
  if (!parsed?.ok) return null;
  const { reference } = parsed;
  switch (reference.kind) {
    case 'input':
      return { kind: 'compose_input_ref', path: staged };
    case 'replies':
    case 'latest_reply':
      return { kind: 'compose_runtime_ref', path: staged };
    case 'dep_result': {
      // Made of the results of many.
      if (Object.hasOwn(gathered, reference.scope)) {
        return { kind: 'compose_dep_result_ref', path: staged };
      }
      const name = `${upstream[reference.scope]?.instanceId}.json`;
      const results = path.join(run.runDir, 'state', 'results', name);
      return { kind: 'compose_dep_result_ref', path: results };
    }
    case 'dep_changes':
      return { kind: 'compose_dep_changes_ref', path: staged };
    case 'dep_artifact': {
      if (Object.hasOwn(gathered, reference.scope)) {
        return { kind: 'compose_dep_artifact_ref', path: staged };
      }
      const { publishedDir = '' } = upstream[reference.scope] ?? {};
      return { kind: 'compose_dep_artifact_ref', path: path.join(publishedDir, reference.path) };
    }
  }
}
