/**
 * An instance's tree: an own repository that borrows the objects of the person's and shares nothing else. The engine
 * works on it from outside, by the person's repository and an index of its own: see docs/design/trees.md.
 */
import { existsSync, lstatSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, remove, writeFile } from '../disk/disk.ts';
import { copyKeepingTime } from '../disk/foreign-file.ts';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import type { Git, GitPlace } from './git.ts';

export interface Tree {
  /** The common git directory of the person's. */
  repository: string;
  /** Absolute. */
  directory: string;
  /** The engine's own index. */
  indexFile: string;
}

/** Where the engine's git works on a tree: what lies in the tree's own repository does not reach it. */
export function engineGit({ repository, directory, indexFile }: Tree): GitPlace {
  const ignoresCase = ignoresCaseAt(directory);
  return { cwd: directory, gitDir: repository, workTree: directory, indexFile, ignoresCase };
}

/**
 * Whether the disk of a tree ignores case: the person's repository may lie on another. A git that believes what is not
 * so loses a file that was renamed by case alone. Looked at by the names that we give (hexadecimal, of run and
 * instance), since nothing in the tree can be relied on.
 */
function ignoresCaseAt(directory: string): boolean {
  const [name, parent] = [path.basename(directory), path.dirname(directory)];
  const other = path.join(path.dirname(parent), `${path.basename(parent)}/${name}`.toUpperCase());
  return other !== directory && existsSync(other);
}

/** A merge that the tree is in the middle of. */
export interface MergeUnderWay {
  /** The commit that is merged into. */
  head: string;
  /** The others. */
  others: readonly string[];
  /** As `update-index --index-info` takes them: `mode oid stage\tpath`. */
  stages: readonly string[];
}

export interface NewTree {
  objectFormat: string;
  /** The person's own working tree, for what the agent's git must know of its settings. */
  worktree: string;
  start: string;
  merge: MergeUnderWay | null;
  /** What was in it when it was removed, where it comes back; null: it begins with its start. */
  left: string | null;
}

/** Makes the tree in an empty directory. @throws GitFailure, Refusal `git-failed` */
export async function makeTree(git: Git, tree: Tree, fresh: NewTree): Promise<void> {
  const { repository, directory, indexFile } = tree;
  const { start, merge, left } = fresh;
  const gitDir = path.join(directory, '.git');
  const own: GitPlace = { cwd: directory, gitDir };
  // As `git init` and `update-ref HEAD` would make it: two processes less for each tree.
  for (const name of ['objects/info', 'refs/heads']) makeDirectory(path.join(gitDir, name));
  const objects = path.join(repository, 'objects');
  writeFile(path.join(gitDir, 'objects', 'info', 'alternates'), `${objects}\n`);
  const config = path.join(gitDir, 'config');
  writeFile(config, await configOf(git, fresh, directory));
  if (isExecutable(config) && (await countsModes(git, fresh.worktree))) throw modeless(directory);
  writeFile(path.join(gitDir, 'HEAD'), `${merge?.head ?? start}\n`);
  for (const name of ['shallow', 'info/exclude', 'info/attributes']) {
    const from = path.join(repository, name);
    if (existsSync(from)) await copyAlike(from, path.join(gitDir, name));
  }
  await checkOut(git, tree, left ?? start);
  await copyAlike(indexFile, path.join(gitDir, 'index'));
  if (left !== null) await git.text(['read-tree', start], own);
  if (merge === null) return;
  await markUnmerged(git, own, merge);
  writeFile(path.join(gitDir, 'MERGE_HEAD'), merge.others.map((one) => `${one}\n`).join(''));
  writeFile(path.join(gitDir, 'MERGE_MSG'), 'Merge what other instances did\n');
}

/** @throws Refusal where it cannot be read: without it the agent's git would see other files than the person's */
async function copyAlike(from: string, to: string): Promise<void> {
  makeDirectory(path.dirname(to));
  const copied = await copyKeepingTime(from, to);
  if (copied.ok) return;
  throw new Refusal('git-failed', `${from} cannot be copied into a tree: ${copied.reason}`, {
    exit: ExitStatus.failed,
  });
}

/** Writes the files of a commit into the tree, and the index anew. */
async function checkOut(git: Git, tree: Tree, commit: string): Promise<void> {
  // Where a tree comes back at its place, a git that was killed may have left the lock.
  for (const file of [tree.indexFile, `${tree.indexFile}.lock`]) remove(file);
  await git.text(['read-tree', '-m', '-u', commit], engineGit(tree));
}

/** For the agent's own git: `status` names each conflict, `diff` shows both sides. */
async function markUnmerged(git: Git, own: GitPlace, { stages }: MergeUnderWay): Promise<void> {
  const paths = new Set(stages.map((line) => line.slice(line.indexOf('\t') + 1)));
  const nothing = '0'.repeat(/^\d+ (\w+)/.exec(stages[0] ?? '')?.[1]?.length ?? 40);
  const lines = [...[...paths].map((file) => `0 ${nothing}\t${file}`), ...stages];
  const input = lines.map((line) => `${line}\0`).join('');
  await git.text(['update-index', '-z', '--index-info'], own, { input });
}

/** What the agent's git must have to see the files as the person's does. */
const wanted =
  /^(?:core\.(?:autocrlf|eol|safecrlf|filemode|symlinks|precomposeunicode|longpaths|sparsecheckout\w*)|filter\..*|merge\..*\.driver|lfs\..*|user\.(?:name|email)|extensions\.partialclone|remote\..*\.(?:promisor|partialclonefilter))$/i;

/** Of the tree's own repository. */
async function configOf(
  git: Git,
  { objectFormat, worktree }: NewTree,
  directory: string,
): Promise<string> {
  const taken = await settingsOf(git, worktree);
  const isPartial = taken.some(([key]) => /^extensions\./i.test(key));
  const own: [string, string][] = [
    ['core.repositoryformatversion', isPartial || objectFormat !== 'sha1' ? '1' : '0'],
    ['core.filemode', 'true'],
    ['core.ignorecase', String(ignoresCaseAt(directory))],
    ['core.bare', 'false'],
    ['core.logallrefupdates', 'true'],
  ];
  if (objectFormat !== 'sha1') own.push(['extensions.objectformat', objectFormat]);
  return [...own, ...taken].map(([key, value]) => setting(key, value)).join('');
}

/** What nobody has made so: its disk keeps no modes, as FAT. */
function isExecutable(file: string): boolean {
  return (lstatSync(file).mode & 0o111) !== 0;
}

async function countsModes(git: Git, worktree: string): Promise<boolean> {
  const found = (await settingsOf(git, worktree)).findLast(([key]) =>
    /^core\.filemode$/i.test(key),
  );
  return !/^(?:false|no|off|0|)$/i.test(found?.[1] ?? 'true');
}

function modeless(directory: string): Refusal {
  const message = `The disk of ${directory} keeps no modes of files, and each file would count as changed. Set "dir" in the section [trees] of config.toml to a directory elsewhere.`;
  return new Refusal('trees-modeless', message, { exit: ExitStatus.failed });
}

type Settings = [key: string, value: string | null][];

/** By working tree. All trees that one engine makes have the same: it asks once. */
const known = new WeakMap<Git, Map<string, Promise<Settings>>>();

function settingsOf(git: Git, worktree: string): Promise<Settings> {
  const byWorktree = known.get(git) ?? new Map<string, Promise<Settings>>();
  known.set(git, byWorktree);
  const found = byWorktree.get(worktree) ?? readSettings(git, worktree);
  byWorktree.set(worktree, found);
  found.catch(() => byWorktree.delete(worktree));
  return found;
}

/** What of the person's own is `wanted` in a tree. */
async function readSettings(git: Git, worktree: string): Promise<Settings> {
  const entries = await git.fields(['config', '-z', '--list'], { cwd: worktree });
  const settings = entries.map((entry): [string, string | null] => {
    const end = entry.indexOf('\n');
    return end < 0 ? [entry, null] : [entry.slice(0, end), entry.slice(end + 1)];
  });
  const promisor = new Set(
    settings.flatMap(([key]) => /^remote\.(.*)\.promisor$/i.exec(key)?.[1] ?? []),
  );
  return settings.filter(
    ([key]) => wanted.test(key) || promisor.has(/^remote\.(.*)\.url$/i.exec(key)?.[1] ?? ''),
  );
}

/** As git-config(1) has it; the name of a section may hold anything. */
function setting(key: string, value: string | null): string {
  const [first, last] = [key.indexOf('.'), key.lastIndexOf('.')];
  const section = key.slice(0, first);
  const sub = first === last ? '' : ` "${escaped(key.slice(first + 1, last))}"`;
  const name = key.slice(last + 1);
  const shown = value === null ? name : `${name} = "${escaped(value).replaceAll('\n', '\\n')}"`;
  return `[${section}${sub}]\n\t${shown}\n`;
}

function escaped(text: string): string {
  return text.replace(/["\\]/g, String.raw`\$&`);
}
