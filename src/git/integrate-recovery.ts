/** Ends what a killed `run integrate` began. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { remove } from '../disk/disk.ts';
import { kindAt, readForeign } from '../disk/foreign-file.ts';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import { changedFiles, type ChangedFile } from './changes.ts';
import { shortOf } from './destination.ts';
import { GitFailure, type Git, type GitPlace } from './git.ts';
import { refCommit } from './set-ref.ts';
import { carryOut, fastForward, moveBranch, nameReplaced, type Integration } from './integrate.ts';

/** A git process that was at it may still be: it goes on without us, and removes its lock. */
const LOCK_PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 50;
/** As large as a file may be that is looked into, to tell half of a new one from a person's. */
const MAX_LOOK_BYTES = 256 * 1024 * 1024;

/**
 * Nothing is left to do where the branch is where it was to be, or has gone on. Otherwise the files are brought to
 * what they were to be; what the person has changed or staged among them since is not written over.
 * @returns files that are neither what they were nor what they are to be, where there are any: then nothing was done
 * @throws Refusal `integrate-refused` where the person has checked out something else there; GitFailure
 */
export async function recoverIntegration(
  git: Git,
  integration: Integration,
  { lockPatienceMs = LOCK_PATIENCE_MS }: { lockPatienceMs?: number } = {},
): Promise<string[]> {
  const { commonDir, branch, from, to, checkedOut, included, how } = integration;
  if (how === 'nothing') return [];
  const place: GitPlace = { cwd: commonDir, gitDir: commonDir };
  await clearLocks(integration, lockPatienceMs);
  const tip = await refCommit(git, commonDir, branch);
  if (tip === to || (tip !== from && tip !== included)) return [];
  if (checkedOut === null) {
    await carryOut(git, integration);
    return [];
  }
  await nameReplaced(git, integration);
  const there: GitPlace = { cwd: checkedOut.topLevel };
  await refuseAnother(git, there, branch);
  const commits = [included ?? from ?? to, to, from ?? to];
  const [old = none, next = none, first = none] = await Promise.all(
    commits.map((commit) => entriesOf(git, place, commit)),
  );
  const staged = stagedOf(await indexOf(git, there), old, [next, first]);
  if (staged.theirs.length > 0) return staged.theirs;
  if (included !== null && tip !== included) await moveBranch(git, there, included);
  // What the index has of the new would let git go on over files that are half written.
  await forget(git, there, staged.ours);
  // Where it was never begun, that is all.
  if ((await fastForward(git, there, to)).code === 0) return [];
  const changed = await changedFiles(git, place, included ?? from ?? to, to);
  const others = await neitherOldNorNew(git, there, changed, [old, next], to);
  if (others.length > 0) return others;
  await putNew(git, there, changed, to);
  const moved = await fastForward(git, there, to);
  if (moved.code !== 0) throw new GitFailure(['merge'], moved);
  return [];
}

/** All that follows works on what is checked out there. */
async function refuseAnother(git: Git, there: GitPlace, branch: string): Promise<void> {
  const head = await git.run(['symbolic-ref', '-q', 'HEAD'], there);
  if (head.code === 0 && head.stdout.toString('utf8').trim() === branch) return;
  const name = shortOf(branch);
  const message = `An integration into ${name} was cut off in ${there.cwd}, where ${name} is not checked out any more.`;
  throw new Refusal('integrate-refused', message, {
    hint: `Check out ${name} there, and integrate again: that ends it.`,
    exit: ExitStatus.failed,
  });
}

/** Those that a fast-forward of ours takes, in that repository. */
async function clearLocks(integration: Integration, patienceMs: number): Promise<void> {
  const { commonDir, branch, checkedOut } = integration;
  const locks = [path.join(commonDir, `${branch}.lock`)];
  if (checkedOut !== null) {
    const own = ['index.lock', 'HEAD.lock', 'ORIG_HEAD.lock'];
    locks.push(...own.map((name) => path.join(checkedOut.gitDir, name)));
  }
  let left = locks;
  for (let waited = 0; ; waited += LOOK_EVERY_MS) {
    left = left.filter((lock) => kindAt(lock) !== 'missing');
    if (left.length === 0 || waited >= patienceMs) break;
    await sleep(LOOK_EVERY_MS);
  }
  for (const lock of left) remove(lock);
}

/** By path: `mode oid`, as of a commit or of the index. */
type Entries = ReadonlyMap<string, string>;

const none: Entries = new Map();

async function entriesOf(git: Git, place: GitPlace, commit: string): Promise<Entries> {
  const found = new Map<string, string>();
  for (const field of await git.fields(['ls-tree', '-r', '-z', '--full-tree', commit], place)) {
    const [, mode = '', oid = '', file = ''] = /^(\d+) \w+ (\w+)\t(.*)$/s.exec(field) ?? [];
    found.set(file, `${mode} ${oid}`);
  }
  return found;
}

async function indexOf(git: Git, there: GitPlace): Promise<Entries> {
  const found = new Map<string, string>();
  for (const field of await git.fields(['ls-files', '-s', '-z'], there)) {
    const [, entry = '', stage, file = ''] = /^(\d+ \w+) (\d)\t(.*)$/s.exec(field) ?? [];
    found.set(file, stage === '0' ? entry : 'unmerged');
  }
  return found;
}

/**
 * Of the files that are to change: `ours` are those of which the index has something else than `old`, but what one of
 * the `others` has; `theirs` those of which it has what only the person can have put there.
 */
function stagedOf(
  index: Entries,
  old: Entries,
  others: readonly Entries[],
): { ours: string[]; theirs: string[] } {
  const changing = new Set<string>();
  for (const known of [old, ...others])
    for (const file of known.keys())
      if (others.some((other) => other.get(file) !== old.get(file))) changing.add(file);
  const [ours, theirs]: [string[], string[]] = [[], []];
  for (const file of changing) {
    const entry = index.get(file);
    if (entry === old.get(file)) continue;
    (others.some((other) => other.get(file) === entry) ? ours : theirs).push(file);
  }
  // A file where a directory is to come, or the other way round.
  const above = new Set([...changing].flatMap(directoriesOf));
  for (const file of index.keys()) {
    if (changing.has(file)) continue;
    if (above.has(file) || directoriesOf(file).some((name) => changing.has(name))) {
      theirs.push(file);
    }
  }
  return { ours, theirs: theirs.sort() };
}

/** All that a file is in: `a`, `a/b` of `a/b/c`. */
function directoriesOf(file: string): string[] {
  const parts = file.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** Files of a person's in what is to be written: what a killed git leaves of one is its beginning. */
async function neitherOldNorNew(
  git: Git,
  there: GitPlace,
  changed: readonly ChangedFile[],
  versions: readonly Entries[],
  to: string,
): Promise<string[]> {
  const found = new Set<string>();
  for (const { path: file } of changed) {
    const above = directoriesOf(file).find((name) => isNoDirectory(path.join(there.cwd, name)));
    if (above !== undefined) {
      // Where either has it, it is one of those that are looked at.
      if (!versions.some((version) => version.has(above))) found.add(above);
      continue;
    }
    const kind = kindAt(path.join(there.cwd, file));
    if (kind === 'missing' || kind === 'directory') continue;
    const entries = versions.map((version) => version.get(file) ?? '');
    if (kind === 'file' && (await isOneOf(git, there, file, entries, to))) continue;
    if (kind === 'link' && entries.some((entry) => entry.startsWith('120000 '))) continue;
    found.add(file);
  }
  return [...found];
}

function isNoDirectory(name: string): boolean {
  return !['directory', 'missing'].includes(kindAt(name));
}

async function isOneOf(
  git: Git,
  there: GitPlace,
  file: string,
  entries: readonly string[],
  to: string,
): Promise<boolean> {
  const hashed = await git.run(['hash-object', '--', file], there);
  const oid = hashed.stdout.toString('utf8').trim();
  if (entries.some((entry) => oid !== '' && entry.endsWith(` ${oid}`))) return true;
  const written = readForeign(path.join(there.cwd, file), { maxBytes: MAX_LOOK_BYTES });
  const whole = await git.run(['cat-file', '--filters', `${to}:${file}`], there, {
    maxBytes: MAX_LOOK_BYTES,
  });
  return (
    written.ok &&
    whole.code === 0 &&
    whole.stdout.subarray(0, written.bytes.length).equals(written.bytes)
  );
}

/** The index has of these again what HEAD has. */
async function forget(git: Git, there: GitPlace, files: readonly string[]): Promise<void> {
  if (files.length === 0) return;
  const args = ['reset', '-q', '--pathspec-from-file=-', '--pathspec-file-nul'];
  const input = files.map((file) => `${file}\0`).join('');
  await git.text(args, there, { env: { GIT_LITERAL_PATHSPECS: '1' }, input });
}

async function putNew(
  git: Git,
  there: GitPlace,
  changed: readonly ChangedFile[],
  to: string,
): Promise<void> {
  const of = (isGone: boolean): string =>
    changed
      .filter(({ status }) => (status === 'D') === isGone)
      .map((file) => `${file.path}\0`)
      .join('');
  const env = { GIT_LITERAL_PATHSPECS: '1' };
  const fromInput = ['--pathspec-from-file=-', '--pathspec-file-nul'];
  // First what is to go: a directory may come where a file was.
  const [gone, kept] = [of(true), of(false)];
  if (gone !== '') {
    const args = ['rm', '-q', '-f', '--ignore-unmatch', ...fromInput];
    await git.text(args, there, { env, input: gone });
  }
  if (kept !== '')
    await git.text(['checkout', '-q', to, ...fromInput], there, { env, input: kept });
}
