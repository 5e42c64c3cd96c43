/** Takes away blobs that no open attempt is given any more. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { remove } from '../../../disk/disk.ts';
import { readForeignJson } from '../../../disk/foreign-json.ts';
import { namesIn } from '../../../disk/names-in.ts';
import { isJsonObject, type Json } from '../../../model/json.ts';
import { nowMs } from '../../local/stopwatch.ts';
import { blobsOf } from './layout.ts';
import { RECORD } from './limits.ts';

/** Whoever gives at this moment has not named yet what it has put there. */
const YOUNG_MS = 60 * 60_000;

/** What bases of repositories are made of stays as long as the depot: each attempt of the run needs it. */
export function sweepBlobs(root: string): void {
  const named = new Set<string>();
  const open = namesIn(root).map((name) => path.join(root, name, 'manifest.json'));
  const bases = namesIn(path.join(root, 'bases')).map((name) => path.join(root, 'bases', name));
  for (const file of [...open, ...bases]) {
    const read = readForeignJson(file, RECORD, { below: root });
    if (read.ok) collect(read.value, named);
  }
  const blobs = blobsOf(root);
  for (const name of namesIn(blobs)) {
    if (named.has(name)) continue;
    const file = path.join(blobs, name);
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats !== undefined && nowMs() - stats.mtimeMs > YOUNG_MS) remove(file);
  }
}

function collect(value: Json, named: Set<string>): void {
  if (Array.isArray(value)) for (const one of value) collect(one, named);
  else if (isJsonObject(value)) {
    const hash = value['sha256'];
    if (typeof hash === 'string') named.add(hash);
    for (const one of Object.values(value)) collect(one, named);
  }
}
