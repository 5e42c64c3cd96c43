/**
 * Files that an agent reads as it starts, for what must not stand on a command line: every user of the machine can
 * read those. They lie in the attempt's control directory, which no sandbox opens, and go with it. Pure.
 */
import path from 'node:path';
import type { AttemptOrder } from '../model/attempt.ts';

/** Where the file of this name lies; whoever puts an attempt away knows it by the prefix. */
export function givenFile({ controlDir }: Pick<AttemptOrder, 'controlDir'>, name: string): string {
  return path.join(controlDir, `given-${name}`);
}
