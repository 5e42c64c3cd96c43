/** Merges commits in memory: the first two, then each further one into what came of it. No working tree has a part in it. */
import path from 'node:path';
import { makeDirectory, remove, writeFile } from '../disk/disk.ts';
import type { MergeConflict } from '../model/trees.ts';
import { GitFailure, type Git, type GitPlace } from './git.ts';
import { makeCommit } from './make-commit.ts';
import { setRef } from './set-ref.ts';

/** A commit, and the ref that names it in conflict markers. */
export interface Side {
  commit: string;
  ref: string;
}

export interface FoldOptions {
  /** The common git directory. */
  repository: string;
  sides: readonly [Side, ...Side[]];
  /** Names what has been merged so far, and in the end the merge. */
  ref: string;
  message: string;
  /** As for `makeCommit`. */
  at: string;
  /** A directory of ours, made and removed. */
  scratch: string;
}

export interface Folded {
  /** One commit with all sides as its parents. */
  commit: string;
  conflicts: MergeConflict[];
  /** As `update-index --index-info` takes them. */
  stages: string[];
}

/** So that one merge gives one result, whatever a person has set. Labels and styles stand in the files. */
const mergePins = [
  'merge.conflictStyle=merge',
  'merge.renames=true',
  'diff.renames=true',
  'merge.directoryRenames=conflict',
  'merge.renameLimit=7000',
  'merge.renormalize=false',
];

/** Those of the commits that are not ancestors of others, in the order given. */
export async function independent(
  git: Git,
  repository: string,
  commits: readonly string[],
): Promise<string[]> {
  const distinct = [...new Set(commits)];
  if (distinct.length < 2) return distinct;
  const place = { cwd: repository, gitDir: repository };
  const text = await git.text(['merge-base', '--independent', ...distinct], place);
  const kept = new Set(text.split('\n'));
  return distinct.filter((commit) => kept.has(commit));
}

/** Merges; disagreement is an outcome. @throws GitFailure */
export async function fold(git: Git, options: FoldOptions): Promise<Folded> {
  const { repository, sides, ref, message, at, scratch } = options;
  const [first, ...others] = sides;
  const parents = sides.map(({ commit }) => commit);
  remove(scratch);
  makeDirectory(scratch);
  try {
    await layOutAttributes(git, repository, first.commit, scratch);
    const place: GitPlace = {
      cwd: scratch,
      gitDir: repository,
      workTree: scratch,
      // None: the person's would tell attributes that the scratch directory does not have.
      indexFile: path.join(scratch, '.no-index'),
    };
    let sofar: Side = first;
    let tree = '';
    const kinds = new Map<string, Set<string>>();
    const stages = new Map<string, string[]>();
    for (const side of others) {
      const merged = await mergeTwo(git, place, sofar.ref, side.ref);
      tree = merged.tree;
      for (const [file, lines] of merged.stages) stages.set(file, lines);
      for (const { kind, paths } of merged.conflicts) {
        for (const file of paths) kinds.set(file, (kinds.get(file) ?? new Set()).add(kind));
      }
      const both = { tree, parents: [sofar.commit, side.commit], message, at };
      sofar = { commit: await makeCommit(git, repository, both), ref };
      await setRef(git, repository, ref, sofar.commit);
    }
    const commit = await makeCommit(git, repository, { tree, parents, message, at });
    await setRef(git, repository, ref, commit);
    for (const file of stages.keys()) if (!kinds.has(file)) kinds.set(file, new Set(['contents']));
    const marked =
      kinds.size === 0 ? new Set<string>() : await markedFiles(git, place, commit, ref);
    const conflicts = [...kinds].map(([file, of]) => ({
      path: file,
      kinds: [...of].sort(),
      markers: marked.has(file),
    }));
    return { commit, conflicts, stages: [...stages.values()].flat() };
  } finally {
    remove(scratch);
  }
}

/**
 * Files of a commit or tree in which lines still mark what commits of this run disagree on. `ref`: any of the run; its
 * folder is what the labels begin with.
 */
export async function markedFiles(
  git: Git,
  place: GitPlace,
  treeish: string,
  ref: string,
): Promise<Set<string>> {
  const label = path.posix.dirname(ref).replaceAll('.', '[.]');
  const pattern = `^[<>|]+ ${label}/`;
  const args = ['grep', '-z', '-l', '-a', '--no-textconv', '-E', '-e', pattern, treeish];
  const outcome = await git.run(args, place);
  // 1: in no file.
  if (outcome.code !== 0 && outcome.code !== 1) throw new GitFailure(args, outcome);
  const found = outcome.stdout.toString('utf8').split('\0').filter(Boolean);
  return new Set(found.map((name) => name.slice(treeish.length + 1)));
}

interface MergedTwo {
  tree: string;
  /** Path → the lines of its stages. */
  stages: Map<string, string[]>;
  conflicts: { kind: string; paths: string[] }[];
}

async function mergeTwo(
  git: Git,
  place: GitPlace,
  ours: string,
  theirs: string,
): Promise<MergedTwo> {
  const args = ['merge-tree', '--write-tree', '-z', '--messages', ours, theirs];
  const outcome = await git.run(args, place, { config: mergePins });
  if (outcome.code !== 0 && outcome.code !== 1) throw new GitFailure(args, outcome);
  const fields = outcome.stdout.toString('utf8').split('\0');
  const merged: MergedTwo = { tree: fields[0] ?? '', stages: new Map(), conflicts: [] };
  if (outcome.code === 0) return merged;
  let at = 1;
  for (; (fields[at] ?? '') !== ''; at += 1) {
    const line = fields[at] ?? '';
    const file = line.slice(line.indexOf('\t') + 1);
    merged.stages.set(file, [...(merged.stages.get(file) ?? []), line]);
  }
  // Messages: how many paths, these, a type that is the same in all languages, and a text for people.
  for (at += 1; (fields[at] ?? '') !== '';) {
    const count = Number(fields[at]);
    const paths = fields.slice(at + 1, at + 1 + count);
    const kind = /^CONFLICT \((.*)\)$/.exec(fields[at + 1 + count] ?? '')?.[1];
    if (kind !== undefined) merged.conflicts.push({ kind, paths });
    at += count + 3;
  }
  return merged;
}

/** `merge-tree` takes attributes from the directory that it runs in, and from no commit. */
async function layOutAttributes(
  git: Git,
  repository: string,
  commit: string,
  directory: string,
): Promise<void> {
  const place = { cwd: repository, gitDir: repository };
  const entries = await git.fields(['ls-tree', '-r', '-z', '--full-tree', commit], place);
  for (const entry of entries) {
    const [, oid, file] = /^100\d+ blob (\w+)\t((?:.*\/)?\.gitattributes)$/s.exec(entry) ?? [];
    if (oid === undefined || file === undefined) continue;
    const target = path.join(directory, file);
    makeDirectory(path.dirname(target));
    const { stdout } = await git.run(['cat-file', 'blob', oid], place);
    writeFile(target, stdout);
  }
}
