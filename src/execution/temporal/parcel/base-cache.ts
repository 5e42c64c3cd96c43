/**
 * What a worker keeps of repositories for all attempts to come: each base that an attempt has come with, and its history, as a
 * repository of which those of attempts borrow. What nobody has used for long goes.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import {
  makeDirectory,
  remove,
  removeTree,
  renameFile,
  temporaryName,
  writeFile,
} from '../../../disk/disk.ts';
import { readForeignText } from '../../../disk/foreign-file.ts';
import { namesIn } from '../../../disk/names-in.ts';
import { sha256 } from '../../../disk/sha256.ts';
import { statsOf } from '../../../disk/stats-of.ts';
import { makeStore, takeBundle } from '../../../git/bundle.ts';
import type { Git } from '../../../git/git.ts';
import type { Blob, GivenTree, TreeInfo } from './manifest.ts';
import { wayRefs } from './tree-out.ts';

/** Puts a blob of what was given into a file of ours, which has its hash. */
export type FetchBlob = (blob: Blob, file: string) => Promise<void>;

/** Where a worker's git keeps what an attempt needs. */
export function storeAt(place: string): string {
  return path.join(place, 'repository');
}

/** A repository with a base and its history; made once, and whole. The same base of another run is not asked for again. */
export async function cachedBase(
  git: Git,
  { base, objectFormat, info }: GivenTree,
  cacheDir: string,
  fetch: FetchBlob,
): Promise<string> {
  // By what is in it: the bundle also names the run that made it.
  const known = sha256(JSON.stringify([objectFormat, base.commit, info]));
  const cached = path.join(cacheDir, `${known}.git`);
  if (existsSync(cached)) {
    markUsed(cached);
    return cached;
  }
  makeDirectory(cacheDir);
  const making = temporaryName(cached);
  const file = `${making}.bundle`;
  try {
    await fetch(base, file);
    await makeStore(git, making, { objectFormat, borrows: null });
    writeInfo(making, info);
    markUsed(making);
    const { commit, ref } = base;
    await takeBundle(git, making, file, { ref, to: wayRefs.base, commit, isChecked: false });
    try {
      renameFile(making, cached);
    } catch (error) {
      // Another attempt of this worker was first.
      if (!existsSync(cached)) throw error;
    }
    return cached;
  } finally {
    for (const each of [making, file]) remove(each);
  }
}

/** Its time says when it was used last. */
function markUsed(base: string): void {
  writeFile(path.join(base, USED), '');
}

const USED = 'codex-orch-used';

/**
 * Removes what nobody has used since `before` (ms since the epoch), and none of `places`, those of all attempts of this worker,
 * borrows of.
 */
export async function forgetBases(
  cacheDir: string,
  places: readonly string[],
  before: number,
): Promise<void> {
  const borrowed = new Set(places.map(baseOf));
  for (const name of namesIn(cacheDir)) {
    const base = path.join(cacheDir, name);
    const used = statsOf(path.join(base, USED)) ?? statsOf(base);
    if (borrowed.has(name) || used === null || used.mtimeMs >= before) continue;
    // Half of it is never found in its place.
    const going = temporaryName(base);
    renameFile(base, going);
    await removeTree(going);
  }
}

/** The name of the base that an attempt borrows of; null: of none. */
function baseOf(place: string): string | null {
  const alternates = path.join(storeAt(place), 'objects', 'info', 'alternates');
  const read = readForeignText(alternates, { maxBytes: 64 * 1024 });
  return read.ok ? path.basename(path.dirname(read.text.trim())) : null;
}

/** What a repository says of its files beside its commits. */
export function writeInfo(repository: string, info: TreeInfo): void {
  for (const [name, text] of Object.entries(info)) {
    const file = path.join(repository, name);
    makeDirectory(path.dirname(file));
    writeFile(file, text);
  }
}
