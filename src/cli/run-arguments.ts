/** The words `[PROGRAM] RUN [INSTANCE]` of the run commands. */
import { splitProgram } from './program-argument.ts';
import type { CliContext } from './context.ts';

export interface RunWords {
  /** Absolute. */
  programDir: string;
  /** An id, a beginning of one, or `latest`. */
  run: string;
}

/** `[PROGRAM] RUN`; where `optional`, no RUN is the latest. */
export function runWords(
  words: string[],
  command: string,
  context: CliContext,
  optional = false,
): RunWords {
  const usage = `${command} [PROGRAM] ${optional ? '[RUN]' : 'RUN'}`;
  const split = splitProgram(words, { min: optional ? 0 : 1, max: 1, usage }, context);
  return { programDir: split.programDir, run: split.rest[0] ?? 'latest' };
}

/** `[PROGRAM] [RUN] [INSTANCE]`: a single word is a run if it looks like one, else an instance. */
export function runAndInstanceWords(
  words: string[],
  command: string,
  context: CliContext,
): RunWords & { instance: string | null } {
  const usage = `${command} [PROGRAM] [RUN] [INSTANCE]`;
  const { programDir, rest } = splitProgram(words, { min: 0, max: 2, usage }, context);
  const [first, second] = rest;
  if (second !== undefined) return { programDir, run: first ?? 'latest', instance: second };
  if (first !== undefined && !looksLikeRun(first)) {
    return { programDir, run: 'latest', instance: first };
  }
  return { programDir, run: first ?? 'latest', instance: null };
}

/** Run ids are `YYYYMMDDHHMMSS-<8 hex>`; four digits make a year. */
function looksLikeRun(word: string): boolean {
  return word === 'latest' || /^\d{4,14}$/.test(word) || /^\d{14}-[0-9a-f]{0,8}$/.test(word);
}
