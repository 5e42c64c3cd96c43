/** Copies the files that a question points to into the assistant's attempt, as they are now. */
import path from 'node:path';
import { copyFile } from '../../../disk/copy-file.ts';
import { makeDirectory } from '../../../disk/disk.ts';
import { resolveInside } from '../../../disk/inside.ts';
import { readExcerpt, type Excerpt } from './excerpt.ts';

export type StagedArtifact =
  | {
      ok: true;
      /** Relative to the program, as the question names it. */
      source: string;
      /** Relative to the attempt directory. */
      staged: string;
      excerpt: Excerpt;
    }
  /** It cannot be shown; the question may be answerable all the same. */
  | { ok: false; source: string; reason: string };

export async function stageArtifacts(
  programDir: string,
  attemptDir: string,
  artifacts: readonly string[],
): Promise<StagedArtifact[]> {
  const staged: StagedArtifact[] = [];
  for (const [index, source] of artifacts.entries()) {
    staged.push(await stageOne(programDir, attemptDir, source, index + 1));
  }
  return staged;
}

async function stageOne(
  programDir: string,
  attemptDir: string,
  source: string,
  number: number,
): Promise<StagedArtifact> {
  const inside = resolveInside(programDir, source);
  if (!inside.ok) return { ok: false, source, reason: inside.reason };
  // Numbered: two artifacts may have one name.
  const staged = `context/artifacts/${number}/${path.basename(inside.path)}`;
  const target = path.join(attemptDir, staged);
  makeDirectory(path.dirname(target));
  try {
    await copyFile(inside.path, target);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return {
      ok: false,
      source,
      reason: code === 'ENOENT' ? 'it does not exist any more' : message,
    };
  }
  return { ok: true, source, staged, excerpt: await readExcerpt(target) };
}
