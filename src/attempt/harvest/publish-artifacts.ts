/** From the attempt directory to `published/`: what a task promised to hand to its dependents. */
import path from 'node:path';
import type { ArtifactFacts } from '../../core/judge/finish.ts';
import { suggest } from '../../text/suggest.ts';
import type { FileRecord } from '../../model/run.ts';
import { flushDirectory, makeDirectory, remove } from '../../disk/disk.ts';
import { copyForeign, kindAt, withForeign } from '../../disk/foreign-file.ts';
import { namedInside, outside } from '../../disk/inside.ts';
import { someNamesIn } from '../../disk/names-in.ts';
import { realPathOf } from '../../disk/real-path.ts';

/** So many names are compared with one that is missing. */
const MOST_NAMES = 1000;

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
 * Copies every file in `publish`, or none: each must be a regular file inside the attempt directory, and no link
 * may lead to it. The message names each one that is not, and why.
 */
export async function publishArtifacts(request: PublishRequest): Promise<ArtifactFacts> {
  const { attemptDir, publishedDir } = request;
  const wanted = [...new Set(request.publish)];
  const missing = wanted.flatMap((relative) => {
    const problem = problemOf(attemptDir, relative);
    return problem === null ? [] : [`${relative} ${problem}`];
  });
  if (missing.length > 0) return notPublished(attemptDir, missing);
  remove(publishedDir);
  makeDirectory(publishedDir);
  const artifacts: FileRecord[] = [];
  const directories = new Set([publishedDir]);
  for (const relative of wanted) {
    const target = path.join(publishedDir, ...relative.split('/'));
    const directory = path.dirname(target);
    if (!directories.has(directory)) makeDirectory(directory);
    for (let dir = directory; dir.length > publishedDir.length; dir = path.dirname(dir)) {
      directories.add(dir);
    }
    const copied = await copyForeign(path.join(attemptDir, relative), target, {
      below: path.dirname(attemptDir),
      durable: request.durable ?? false,
    });
    if (!copied.ok) {
      // It was another file a moment ago.
      remove(publishedDir);
      return notPublished(attemptDir, [`${relative} cannot be taken: ${copied.reason}`]);
    }
    const { size, sha256 } = copied;
    artifacts.push({ relative_path: relative, size, sha256 });
  }
  if (request.durable) for (const directory of directories) flushDirectory(directory);
  return { kind: 'published', artifacts };
}

function notPublished(attemptDir: string, problems: readonly string[]): ArtifactFacts {
  const these = problems.length === 1 ? 'this file' : 'these files';
  return {
    kind: 'missing',
    message: `publish: ${problems.join('; ')}. The worker must leave ${these} in its attempt directory ${attemptDir}`,
  };
}

/** Why a file cannot be published; null where it can. The attempt directory is the worker's, its parent ours. */
function problemOf(attemptDir: string, relative: string): string | null {
  const named = namedInside(attemptDir, relative);
  if (!named.ok) return `cannot be taken: ${named.reason}`;
  const found = withForeign(named.path, { below: path.dirname(attemptDir) }, () => null);
  if (found === null) return null;
  switch (found.code) {
    case 'missing':
      return `is missing${near(attemptDir, relative)}`;
    case 'not_regular':
      return kindAt(named.path) === 'directory'
        ? 'is a directory, not a file'
        : 'is not a regular file';
    default:
      return `cannot be taken: ${outside(attemptDir, relative) ?? found.reason}`;
  }
}

/** A file of a similar name, left in the same directory. */
function near(attemptDir: string, relative: string): string {
  const directory = path.join(realPathOf(attemptDir), path.posix.dirname(relative));
  if (realPathOf(directory) !== directory) return '';
  const { names } = someNamesIn(directory, MOST_NAMES);
  const name = suggest(path.posix.basename(relative), names);
  return name === null ? '' : ` (there is ${path.posix.join(path.posix.dirname(relative), name)})`;
}
