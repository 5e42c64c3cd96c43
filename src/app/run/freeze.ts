/**
 * Copies what a run needs of its program into `.runs/<id>/program`: prompts, schemas, guidance. Later
 * edits of the program do not touch the run; `run_created` records each copy's hash.
 */
import { lstatSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { Refusal } from '../../model/refusal.ts';
import type { TaskSpec } from '../../model/program.ts';
import type { FileRecord } from '../../model/run.ts';
import { makeDirectory } from '../../disk/disk.ts';
import { copyForeign } from '../../disk/foreign-file.ts';
import { resolveInside } from '../../disk/inside.ts';
import { bundleSchema } from '../../schema/bundle.ts';

/** Whole directories that a run freezes: what its workers may come to need without naming it before. */
const WHOLE = ['schemas', 'runtime_guidance'];

/** Returns the frozen files, sorted by path. @throws Refusal `freeze-failed` */
export async function freezeFiles(
  programDir: string,
  frozenDir: string,
  tasks: readonly TaskSpec[],
): Promise<FileRecord[]> {
  const wanted = new Set<string>();
  for (const task of tasks) {
    for (const part of task.compose) if (part.kind === 'file') wanted.add(normal(part.path));
    if (task.result_schema === null) continue;
    const { files } = await bundleSchema(programDir, task.result_schema);
    for (const file of files) wanted.add(normal(file));
  }
  for (const directory of WHOLE)
    for (const file of filesBelow(programDir, directory)) wanted.add(file);
  const records: FileRecord[] = [];
  for (const relative of [...wanted].sort()) {
    const source = resolveInside(programDir, relative);
    if (!source.ok) throw new Refusal('freeze-failed', `${relative}: ${source.reason}`);
    const target = path.join(frozenDir, relative);
    makeDirectory(path.dirname(target));
    const copied = await copyForeign(source.path, target, { durable: true, below: programDir });
    if (!copied.ok) throw new Refusal('freeze-failed', `${relative}: ${copied.reason}`);
    const { size, sha256 } = copied;
    records.push({ relative_path: relative, size, sha256 });
  }
  return records;
}

/** Regular files below a directory of the program; links in it are not followed. */
function filesBelow(programDir: string, directory: string): string[] {
  const root = path.join(programDir, directory);
  if (!lstatSync(root, { throwIfNoEntry: false })?.isDirectory()) return [];
  return readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(programDir, path.join(entry.parentPath, entry.name)))
    .map((file) => file.split(path.sep).join('/'));
}

function normal(relative: string): string {
  return path.posix.normalize(relative);
}
