/**
 * Copies the files that a question points to into the assistant's attempt, as they are now; but what an instance
 * handed out only as it was then.
 */
import path from 'node:path';
import { copyFile } from '../../../disk/copy-file.ts';
import { makeDirectory, remove } from '../../../disk/disk.ts';
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

/** What was recorded of a file, absolute, that an instance handed out; null where nothing was. */
export type Recorded = (file: string) => { instanceId: string; sha256: string } | null;

export async function stageArtifacts(
  programDir: string,
  attemptDir: string,
  artifacts: readonly string[],
  recorded: Recorded,
): Promise<StagedArtifact[]> {
  const staged: StagedArtifact[] = [];
  for (const [index, source] of artifacts.entries()) {
    staged.push(await stageOne(programDir, attemptDir, source, index + 1, recorded));
  }
  return staged;
}

async function stageOne(
  programDir: string,
  attemptDir: string,
  source: string,
  number: number,
  recorded: Recorded,
): Promise<StagedArtifact> {
  const inside = resolveInside(programDir, source);
  if (!inside.ok) return { ok: false, source, reason: inside.reason };
  // Numbered: two artifacts may have one name.
  const staged = `context/artifacts/${number}/${path.basename(inside.path)}`;
  const target = path.join(attemptDir, staged);
  makeDirectory(path.dirname(target));
  const record = recorded(path.resolve(programDir, source)) ?? recorded(inside.path);
  try {
    const copied = await copyFile(inside.path, target);
    if (record !== null && copied.sha256 !== record.sha256) {
      remove(target);
      const reason = `it was changed since instance ${record.instanceId} left it`;
      return { ok: false, source, reason };
    }
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
