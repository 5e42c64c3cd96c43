/**
 * The program directory comes first on the command line, and may be left out where the current
 * directory, or the one that CODEX_ORCH_PROGRAM_DIR names, is a program (section 13 of the contract).
 */
import path from 'node:path';
import { isProgram, nearlyProject, whatIsAt } from '../app/program/what-is-there.ts';
import { Refusal } from '../model/refusal.ts';
import { shellWord } from '../text/shell-word.ts';
import type { Word } from './command.ts';
import type { CliContext } from './context.ts';

export interface ArgumentShape {
  /** How many words follow the program: at least, at most. */
  min: number;
  max: number;
  /** As in help, without `codex-orch`: `run show [PROGRAM] RUN`. */
  usage: string;
}

export interface ProgramWords {
  /** Absolute. */
  programDir: string;
  rest: string[];
}

type Place = Pick<CliContext, 'cwd' | 'env'>;

/**
 * Splits the words of a command into its program directory and the rest. The first word is the program
 * if enough words remain and it is a program, looks like a path (`.`, or with a separator), or is a
 * directory where no default program would do; or if otherwise there would be too many words.
 * Throws a Refusal for too few or too many words, and for a directory that is no program.
 */
export function splitProgram(words: string[], shape: ArgumentShape, context: Place): ProgramWords {
  const [first] = words;
  if (
    first !== undefined &&
    words.length > shape.min &&
    namesProgram(words, first, shape, context)
  ) {
    if (words.length - 1 > shape.max) throw tooMany(words.slice(shape.max + 1), shape);
    return { programDir: checked(first, shape, context), rest: words.slice(1) };
  }
  if (words.length > shape.max) throw tooMany(words.slice(shape.max), shape);
  if (words.length < shape.min) throw tooFew(shape);
  const programDir = defaultProgram(context);
  if (programDir !== null) return { programDir, rest: words };
  // One word too few, and the first one is a program: it is a word that is missing, not the program.
  if (first !== undefined && isProgram(path.resolve(context.cwd, first))) throw tooFew(shape);
  const why = `no program directory was given, and this one is none${renamed(context.cwd)}`;
  throw new Refusal('program-missing', why, {
    hint: `usage: codex-orch ${shape.usage}   (a program is a directory with project.yaml)`,
  });
}

/**
 * One value for each word of a command that works on a program. `usage` is for errors.
 * @throws Refusal for too few or too many, and for a directory that is no program
 */
export function readWords(
  words: readonly Word[],
  given: string[],
  usage: string,
  context: Place,
): (string | null)[] {
  const [program, ...others] = words;
  if (program?.isOptional && given.length === 0) return [defaultProgram(context)];
  const min = others.filter((word) => !word.isOptional).length;
  const shape = { min, max: others.length, usage };
  const { programDir, rest } = splitProgram(given, shape, context);
  const values: (string | null)[] = [programDir];
  for (const [at, word] of others.entries()) {
    const [next] = rest;
    const isFree = rest.length < others.length - at;
    const isAnother =
      next !== undefined && isFree && word.isOptional && word.looksRight?.(next) === false;
    values.push((isAnother ? undefined : rest.shift()) ?? word.fallback ?? null);
  }
  return values;
}

/** The program that commands work on when none is named; null where there is none. */
export function defaultProgram(context: Place): string | null {
  if (isProgram(context.cwd)) return context.cwd;
  const named = context.env['CODEX_ORCH_PROGRAM_DIR'];
  if (named === undefined || named === '') return null;
  const directory = path.resolve(context.cwd, named);
  return isProgram(directory) ? directory : null;
}

/**
 * How a command line that we print should name the program: not at all where it is the default,
 * otherwise relative where that is shorter. Quoted for a shell, with a space after it.
 */
export function programWord(programDir: string, context: Place): string {
  if (defaultProgram(context) === programDir) return '';
  const relative = path.relative(context.cwd, programDir) || '.';
  return `${shellWord(relative.length < programDir.length ? relative : programDir)} `;
}

function namesProgram(
  words: string[],
  first: string,
  shape: ArgumentShape,
  context: Place,
): boolean {
  if (words.length > shape.max || looksLikePath(first)) return true;
  const directory = path.resolve(context.cwd, first);
  const found = whatIsAt(directory);
  return found === 'program' || (found === 'directory' && defaultProgram(context) === null);
}

function checked(word: string, shape: ArgumentShape, context: Place): string {
  const directory = path.resolve(context.cwd, word);
  if (isProgram(directory)) return directory;
  throw new Refusal('program-missing', whyNoProgram(word, directory), {
    hint: `usage: codex-orch ${shape.usage}`,
  });
}

function whyNoProgram(word: string, directory: string): string {
  const found = whatIsAt(directory);
  if (found === 'directory') {
    return `"${word}" is not a program: it has no project.yaml${renamed(directory)}`;
  }
  if (found === null) {
    // `--input a=1 b=2`: the second is left over.
    const repeat = /^\w[\w-]*=/.test(word) ? '; --input takes one value: repeat it for each' : '';
    return `there is no program directory "${word}"${repeat}`;
  }
  const parent = path.dirname(word);
  const meant = isProgram(path.dirname(directory)) ? `; its program is "${parent}"` : '';
  return `"${word}" is a file, not a program directory${meant}`;
}

/** What to do about a project of another name. */
function renamed(directory: string): string {
  const name = nearlyProject(directory);
  return name === null ? '' : `; rename ${name}`;
}

/** No id looks like that. */
export function looksLikePath(word: string): boolean {
  return word === '.' || word === '..' || word.includes('/') || word.includes(path.sep);
}

function tooFew(shape: ArgumentShape): Refusal {
  return new Refusal('missing-argument', 'an argument is missing', {
    hint: `usage: codex-orch ${shape.usage}`,
  });
}

function tooMany(words: string[], shape: ArgumentShape): Refusal {
  const plural = words.length > 1 ? 'arguments' : 'argument';
  return new Refusal('unexpected-argument', `unexpected ${plural}: ${words.join(' ')}`, {
    hint: `usage: codex-orch ${shape.usage}`,
  });
}
