/**
 * The two directories of an attempt: its own, and the engine's under `control/`. While it lives, its own shows
 * what the engine keeps by relative links, which the engine never follows. At rest it holds these files itself,
 * and the engine's directory is gone: see docs/run-directory.md.
 */
import { lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { linkTo, makeDirectory, remove, removeFile, renameFile } from '../../disk/disk.ts';
import { MESSAGE_LIMITS, readForeignJson } from '../../disk/foreign-json.ts';
import { attemptFiles, recordRun, shownWhileAlive } from '../../execution/local/attempt-files.ts';
import { isJsonObject } from '../../model/json.ts';
import { namesIn } from '../../disk/names-in.ts';
import type { AttemptOrder, ShownFile } from '../../model/attempt.ts';
import { placeInAttempt, within } from '../../store/layout.ts';

export type AttemptDirectories = Pick<AttemptOrder, 'attemptDir' | 'controlDir'>;

const shown: readonly ShownFile[] = ['prompt.md', ...shownWhileAlive];

/**
 * Makes both, with `scratch/` and a link to the prompt; what was laid out before a crash is cleared. The other links
 * come with the first look at a process that lives (`showOutput`): most that are short need none. One that is at rest
 * already, in a history of which the log has lost the start, too, is taken for what it is: it has run, and does not run
 * again.
 */
export function makeDirectories({ attemptDir, controlDir }: AttemptDirectories): void {
  // The engine's first: an attempt that has none could be an earlier program's.
  const isNew = takeSpare(controlDir) || makeDirectory(controlDir);
  if (makeDirectory(within(attemptDir, 'scratch'))) {
    showFile({ attemptDir, controlDir }, 'prompt.md');
    return;
  }
  if (isNew) takeBack({ attemptDir, controlDir });
  remove(within(attemptDir, 'context'));
  for (const name of ['prompt.md', 'manifest.json']) remove(within(controlDir, name));
  if (!isThere(within(attemptDir, 'prompt.md'))) {
    showFile({ attemptDir, controlDir }, 'prompt.md');
  }
}

/** Undoes `putAway`, where that was done. */
function takeBack({ attemptDir, controlDir }: AttemptDirectories): void {
  const runtime = within(attemptDir, 'runtime.json');
  if (!lstatSync(runtime, { throwIfNoEntry: false })?.isFile()) return;
  const read = readForeignJson(runtime, MESSAGE_LIMITS);
  const code = read.ok && isJsonObject(read.value) ? read.value['return_code'] : null;
  recordRun(attemptFiles({ controlDir }), typeof code === 'number' ? code : null);
  for (const name of shown) {
    const file = within(attemptDir, name);
    if (!lstatSync(file, { throwIfNoEntry: false })?.isFile()) continue;
    renameFile(file, within(controlDir, name));
  }
}

/** Has the attempt's own directory show a file of the engine's, which need not be there yet. */
export function showFile({ attemptDir, controlDir }: AttemptDirectories, name: ShownFile): void {
  const link = within(attemptDir, placeInAttempt(name));
  linkTo(path.relative(path.dirname(link), within(controlDir, name)), link);
}

/**
 * Once the end of an attempt is on record: its files take the places of the links, and the engine's directory goes.
 * Done again after a crash, it does the rest. What cannot be moved, because the agent has spoilt the place, stays
 * where it is; readers look there first.
 */
export function putAway({ attemptDir, controlDir }: AttemptDirectories): void {
  // In the order of their names, on which `isSettledTry` relies.
  const names = namesIn(controlDir).sort();
  if (names.length === 0) {
    // Mostly it is gone already.
    attempt(() => removeControl(controlDir));
    return;
  }
  const stays = names.filter((name) => !isEngines(name) && !moved(attemptDir, controlDir, name));
  for (const name of shown) {
    if (!names.includes(name)) attempt(() => removeLink(within(attemptDir, name)));
  }
  if (stays.length > 0) return;
  attempt(() => {
    if (keepSpare(controlDir, names.filter(isEngines))) return;
    // Its name first: a process that comes late could otherwise claim the attempt while the claims go.
    const leaving = within(path.dirname(controlDir), `.${path.basename(controlDir)}.over`);
    renameFile(controlDir, leaving);
    removeControl(leaving);
  });
}

/** In `control/`: emptied directories of owners, each with that of a first attempt in it, for the next to take over. */
const SPARES = ['.spare-1', '.spare-2', '.spare-3', '.spare-4'];
const [SPARE_ATTEMPT, SECOND_ATTEMPT] = ['0001', '0002'];
/** Beside them, while one is made: with the id of the process that does it. */
const EMPTYING = '.emptying-';

/**
 * Keeps the directory of an attempt that is over for the next one, where not enough are kept yet: to remove one and to
 * make another costs several times what giving it a new name does. That comes first, here too; and to a name that
 * nobody takes: others of this run take a spare in the moment in which there is one. `left`: the names in it; what came
 * after they were listed has whoever takes the spare remove it.
 */
function keepSpare(controlDir: string, left: readonly string[]): boolean {
  const ownerDir = path.dirname(controlDir);
  const spare = sparesBeside(ownerDir).find((each) => !isThere(each));
  if (spare === undefined || !isAlone(controlDir)) return false;
  const emptying = within(path.dirname(ownerDir), `${EMPTYING}${process.pid}`);
  if (!attempt(() => renameFile(ownerDir, emptying))) return false;
  const emptied = within(emptying, path.basename(controlDir));
  for (const name of left) removeFile(within(emptied, name));
  if (path.basename(emptied) !== SPARE_ATTEMPT) {
    renameFile(emptied, within(emptying, SPARE_ATTEMPT));
  }
  renameFile(emptying, spare);
  return true;
}

/** Whether its owner has no other attempt there. After a first attempt, a second may have begun already, and no other. */
function isAlone(controlDir: string): boolean {
  const ownerDir = path.dirname(controlDir);
  if (path.basename(controlDir) !== SPARE_ATTEMPT) return namesIn(ownerDir).length === 1;
  return !isThere(within(ownerDir, SECOND_ATTEMPT));
}

/** Has a spare directory become this one. False where there is none, or the owner has a directory. */
function takeSpare(controlDir: string): boolean {
  const ownerDir = path.dirname(controlDir);
  const spare = sparesBeside(ownerDir).find(isThere);
  // Only an empty directory gives way to another.
  if (spare === undefined || !attempt(() => renameFile(spare, ownerDir))) return false;
  const isFirst = path.basename(controlDir) === SPARE_ATTEMPT;
  const made = within(ownerDir, SPARE_ATTEMPT);
  const isTaken = isFirst || attempt(() => renameFile(made, controlDir));
  if (isTaken && isEmpty(controlDir)) return true;
  // A claim or an exit in it would be taken for this attempt's.
  remove(ownerDir);
  return false;
}

/** False where it is not there. */
function isEmpty(directory: string): boolean {
  try {
    return readdirSync(directory).length === 0;
  } catch {
    return false;
  }
}

function sparesBeside(ownerDir: string): string[] {
  return SPARES.map((name) => within(path.dirname(ownerDir), name));
}

/** What was kept for attempts to come, and what a crash has left of directories that were being removed. `controlRoot`: of the run. */
export function clearLeftovers(controlRoot: string): void {
  for (const owner of namesIn(controlRoot)) {
    const directory = within(controlRoot, owner);
    const isKept = SPARES.includes(owner) || owner.startsWith(EMPTYING);
    for (const name of namesIn(directory)) {
      if (isKept || /^\.\d+\.over$/.test(name)) {
        attempt(() => removeControl(within(directory, name)));
      }
    }
    if (isKept) attempt(() => remove(directory));
  }
}

/** File by file: a tree is removed at three times the cost. */
function removeControl(directory: string): void {
  for (const name of namesIn(directory)) removeFile(within(directory, name));
  removeFile(directory);
  attempt(() => removeFile(path.dirname(directory)));
}

/** What tells who runs, what an agent alone was to read, and temporary files. */
function isEngines(name: string): boolean {
  return /^(?:(?:agent|claim)-\d+|given-.+|exit|stop|remote\.json|\..*)$/.test(name);
}

function moved(attemptDir: string, controlDir: string, name: string): boolean {
  return attempt(() => {
    renameFile(within(controlDir, name), within(attemptDir, placeInAttempt(name)));
  });
}

/** A link to a file that never came to be. */
function removeLink(link: string): void {
  if (lstatSync(link, { throwIfNoEntry: false })?.isSymbolicLink()) removeFile(link);
}

function isThere(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

/** False where the disk does not take it: nothing true hangs on where these files lie. */
function attempt(action: () => void): boolean {
  try {
    action();
    return true;
  } catch {
    return false;
  }
}
