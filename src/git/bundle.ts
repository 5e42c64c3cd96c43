/**
 * Commits on their way to another repository, as files: a bundle holds what was put into it and nothing else
 * (gitformat-bundle(5)). Refs name what travels, on both sides.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, writeFile } from '../disk/disk.ts';
import { copyForeign } from '../disk/foreign-file.ts';
import { GitFailure, type Git, type GitOptions, type GitPlace } from './git.ts';
import { setRef } from './set-ref.ts';

export interface BundleContent {
  /** Names the commit that travels; it is set to that. */
  ref: string;
  commit: string;
  /** Commits whose objects the other side has. */
  without: readonly string[];
}

/** Writes a bundle. `repository`: its git directory. @throws GitFailure */
export async function writeBundle(
  git: Git,
  repository: string,
  { ref, commit, without }: BundleContent,
  file: string,
): Promise<void> {
  await setRef(git, repository, ref, commit);
  const not = without.map((one) => `^${one}`);
  await git.text(['bundle', 'create', '-q', file, ref, ...not], ofRepository(repository));
}

/** What is looked at in objects that others made (git-fsck(1)), down to whether all is there. */
const checked = ['fetch.fsckObjects=true', 'transfer.fsckObjects=true'];

/**
 * Takes a bundle in, and has `to` name its commit. `isChecked`: others made it.
 *
 * @throws GitFailure for what is no sound bundle, or has another commit
 */
export async function takeBundle(
  git: Git,
  repository: string,
  file: string,
  { ref, to, commit, isChecked }: { ref: string; to: string; commit: string; isChecked: boolean },
): Promise<void> {
  const place = ofRepository(repository);
  const options: GitOptions = { config: isChecked ? checked : [] };
  const quiet = ['--quiet', '--no-tags', '--no-write-fetch-head', '--no-recurse-submodules'];
  await git.text(['fetch', ...quiet, file, `+${ref}:${to}`], place, options);
  const found = await git.text(['rev-parse', '--verify', `${to}^{commit}`], place);
  if (found === commit) return;
  const stderr = `the bundle holds ${found}, and ${commit} was to come`;
  throw new GitFailure(['fetch'], { code: 0, stdout: Buffer.alloc(0), stderr });
}

/** A repository without a working tree. `borrows`: a git directory whose objects count as its own. */
export async function makeStore(
  git: Git,
  directory: string,
  { objectFormat, borrows }: { objectFormat: string; borrows: string | null },
): Promise<void> {
  makeDirectory(directory);
  const init = ['init', '--quiet', '--bare', '--template=', `--object-format=${objectFormat}`];
  await git.text([...init, directory], { cwd: directory });
  if (borrows === null) return;
  const info = path.join(directory, 'objects', 'info');
  makeDirectory(info);
  writeFile(path.join(info, 'alternates'), `${path.join(borrows, 'objects')}\n`);
  const shallow = path.join(borrows, 'shallow');
  if (existsSync(shallow)) await copyForeign(shallow, path.join(directory, 'shallow'));
}

/** Bytes of the largest file of `commit` that `from` does not have as it is; 0: there is none. */
export async function largestNewFile(
  git: Git,
  repository: string,
  from: string,
  commit: string,
): Promise<number> {
  const place = ofRepository(repository);
  const args = [
    'diff-tree',
    '-r',
    '-z',
    '--raw',
    '--no-renames',
    '--diff-filter=AMT',
    from,
    commit,
  ];
  const raw = await git.fields(args, place);
  const ids = raw.flatMap((field) => /^:\d+ (?!160000)\d+ \w+ (\w+)/.exec(field)?.[1] ?? []);
  if (ids.length === 0) return 0;
  const input = ids.map((id) => `${id}\n`).join('');
  const sizes = await git.text(['cat-file', '--batch-check=%(objectsize)'], place, { input });
  return sizes.split('\n').reduce((most, size) => Math.max(most, Number(size) || 0), 0);
}

function ofRepository(repository: string): GitPlace {
  return { cwd: repository, gitDir: repository };
}
