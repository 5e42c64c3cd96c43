/** What an agent left in its tree, as one commit on what it started from. The agent's own repository has no say in it. */
import path from 'node:path';
import { remove, temporaryName } from '../disk/disk.ts';
import { copyKeepingTime, kindAt } from '../disk/foreign-file.ts';
import { ownStatsOf } from '../disk/stats-of.ts';
import type { LeftOut } from '../model/trees.ts';
import { GitFailure, type Git, type GitOutcome, type GitPlace } from './git.ts';
import { renamedByCase } from './renamed-by-case.ts';
import { leftOut } from './repository.ts';
import { engineGit, type Tree } from './tree.ts';

export interface WorkOptions {
  start: string;
  maxFileBytes: number;
  /** Files that were copied into the tree; relative to its top. */
  copied: readonly string[];
}

export interface WrittenWork {
  ok: true;
  /** Of what git does not ignore. */
  tree: string;
  files: number;
  insertions: number;
  deletions: number;
  left_out: LeftOut[];
  /** Files that differ from the start. */
  changed: string[];
  /** Those of them that are not there any more. */
  removed: string[];
}

export type Work =
  | WrittenWork
  | {
      ok: false;
      message: string;
      /** Files that are larger than may be; not there where it is something else. */
      large?: string[];
    };

/** Writes all that git does not ignore as a tree; nothing of what the agent's git was told counts. */
export async function writeWork(git: Git, tree: Tree, options: WorkOptions): Promise<Work> {
  // A copy: a git of an engine that died may still hold the lock of the other, and it stays as the checkout left it.
  const indexFile = temporaryName(tree.indexFile);
  const own = { ...tree, indexFile };
  try {
    const copied = await copyKeepingTime(tree.indexFile, indexFile);
    if (!copied.ok) await git.text(['read-tree', options.start], engineGit(own));
    return await writeWith(git, own, options);
  } finally {
    remove(indexFile);
    remove(`${indexFile}.lock`);
  }
}

/** Up to so many are added by name: git then looks at these alone once more, and not at all files. */
const FEW_FILES = 100;

async function writeWith(git: Git, tree: Tree, options: WorkOptions): Promise<Work> {
  // What is there counts as it is spelt, also where the disk does not care.
  const onDisk = engineGit(tree);
  const place: GitPlace = { ...onDisk, ignoresCase: false };
  const { start } = options;
  const excluded = [...leftOut, ...options.copied.flatMap(globsOf)];
  const { changed, untracked } = await differing(git, place, excluded);
  const renamed = onDisk.ignoresCase
    ? renamedByCase(await git.fields(['ls-files', '-z'], place), untracked)
    : [];
  const nested = [...new Set(untracked.filter((name) => name.endsWith('/')))];
  const large = tooLarge(tree.directory, [...changed, ...untracked], options.maxFileBytes);
  if (large.length > 0) {
    const most = options.maxFileBytes / 1024 / 1024;
    const sizes = large.map(({ name, size }) => `${name} (${Math.ceil(size / 1024 / 1024)} MB)`);
    const message = `larger than max_file_mb (${most} MB): ${sizes.join(', ')}. Have git ignore what is no part of the work, remove it, or raise tree.max_file_mb`;
    return { ok: false, message, large: large.map(({ name }) => name) };
  }
  // By its name `add` would take what is below it now, and that is a repository.
  const gaveWay = changed.filter((name) => nested.some((inside) => inside.startsWith(`${name}/`)));
  const forgotten = [...gaveWay, ...renamed];
  const add = async (paths: readonly string[]): Promise<GitOutcome> => {
    if (forgotten.length > 0) {
      const forget = ['update-index', '-z', '--force-remove', '--stdin'];
      await git.text(forget, place, { input: forgotten.join('\0') });
    }
    const args = ['add', '-A', '--sparse', '--pathspec-from-file=-', '--pathspec-file-nul'];
    // Git would look into submodules, and run what their own configuration names.
    const config = ['diff.ignoreSubmodules=dirty'];
    const input = paths.join('\0');
    const added = paths.length === 0 ? null : await git.run(args, place, { input, config });
    return added === null || added.code === 0 ? git.run(['write-tree'], place) : added;
  };
  const apart = new Set([...nested, ...forgotten]);
  const few = [...changed, ...untracked].filter((name) => !apart.has(name));
  const everything = ['.', ...excluded, ...nested.map((name) => `:(exclude,literal)${name}`)];
  const isFew = few.length <= FEW_FILES;
  let written = await add(isFew ? few.map((name) => `:(literal)${name}`) : everything);
  // What somebody takes away meanwhile, or has put a link in the way of, cannot be added by its name.
  if (isFew && written.code !== 0) written = await add(everything);
  if (written.code !== 0 && /invalid object|unable to read/.test(written.stderr)) {
    // Somebody has removed objects that nothing named yet, since they were added.
    remove(tree.indexFile);
    await git.text(['read-tree', start], place);
    written = await add(everything);
  }
  if (written.code === null) throw new GitFailure(['add'], written);
  if (written.code !== 0) {
    return { ok: false, message: `git cannot take what is there: ${written.stderr.trim()}` };
  }
  const id = written.stdout.toString('utf8').trim();
  const difference = await differenceOf(git, tree, start, id);
  if (difference.submodules.length > 0) {
    const message = `the submodule ${difference.submodules.join(', ')} names another commit, which is in this tree alone and goes with it. Push it first, and set it in a run of its own`;
    return { ok: false, message };
  }
  return {
    ok: true,
    tree: id,
    files: difference.changed.length,
    insertions: difference.insertions,
    deletions: difference.deletions,
    left_out: nested.map((name) => ({
      path: name.replace(/\/$/, ''),
      reason: 'nested_repository',
    })),
    changed: difference.changed,
    removed: difference.removed,
  };
}

interface Difference {
  changed: string[];
  removed: string[];
  insertions: number;
  deletions: number;
  /** Submodules at another commit. */
  submodules: string[];
}

async function differenceOf(git: Git, tree: Tree, from: string, to: string): Promise<Difference> {
  const options = ['-r', '-z', '--raw', '--numstat', '--no-renames', '--no-ext-diff'];
  const args = ['diff-tree', ...options, '--no-textconv', from, to];
  const fields = await git.fields(args, engineGit(tree));
  const found: Difference = {
    changed: [],
    removed: [],
    insertions: 0,
    deletions: 0,
    submodules: [],
  };
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at] ?? '';
    if (field.startsWith(':')) {
      at += 1;
      const file = fields[at] ?? '';
      found.changed.push(file);
      if (field.endsWith(' D')) found.removed.push(file);
      if (/^:\d+ 160000 /.test(field)) found.submodules.push(file);
    } else {
      const [insertions, deletions] = field.split('\t');
      found.insertions += Number(insertions) || 0;
      found.deletions += Number(deletions) || 0;
    }
  }
  return found;
}

interface Differing {
  /** Files that the index has, and that are not what it has. */
  changed: string[];
  /** Others that git does not ignore; a repository of its own ends in `/`. */
  untracked: string[];
}

/** A mode, of a directory that is a repository of its own. */
const REPOSITORY = '160000';

/** In one process; what `status` says of the person's HEAD is passed over. */
async function differing(
  git: Git,
  place: GitPlace,
  excluded: readonly string[],
): Promise<Differing> {
  const options = ['--untracked-files=all', '--ignore-submodules=dirty', '--no-renames'];
  const status = ['status', '--porcelain=v2', '-z', ...options, '--', '.', ...excluded];
  const found: Differing = { changed: [], untracked: [] };
  for (const entry of await git.fields(status, place)) {
    // As git-status(1) has it: `1 XY sub mH mI mW hH hI path`, and of Y a dot where the file is as in the index.
    const [, kind, was, is, name] =
      /^(?:1 .(.) \S+ \S+ (\d+) (\d+) \S+ \S+|\?) (.*)$/s.exec(entry) ?? [];
    if (name === undefined) continue;
    if (kind === undefined) found.untracked.push(name);
    else if (kind !== '.') found.changed.push(name);
    // Of one without a commit that stands where a file was, it says only that the file is gone.
    const isNested =
      is === REPOSITORY ||
      (kind === 'D' && kindAt(path.join(place.cwd, name, '.git')) !== 'missing');
    if (isNested && was !== REPOSITORY) found.untracked.push(`${name}/`);
  }
  return found;
}

/** Files that are larger, with their sizes in bytes. */
function tooLarge(
  directory: string,
  names: readonly string[],
  maxBytes: number,
): { name: string; size: number }[] {
  return names.flatMap((name) => {
    const stats = ownStatsOf(path.join(directory, name));
    if (stats?.isFile() !== true || stats.size <= maxBytes) return [];
    return [{ name, size: stats.size }];
  });
}

/** As pathspecs to exclude: a path, and what is in it where it is a directory. */
export function globsOf(name: string): string[] {
  const glob = name.replace(/[\\*?[\]]/g, String.raw`\$&`);
  // With a wildcard in it: of a plain path that is ignored, `add` says so, and fails.
  const wild = glob.replace(/(\\?)([!-~])([^!-~]*)$/, String.raw`[\$2]$3`);
  return [`:(exclude,glob)${wild}`, `:(exclude,glob)${wild}/**`];
}
