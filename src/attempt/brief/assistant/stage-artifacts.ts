/**
 * Copies the files that a question points to into the assistant's attempt, as they are now; but what an instance
 * handed out only as it was then.
 */
import path from 'node:path';
import { makeDirectory, remove } from '../../../disk/disk.ts';
import { copyForeign } from '../../../disk/foreign-file.ts';
import { resolveInside } from '../../../disk/inside.ts';
import { MAX_EXCERPTED_BYTES, readExcerpt, type Excerpt } from './excerpt.ts';

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
  let left = MAX_EXCERPTED_BYTES;
  for (const [index, source] of artifacts.entries()) {
    const where = { programDir, attemptDir, number: index + 1, maxBytes: left };
    const one = await stageOne(source, where, recorded);
    if (one.ok) left -= one.excerpt.size;
    staged.push(one);
  }
  return staged;
}

async function stageOne(
  source: string,
  where: { programDir: string; attemptDir: string; number: number; maxBytes: number },
  recorded: Recorded,
): Promise<StagedArtifact> {
  const { programDir, attemptDir, number, maxBytes } = where;
  const inside = resolveInside(programDir, source);
  if (!inside.ok) return { ok: false, source, reason: inside.reason };
  // Numbered: two artifacts may have one name.
  const staged = `context/artifacts/${number}/${path.basename(inside.path)}`;
  const target = path.join(attemptDir, staged);
  makeDirectory(path.dirname(target));
  const record = recorded(path.resolve(programDir, source)) ?? recorded(inside.path);
  const no = (reason: string): StagedArtifact => {
    remove(target);
    return { ok: false, source, reason };
  };
  const copied = await copyForeign(inside.path, target, { below: programDir, maxBytes });
  if (!copied.ok) {
    return no(copied.code === 'missing' ? 'it does not exist any more' : copied.reason);
  }
  if (record !== null && copied.sha256 !== record.sha256) {
    return no(`it was changed since instance ${record.instanceId} left it`);
  }
  const excerpt = await readExcerpt(target);
  return 'ok' in excerpt ? no(excerpt.reason) : { ok: true, source, staged, excerpt };
}
