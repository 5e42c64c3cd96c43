/** In our words, why this machine starts no process for an attempt. */

import { readText } from '../../disk/read-text.ts';
import { statsOf } from '../../disk/stats-of.ts';
import { tooLong } from '../../processes/longest-word.ts';
import { charsOf } from '../../text/amounts.ts';

/** What cannot be handed to a process, known before one is started; null where nothing is known against it. */
export function tooLongFor(argv: readonly string[], env: NodeJS.ProcessEnv): string | null {
  if (process.platform !== 'linux') return null;
  for (const [index, word] of argv.entries()) {
    const trouble = tooLong(word);
    if (trouble !== null) return `${index === 0 ? 'the program' : `argument ${index}`} ${trouble}`;
  }
  for (const name of Object.keys(env)) {
    const trouble = tooLong(`${name}=${env[name] ?? ''}`);
    if (trouble !== null) return `the variable ${name} ${trouble}`;
  }
  return null;
}

/** Why the agent would not take the prompt in `file`; null where nothing is known against it. */
export function promptTrouble(file: string, longestChars: number | null): string | null {
  if (longestChars === null) return null;
  const bytes = statsOf(file)?.size ?? 0;
  if (bytes <= longestChars) return null;
  const read = readText(file);
  const chars = read.ok ? charsOf(read.text) : bytes;
  if (chars <= longestChars) return null;
  const size = read.ok ? `${chars} characters` : `${bytes} bytes`;
  return `the prompt has ${size}, and the agent takes at most ${longestChars} characters; put what is long into files that the prompt names`;
}

/** From the error of opening files or starting a process. */
export function launchTrouble(error: NodeJS.ErrnoException): string {
  switch (error.code) {
    case 'E2BIG':
      return 'the arguments and the environment together are larger than this system takes';
    case 'EMFILE':
    case 'ENFILE':
      return `too many files are open to start a process (${error.code}): see ulimit -n`;
    case 'EAGAIN':
    case 'ENOMEM':
      return `this machine starts no more processes now (${error.code}): see ulimit -u, and its memory`;
    default:
      return error.message;
  }
}
