/**
 * Where the depots of this user's runs lie, so that whoever has the port of one serves all of them: a file for each run
 * in `~/.codex-orch/depots/`.
 */
import path from 'node:path';
import { existsSync } from 'node:fs';
import { createFile, jsonFile, makeDirectory, remove, replaceFile } from '../../../disk/disk.ts';
import { readForeignJson } from '../../../disk/foreign-json.ts';
import { namesIn } from '../../../disk/names-in.ts';
import { isJsonObject } from '../../../model/json.ts';
import { NOTE } from './limits.ts';

const isRunId = /^[\w.-]{1,200}$/;

export function registerDepot(globalRoot: string, runId: string, root: string): void {
  if (depotOf(globalRoot, runId) === root) return;
  const folder = path.join(globalRoot, 'depots');
  makeDirectory(folder);
  const file = path.join(folder, `${runId}.json`);
  if (!createFile(file, jsonFile({ root }))) replaceFile(file, jsonFile({ root }));
}

/** null: this user has no such run here, or it has no depot. */
export function depotOf(globalRoot: string, runId: string): string | null {
  if (!isRunId.test(runId) || /^\.+$/.test(runId)) return null;
  const read = readForeignJson(path.join(globalRoot, 'depots', `${runId}.json`), NOTE);
  const root = read.ok && isJsonObject(read.value) ? read.value['root'] : null;
  return typeof root === 'string' && path.isAbsolute(root) ? root : null;
}

/** Takes away what names a depot that is gone. */
export function forgetGoneDepots(globalRoot: string): void {
  const folder = path.join(globalRoot, 'depots');
  for (const name of namesIn(folder)) {
    const root = depotOf(globalRoot, name.replace(/\.json$/, ''));
    if (root !== null && !existsSync(root)) remove(path.join(folder, name));
  }
}
