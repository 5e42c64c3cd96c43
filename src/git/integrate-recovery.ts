/** Ends what a killed `run integrate` began. */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { remove } from '../disk/disk.ts';
import { kindAt, readForeign } from '../disk/foreign-file.ts';
import { changedFiles, type ChangedFile } from './changes.ts';
import { GitFailure, type Git, type GitPlace } from './git.ts';
import { refCommit } from './set-ref.ts';
import { carryOut, fastForward, takeIncluded, type Integration } from './integrate.ts';

/** A git process that was at it may still be: it goes on without us, and removes its lock. */
const LOCK_PATIENCE_MS = 10_000;
const LOOK_EVERY_MS = 50;
/** As large as a file may be that is looked into, to tell half of a new one from a person's. */
const MAX_LOOK_BYTES = 256 * 1024 * 1024;

/**
 * Nothing is left to do where the branch is where it was to be, or has gone on. Otherwise the files are brought to
 * what they were to be; what the person has changed among them since is not written over.
 * @returns files that are neither what they were nor what they are to be, where there are any: then nothing was done
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
  const there: GitPlace = { cwd: checkedOut.topLevel };
  if (included !== null) await takeIncluded(git, there, included);
  const changed = await changedFiles(git, place, included ?? from ?? to, to);
  // What the index has of the new would let git go on over files that are half written.
  await forgetNew(git, there, changed);
  // Where it was never begun, that is all.
  if ((await fastForward(git, there, to)).code === 0) return [];
  const others = await neitherOldNorNew(git, there, changed, included ?? from ?? to, to);
  if (others.length > 0) return others;
  await putNew(git, there, changed, to);
  const moved = await fastForward(git, there, to);
  if (moved.code !== 0) throw new GitFailure(['merge'], moved);
  return [];
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

/** Files of a person's in what is to be written: what a killed git leaves of one is its beginning. */
async function neitherOldNorNew(
  git: Git,
  there: GitPlace,
  changed: readonly ChangedFile[],
  from: string,
  to: string,
): Promise<string[]> {
  const found: string[] = [];
  for (const { path: file } of changed) {
    const name = path.join(there.cwd, file);
    const kind = kindAt(name);
    if (kind === 'missing' || kind === 'directory') continue;
    const versions = await Promise.all(
      [from, to].map((commit) => versionOf(git, there, commit, file)),
    );
    if (kind === 'file' && (await isOneOf(git, there, file, versions))) continue;
    if (kind === 'link' && versions.some((version) => version?.isLink)) continue;
    found.push(file);
  }
  return found;
}

interface Version {
  oid: string;
  isLink: boolean;
  commit: string;
}

async function versionOf(
  git: Git,
  there: GitPlace,
  commit: string,
  file: string,
): Promise<Version | null> {
  const env = { GIT_LITERAL_PATHSPECS: '1' };
  const [entry] = await git.fields(['ls-tree', '-z', '--full-tree', commit, '--', file], there, {
    env,
  });
  const [, mode, oid = ''] = /^(\d+) \w+ (\w+)\t/.exec(entry ?? '') ?? [];
  return mode === undefined ? null : { oid, isLink: mode === '120000', commit };
}

async function isOneOf(
  git: Git,
  there: GitPlace,
  file: string,
  versions: readonly (Version | null)[],
): Promise<boolean> {
  const hashed = await git.run(['hash-object', '--', file], there);
  const oid = hashed.stdout.toString('utf8').trim();
  if (versions.some((version) => version?.oid === oid)) return true;
  const next = versions[1];
  if (!next) return false;
  const written = readForeign(path.join(there.cwd, file), { maxBytes: MAX_LOOK_BYTES });
  const whole = await git.run(['cat-file', '--filters', `${next.commit}:${file}`], there, {
    maxBytes: MAX_LOOK_BYTES,
  });
  return (
    written.ok &&
    whole.code === 0 &&
    whole.stdout.subarray(0, written.bytes.length).equals(written.bytes)
  );
}

async function forgetNew(
  git: Git,
  there: GitPlace,
  changed: readonly ChangedFile[],
): Promise<void> {
  const args = ['reset', '-q', '--pathspec-from-file=-', '--pathspec-file-nul'];
  const input = changed.map((file) => `${file.path}\0`).join('');
  if (input !== '') await git.text(args, there, { env: { GIT_LITERAL_PATHSPECS: '1' }, input });
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
