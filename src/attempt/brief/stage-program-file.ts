/** Puts files of the frozen program into the attempt: prompt files, and what it says of decisions. */
import path from 'node:path';
import { readForeignText } from '../../disk/foreign-file.ts';
import { resolveInside } from '../../disk/inside.ts';
import { isFile } from '../../disk/stats-of.ts';
import type { StagedFiles } from './staged-files.ts';
import type { StageRequest } from './stage-request.ts';
import { Unstageable } from './unstageable.ts';

const OBLIGATIONS = 'runtime_guidance/decision_obligations.md';
const MAX_PROMPT_FILE_BYTES = 16 * 1024 * 1024;

/** Copies a frozen program file into the attempt and returns its text. */
export function stageProgramFile(
  request: StageRequest,
  staged: StagedFiles,
  { file, location }: { file: string; location: string },
): string {
  const refuse = (why: string): Unstageable =>
    new Unstageable(location, `${file} cannot be put into the prompt: ${why}`);
  const inside = resolveInside(request.run.frozenProgramDir, file);
  if (!inside.ok) throw refuse(`${inside.reason}.`);
  const read = readForeignText(inside.path, {
    maxBytes: MAX_PROMPT_FILE_BYTES,
    below: request.run.frozenProgramDir,
  });
  if (!read.ok) {
    switch (read.code) {
      case 'missing':
      case 'not_regular':
        throw refuse(
          `the run has no frozen copy of it (${path.join(request.run.frozenProgramDir, file)}). Run "run verify" to see what else is missing, and start a new run.`,
        );
      case 'not_utf8':
        throw refuse('it is not UTF-8 text. Save it as UTF-8, and start a new run.');
      case 'too_large':
        throw refuse(`${read.reason}. Hand large material over as an input or artifact.`);
      default:
        throw refuse(`${read.reason}.`);
    }
  }
  const text = read.text.replace(/^\uFEFF/, '');
  if (staged.find(file) === undefined) {
    const place = `context/compose/program/${path.posix.normalize(file)}`;
    staged.write(place, read.bytes, { source: file, kind: 'program_file' });
  }
  return text;
}

export function stageObligations(request: StageRequest, staged: StagedFiles): string | null {
  if (request.mode !== 'fresh' || request.task.required_decisions.length === 0) return null;
  if (!isFile(path.join(request.run.frozenProgramDir, OBLIGATIONS))) return null;
  const location = `tasks.${request.task.id}.required_decisions`;
  return stageProgramFile(request, staged, { file: OBLIGATIONS, location });
}
