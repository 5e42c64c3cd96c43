/** From the attempt directory to `published/`: what a task promised to hand to its dependents. */
import { lstatSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ArtifactFacts } from '../../core/judge/finish.ts';
import { suggest } from '../../text/suggest.ts';
import type { FileRecord } from '../../model/run.ts';
import { copyFile } from '../../disk/copy-file.ts';
import { flushDirectory, makeDirectory, remove } from '../../disk/disk.ts';
import { resolveInside } from '../../disk/inside.ts';

export interface PublishRequest {
  attemptDir: string;
  /** The instance's `published/`; replaced as a whole. */
  publishedDir: string;
  /** `publish` of the task. */
  publish: readonly string[];
  /** Flush the copies to the device before returning. */
  durable?: boolean;
}

/**
 * Copies every file in `publish`, or none: each must be a regular file inside the attempt directory,
 * also after symbolic links. The message names each one that is not, and why.
 */
export async function publishArtifacts(request: PublishRequest): Promise<ArtifactFacts> {
  const { attemptDir, publishedDir } = request;
  const wanted = [...new Set(request.publish)];
  const found = wanted.map((relative) => ({ relative, ...locate(attemptDir, relative) }));
  const problems = found.flatMap((each) => (each.ok ? [] : [`${each.relative} ${each.reason}`]));
  if (problems.length > 0) {
    return {
      kind: 'missing',
      message: `publish: ${problems.join('; ')}. The worker must leave ${problems.length === 1 ? 'this file' : 'these files'} in its attempt directory ${attemptDir}`,
    };
  }
  remove(publishedDir);
  makeDirectory(publishedDir);
  const artifacts: FileRecord[] = [];
  const directories = new Set([publishedDir]);
  for (const each of found) {
    if (!each.ok) continue;
    const target = path.join(publishedDir, ...each.relative.split('/'));
    const directory = path.dirname(target);
    if (!directories.has(directory)) makeDirectory(directory);
    for (let dir = directory; dir.length > publishedDir.length; dir = path.dirname(dir)) {
      directories.add(dir);
    }
    const copied = await copyFile(each.path, target, { durable: request.durable ?? false });
    artifacts.push({ relative_path: each.relative, ...copied });
  }
  if (request.durable) for (const directory of directories) flushDirectory(directory);
  return { kind: 'published', artifacts };
}

type Located = { ok: true; path: string } | { ok: false; reason: string };

function locate(attemptDir: string, relative: string): Located {
  const inside = resolveInside(attemptDir, relative);
  if (!inside.ok) return { ok: false, reason: `cannot be taken: ${inside.reason}` };
  const stats = statSync(inside.path, { throwIfNoEntry: false });
  if (stats?.isFile()) return { ok: true, path: inside.path };
  if (stats === undefined) return { ok: false, reason: `is missing${near(attemptDir, relative)}` };
  return {
    ok: false,
    reason: stats.isDirectory() ? 'is a directory, not a file' : 'is not a regular file',
  };
}

/** A file of a similar name, left in the same directory. */
function near(attemptDir: string, relative: string): string {
  const directory = path.join(attemptDir, path.posix.dirname(relative));
  if (!lstatSync(directory, { throwIfNoEntry: false })?.isDirectory()) return '';
  const name = suggest(path.posix.basename(relative), readdirSync(directory));
  return name === null ? '' : ` (there is ${path.posix.join(path.posix.dirname(relative), name)})`;
}
