/** Files that a person names on the command line. */
import path from 'node:path';
import { Refusal } from '../../model/refusal.ts';
import { readText } from '../../disk/read-text.ts';

/** Text of `file`, relative to `cwd`. @throws Refusal `file-unreadable` */
export function readGivenText(file: string, cwd: string): string {
  const read = readText(path.resolve(cwd, file));
  if (read.ok) return read.text;
  throw new Refusal('file-unreadable', `${file} ${read.problem.message}`);
}
