/**
 * Which words of a command line are the command's own, and which belong to its options. An option that takes
 * several values swallows what follows it: `--citation a my-program int-1`. What the command lacks is given
 * back to it; the first value after an option is always the option's.
 */
import path from 'node:path';
import { isProgram } from '../app/program/what-is-there.ts';
import { type Command, type Option, type Options, written } from './command.ts';
import type { CliContext } from './context.ts';
import { defaultProgram, looksLikePath } from './program-argument.ts';

interface PlacedWord {
  word: string;
  /** Null for the command's own. */
  option: Option | null;
  /** Not the first value after its option. */
  isFurther: boolean;
}

/** An option as it was written: itself, or one of its other ways. */
export type WrittenWay = Pick<Option, 'flags' | 'choices' | 'kind'>;

/** `pending`: what the value that would come next belongs to. */
export function placeWords(
  options: Options,
  line: readonly string[],
): { placed: PlacedWord[]; pending: WrittenWay | null } {
  const placed: PlacedWord[] = [];
  let pending: { option: Option; way: WrittenWay } | null = null;
  let isFurther = false;
  for (const [at, word] of line.entries()) {
    if (pending && !isFurther) {
      placed.push({ word, option: pending.option, isFurther: false });
      if (written(pending.way.flags).takesSeveral) isFurther = true;
      else pending = null;
    } else if (word === '--') {
      const rest = line.slice(at + 1);
      placed.push(...rest.map((own) => ({ word: own, option: null, isFurther: false })));
      return { placed, pending: null };
    } else if (word.startsWith('-') && word !== '-') {
      const [name = '', value] = word.startsWith('--') ? word.split(/=(.*)/s) : [word];
      const named = wayOf(options, name);
      [pending, isFurther] = [value === undefined ? named : null, false];
      if (named && value !== undefined) {
        placed.push({ word: value, option: named.option, isFurther: false });
      }
    } else placed.push({ word, option: pending?.option ?? null, isFurther: pending !== null });
  }
  return { placed, pending: pending?.way ?? null };
}

/** The option that takes a value and is written so. */
function wayOf(options: Options, name: string): { option: Option; way: WrittenWay } | null {
  for (const option of Object.values(options)) {
    for (const way of [option, ...(option.others ?? [])]) {
      const { long, short, takesValue } = written(way.flags);
      if (takesValue && (name === long || name === short)) return { option, way };
    }
  }
  return null;
}

/**
 * The words of a command that works on a program, and the values of those of its options that take several,
 * by their names.
 */
export function shareWords(
  command: Pick<Command, 'words' | 'options'>,
  line: readonly string[],
  context: Pick<CliContext, 'cwd' | 'env'>,
): { own: string[]; several: Record<string, string[]> } {
  const { words, options } = command;
  const { placed } = placeWords(options, line);
  const own = new Set(
    placed.filter(({ word, option }) => option === null || option.isValue?.(word) === false),
  );
  const further = placed.filter((one) => one.isFurther && !own.has(one));
  const hasDefault = defaultProgram(context) !== null;
  const needed = words.filter(({ isOptional }) => !isOptional).length - (hasDefault ? 1 : 0);
  while (own.size < needed && further.length > 0) giveBackLast();
  const namesProgram = ({ word }: PlacedWord): boolean =>
    (!hasDefault || looksLikePath(word)) && isProgram(path.resolve(context.cwd, word));
  const last = further.at(-1);
  if (last && namesProgram(last) && ![...own].some(namesProgram)) giveBackLast();
  const several = Object.entries(options)
    .filter(([, { flags }]) => written(flags).takesSeveral)
    .map(([name, option]) => {
      const its = placed.filter((one) => one.option === option && !own.has(one));
      return [name, its.map(({ word }) => word)] as const;
    });
  return {
    own: placed.filter((one) => own.has(one)).map(({ word }) => word),
    several: Object.fromEntries(several),
  };

  function giveBackLast(): void {
    const last = further.pop();
    if (last) own.add(last);
  }
}
