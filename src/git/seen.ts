/**
 * A working tree as it stands, recorded as a git tree in a store of our own: not a byte of the person's repository
 * changes. The store borrows the repository's objects, begins with a copy of its index (so that only what is uncommitted
 * need be read), and applies no filters: these are programs, and may write where they like.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { makeDirectory, remove, renameFile, temporaryName, writeFile } from '../disk/disk.ts';
import { copyKeepingTime } from '../disk/foreign-file.ts';
import { readText } from '../disk/read-text.ts';
import { sha256 } from '../disk/sha256.ts';
import { ownStatsOf } from '../disk/stats-of.ts';
import { nearestMoment } from '../model/moment.ts';
import { GitFailure, type Git, type GitPlace } from './git.ts';
import { leftOut } from './repository.ts';

/** A working tree of the person's. */
export interface SeenPlace {
  /** Absolute: its top. */
  worktree: string;
  /** From the top to the directory that was asked about, ending in `/`; empty for the top itself. */
  prefix: string;
  /** Absolute: of this working tree, and what it shares with others. */
  gitDir: string;
  commonDir: string;
  objectFormat: string;
}

/** The working tree that holds a directory; null: it is in none that git can tell us of. */
export async function seePlaceOf(git: Git, directory: string): Promise<SeenPlace | null> {
  const place: GitPlace = { cwd: directory };
  const asked = async (...options: string[]): Promise<string | null> => {
    const { code, stdout } = await git.run(['rev-parse', ...options], place);
    return code === 0 ? stdout.toString('utf8').replace(/\n$/, '') : null;
  };
  // One by one: a path may hold newlines.
  const worktree = await asked('--path-format=absolute', '--show-toplevel');
  if (worktree === null || worktree === '') return null;
  const prefix = await asked('--show-prefix');
  const gitDir = await asked('--path-format=absolute', '--git-dir');
  const commonDir = await asked('--path-format=absolute', '--git-common-dir');
  const objectFormat = await asked('--show-object-format');
  if (prefix === null || gitDir === null || commonDir === null || objectFormat === null)
    return null;
  if (commonDir.includes('\n')) return null;
  return { worktree, prefix, gitDir, commonDir, objectFormat };
}

/** Where what was seen of a working tree is kept. `root`: for all of them. */
export function storeOf(root: string, worktree: string): GitPlace & { gitDir: string } {
  const gitDir = path.join(root, `${sha256(worktree).slice(0, 16)}.seen`);
  return { cwd: root, gitDir };
}

/** Records all that git does not ignore; files that are larger by size and time alone. @throws GitFailure */
export async function seeTree(
  git: Git,
  root: string,
  seen: SeenPlace,
  { maxFileBytes }: { maxFileBytes: number },
): Promise<string> {
  const { gitDir } = storeOf(root, seen.worktree);
  makeDirectory(root);
  if (!existsSync(path.join(gitDir, 'info', 'attributes'))) await makeStore(git, gitDir, seen);
  const kept = path.join(gitDir, 'index');
  // A copy, put back whole: others may look at the same time, or die meanwhile.
  const indexFile = temporaryName(kept);
  try {
    await takeIndex([kept, path.join(seen.gitDir, 'index')], indexFile);
    const tree = await writeSeen(git, { gitDir, indexFile }, seen, maxFileBytes).catch(
      async (error: unknown) => {
        if (!(error instanceof GitFailure) || error.outcome.code === null) throw error;
        // An index of theirs that ours cannot begin with: all is read.
        remove(indexFile);
        return writeSeen(git, { gitDir, indexFile }, seen, maxFileBytes);
      },
    );
    renameFile(indexFile, kept);
    return tree;
  } finally {
    remove(indexFile);
    remove(`${indexFile}.lock`);
  }
}

async function makeStore(git: Git, gitDir: string, seen: SeenPlace): Promise<void> {
  const init = ['init', '-q', '--bare', '--template=', `--object-format=${seen.objectFormat}`];
  await git.text([...init, gitDir], { cwd: path.dirname(gitDir) });
  makeDirectory(path.join(gitDir, 'objects', 'info'));
  const objects = path.join(seen.commonDir, 'objects');
  makeDirectory(ownObjects(gitDir));
  const alternates = `${objects}\n${ownObjects(gitDir)}\n`;
  writeFile(path.join(gitDir, 'objects', 'info', 'alternates'), alternates);
  makeDirectory(path.join(gitDir, 'info'));
  writeFile(path.join(gitDir, 'info', 'attributes'), '* -filter -working-tree-encoding\n');
}

/**
 * Where objects are written: without the repository's in sight, or git would give those that are there already a new
 * time.
 */
function ownObjects(gitDir: string): string {
  return path.join(gitDir, 'own');
}

/** The first that is a file; with none of them, all is read. */
async function takeIndex(places: readonly string[], indexFile: string): Promise<void> {
  for (const from of places) {
    if ((await copyKeepingTime(from, indexFile)).ok) return;
  }
}

async function writeSeen(
  git: Git,
  { gitDir, indexFile }: { gitDir: string; indexFile: string },
  seen: SeenPlace,
  maxFileBytes: number,
): Promise<string> {
  const { worktree, commonDir } = seen;
  const place: GitPlace = { cwd: worktree, gitDir, workTree: worktree, indexFile };
  const env = { GIT_OBJECT_DIRECTORY: ownObjects(gitDir) };
  const exclude = readText(path.join(commonDir, 'info', 'exclude'));
  writeFile(path.join(gitDir, 'info', 'exclude'), exclude.ok ? exclude.text : '');
  const config = [...(await ignoresOf(git, worktree)), 'diff.ignoreSubmodules=dirty'];
  const listing = ['ls-files', '-o', '-m', '-z', '--exclude-standard', '--', '.', ...leftOut];
  const listed = [...new Set(await git.fields(listing, place, { config, env }))];
  const nested = listed.filter((name) => name.endsWith('/'));
  const large = listed.flatMap((name) => largeFile(worktree, name, maxFileBytes));
  const apart = [...nested, ...large.map(({ name }) => name)];
  const paths = ['.', ...leftOut, ...apart.map((name) => `:(exclude,literal)${name}`)];
  const add = ['add', '-A', '--sparse', '--pathspec-from-file=-', '--pathspec-file-nul'];
  await git.text(add, place, { config, env, input: paths.join('\0') });
  const entries: string[] = [];
  for (const { name, size, modifiedMs } of large) {
    const says = `${size} bytes, modified ${new Date(modifiedMs).toISOString()}: too large to be kept\n`;
    const blob = await git.text(['hash-object', '-w', '--stdin'], place, { env, input: says });
    entries.push(`100644 ${blob}\t${name}\0`);
  }
  if (entries.length > 0) {
    await git.text(['update-index', '-z', '--index-info'], place, { env, input: entries.join('') });
  }
  return git.text(['write-tree', '--missing-ok'], place, { env });
}

/** What the person's own settings have git ignore. */
async function ignoresOf(git: Git, worktree: string): Promise<string[]> {
  const args = ['config', '--path', '--get', 'core.excludesFile'];
  const { code, stdout } = await git.run(args, { cwd: worktree });
  const file = stdout.toString('utf8').replace(/\n$/, '');
  return code === 0 && file !== '' ? [`core.excludesFile=${file}`] : [];
}

function largeFile(
  worktree: string,
  name: string,
  maxBytes: number,
): { name: string; size: number; modifiedMs: number }[] {
  const stats = ownStatsOf(path.join(worktree, name));
  if (stats?.isFile() !== true || stats.size <= maxBytes) return [];
  return [{ name, size: stats.size, modifiedMs: nearestMoment(stats.mtimeMs) }];
}
