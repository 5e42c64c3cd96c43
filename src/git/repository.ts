/** What a directory of the person's is to git, and whether a run can start from it. Changes nothing there. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { ForeignTrouble } from '../disk/foreign-file.ts';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import type { Git, GitPlace } from './git.ts';

export interface Repository {
  /** Absolute: where objects, refs and configuration are, for all of its working trees. */
  commonDir: string;
  /** Absolute: of this working tree; `commonDir` for the main one. */
  gitDir: string;
  /** Absolute: the top of the working tree. */
  topLevel: string;
  /** From `topLevel` to the directory that was asked about, ending in `/`; empty for the top itself. */
  prefix: string;
  objectFormat: string;
}

/** What stands uncommitted in a person's tree. */
export interface Dirt {
  /** Paths as `git status` names them, without what is ours. */
  paths: string[];
  /** Submodules whose own files are changed: what is in them cannot be taken. */
  submodules: string[];
  unmerged: string[];
}

/** The oldest git that has all of what is used here: `merge-tree --write-tree` came with it. */
const OLDEST_GIT = [2, 38] as const;

/** What is ours is left out of every status and commit. Globs: a literal path that is ignored makes `add` fail. */
export const leftOut = ['**/.runs/**', '**/.codex-orch/**'].map((glob) => `:(exclude,glob)${glob}`);

/** As `git version` says it, such as `2.39.5`. @throws Refusal where there is none, or one that is too old */
export async function gitVersion(git: Git, cwd: string): Promise<string> {
  const { code, stdout, stderr } = await git.run(['version'], { cwd }, { timeoutMs: 10_000 });
  if (code !== 0) {
    throw new Refusal('git-missing', `git cannot be run: ${stderr.trim()}`, {
      hint: 'Install git, or name it in CODEX_ORCH_GIT_BIN.',
    });
  }
  const found = stdout
    .toString('utf8')
    .trim()
    .replace(/^git version /, '');
  const version = /^(\d{1,9})\.(\d{1,9})/.exec(found);
  const [major, minor] = [Number(version?.[1]), Number(version?.[2])];
  const [oldestMajor, oldestMinor] = OLDEST_GIT;
  if (version && (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)))
    return found;
  const message = `git ${found} is too old: trees need ${OLDEST_GIT.join('.')}.`;
  throw new Refusal('git-too-old', message, {
    hint: 'Install a newer git, or name it in CODEX_ORCH_GIT_BIN.',
  });
}

/** The repository that holds `directory`. @throws Refusal that says what else it is, where it can be no workspace */
export async function repositoryAt(git: Git, directory: string): Promise<Repository> {
  const place: GitPlace = { cwd: directory };
  const asked = ['--is-inside-work-tree', '--is-bare-repository', '--show-object-format'];
  const facts = await git.run(['rev-parse', ...asked], place);
  if (facts.code !== 0) throw notARepository(directory, facts.stderr);
  const [isInside, isBare, objectFormat = ''] = facts.stdout.toString('utf8').split('\n');
  if (isBare === 'true' || isInside !== 'true') {
    const what = isBare === 'true' ? 'a bare repository' : 'a git directory, not a working tree';
    throw refused('repository-bare', `${directory} is ${what}: a tree needs one with files.`);
  }
  // One by one: a path may hold newlines.
  const pathOf = (option: string): Promise<string> =>
    git.text(['rev-parse', '--path-format=absolute', option], place);
  const superproject = await pathOf('--show-superproject-working-tree');
  if (superproject !== '') {
    const message = `${directory} is inside a submodule of ${superproject}.`;
    throw refused('repository-submodule', message, 'Work in a clone of its own.');
  }
  const commonDir = await pathOf('--git-common-dir');
  if (commonDir.includes('\n')) {
    const message = `The path of the repository ${JSON.stringify(commonDir)} holds a newline, with which no tree can borrow its objects.`;
    throw refused('repository-path', message);
  }
  return {
    commonDir,
    gitDir: await pathOf('--git-dir'),
    topLevel: await pathOf('--show-toplevel'),
    prefix: await git.text(['rev-parse', '--show-prefix'], place),
    objectFormat,
  };
}

/** The commit that its working tree has checked out. @throws Refusal where it cannot be where a run starts */
export async function headCommit(git: Git, repository: Repository): Promise<string> {
  const { topLevel } = repository;
  const head = await git.run(['rev-parse', '-q', '--verify', 'HEAD^{commit}'], { cwd: topLevel });
  if (head.code !== 0) {
    const message = `The repository ${topLevel} has no commit yet, and a run starts from one.`;
    throw refused('repository-without-commit', message, 'Make a first commit: git commit');
  }
  const busy = operationUnderWay(repository.gitDir);
  if (busy !== null) {
    const message = `A ${busy} is in progress in ${topLevel}.`;
    throw refused('repository-busy', message, `Finish it, or: git ${busy} --abort`);
  }
  return head.stdout.toString('utf8').trim();
}

/** What git has begun in a working tree and not finished; null: nothing. `gitDir`: of that tree. */
export function operationUnderWay(gitDir: string): string | null {
  const marks = [
    ['MERGE_HEAD', 'merge'],
    ['rebase-merge', 'rebase'],
    ['rebase-apply', 'rebase'],
    ['CHERRY_PICK_HEAD', 'cherry-pick'],
    ['REVERT_HEAD', 'revert'],
  ] as const;
  const found = marks.find(([name]) => existsSync(path.join(gitDir, name)));
  return found?.[1] ?? null;
}

/** What is uncommitted in the person's tree. */
export async function dirtOf(git: Git, { topLevel }: Pick<Repository, 'topLevel'>): Promise<Dirt> {
  const options = ['--porcelain=v2', '-z', '--untracked-files=normal', '--ignore-submodules=none'];
  const status = ['status', ...options, '--', '.', ...leftOut];
  const entries = await git.fields(status, { cwd: topLevel });
  const dirt: Dirt = { paths: [], submodules: [], unmerged: [] };
  for (let at = 0; at < entries.length; at += 1) {
    const entry = entries[at] ?? '';
    const kind = entry.charAt(0);
    // Fields before the path, as git-status(1) lists them for each kind of line.
    const fields = { '?': 1, '1': 8, '2': 9, u: 10 }[kind];
    if (fields === undefined) continue;
    const parts = entry.split(' ');
    const name = parts.slice(fields).join(' ');
    const submodule = kind === '?' ? 'N...' : (parts[2] ?? 'N...');
    if (/^S.(?:M|.U)/.test(submodule)) dirt.submodules.push(name);
    else if (kind === 'u') dirt.unmerged.push(name);
    else dirt.paths.push(name);
    // A rename names in the next field what it was.
    if (kind === '2') at += 1;
  }
  return dirt;
}

/**
 * Filters and merge drivers of the person's that would be found in the tree that they work in: there they would run
 * what an agent wrote. As `filter.x.clean`.
 */
export async function relativeDrivers(
  git: Git,
  { topLevel }: Pick<Repository, 'topLevel'>,
): Promise<{ key: string; command: string }[]> {
  const wanted = String.raw`^(filter\..*\.(clean|smudge|process)|merge\..*\.driver)$`;
  const args = ['config', '-z', '--get-regexp', wanted];
  const { code, stdout } = await git.run(args, { cwd: topLevel });
  if (code !== 0) return [];
  return stdout
    .toString('utf8')
    .split('\0')
    .flatMap((entry) => {
      const end = entry.indexOf('\n');
      if (end < 0) return [];
      const [key, command] = [entry.slice(0, end), entry.slice(end + 1)];
      return isFoundInTree(command, topLevel) ? [{ key, command }] : [];
    });
}

function isFoundInTree(command: string, topLevel: string): boolean {
  return command
    .split(/\s+/)
    .map((word) => word.replaceAll(/["']/g, ''))
    .some((word, at) => {
      if (word === '' || /^[/~$%-]/.test(word)) return false;
      if (at === 0 && word.includes('/')) return true;
      return at > 0 && /[./]/.test(word) && existsSync(path.join(topLevel, word));
    });
}

function notARepository(directory: string, stderr: string): Refusal {
  const said = stderr.trim().split('\n')[0] ?? '';
  const isNone = said.includes('not a git repository');
  const message = isNone
    ? `${directory} is not in a git repository.`
    : `${directory} cannot be used as a git repository: ${said}`;
  const hint = isNone ? `Make it one: git init ${directory}` : undefined;
  return refused('repository-missing', message, hint);
}

function refused(code: string, message: string, hint?: string): Refusal {
  return new Refusal(code, message, { hint, exit: ExitStatus.usage });
}

/** That nothing can be said of files whose index lies there, but cannot be read. */
export function unreadableIndex(file: string, { reason }: ForeignTrouble): Refusal {
  return new Refusal('index-unreadable', `${file}: ${reason}.`, {
    hint: 'Git needs it. Mend or remove it, and try again.',
    exit: ExitStatus.failed,
  });
}
