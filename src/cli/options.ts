/** The options of a command: how each is written, explained and completed, and what a command gets of it. */
import type { WordKind } from './words.ts';

export interface Option<V = unknown> {
  /** As the help shows it: `-f, --follow`, `--status <status>`, `--root <task...>`. */
  readonly flags: string;
  readonly about: string;
  /** What a command gets where it is not given. */
  readonly absent: V;
  readonly choices?: readonly string[];
  readonly isMandatory?: true;
  /** For the help, where `absent` should be told there. */
  readonly shownDefault?: true | string;
  /** One word of it. @throws Refusal */
  readonly parse?: (word: string) => unknown;
  /** Given again, it adds to a list. */
  readonly isRepeated?: true;
  /**
   * An option that takes several values swallows the words of the command that come after it. What this
   * is false for is given back to them; so is what they lack (`own-words.ts`).
   */
  readonly isValue?: (word: string) => boolean;
  readonly kind?: WordKind;
  /** Other ways to write it; what they say joins what it says, in the order of the line. */
  readonly others?: readonly OtherWay[];
}

/** Without `parse` it says the contrary of a flag. */
export interface OtherWay {
  readonly flags: string;
  readonly about: string;
  /** @throws Refusal */
  readonly parse?: (word: string) => unknown;
  readonly kind?: WordKind;
}

export type Options = Readonly<Record<string, Option>>;

export type ValuesOf<O extends Options> = {
  readonly [Name in keyof O]: O[Name] extends Option<infer V> ? V : never;
};

interface More {
  kind?: WordKind;
}

export function flag(flags: string, about: string): Option<boolean> {
  return { flags, about, absent: false };
}

/** True unless the contrary is given; of both, the later counts. */
export function flagOrNot(
  flags: string,
  about: string,
  contrary: { flags: string; about: string },
): Option<boolean> {
  return { flags, about, absent: true, others: [contrary] };
}

export function text(flags: string, about: string, more: More = {}): Option<string | null> {
  return { flags, about, absent: null, ...more };
}

/** `--root <task...>`: several values after one option. */
export function texts(
  flags: string,
  about: string,
  more: More & { isValue?: (word: string) => boolean } = {},
): Option<string[]> {
  return { flags, about, absent: [], ...more };
}

/** One value each time that it is given. */
export function repeated<V = string>(
  flags: string,
  about: string,
  more: More & { parse?: (word: string) => V; others?: readonly OtherWay[] } = {},
): Option<V[]> {
  return { flags, about, absent: [], isRepeated: true, ...more };
}

export function repeatedChoice<const V extends string>(
  flags: string,
  about: string,
  choices: readonly V[],
): Option<V[]> {
  return { flags, about, absent: [], isRepeated: true, choices };
}

export function parsed<V>(
  flags: string,
  about: string,
  parse: (word: string) => V,
): Option<V | null> {
  return { flags, about, absent: null, parse };
}

/** `shown`: how the help tells the default; without it, as it is. */
export function parsedOr<V>(
  flags: string,
  about: string,
  parse: (word: string) => V,
  fallback: { value: V; shown?: string },
): Option<V> {
  const { value: absent, shown: shownDefault = true } = fallback;
  return { flags, about, absent, parse, shownDefault };
}

export function choice<const V extends string>(
  flags: string,
  about: string,
  choices: readonly V[],
): Option<V | null> {
  return { flags, about, absent: null, choices };
}

export function choiceOr<const V extends string>(
  flags: string,
  about: string,
  choices: readonly V[],
  absent: NoInfer<V>,
): Option<V> {
  return { flags, about, absent, choices, shownDefault: true };
}

/** One that must be given. */
export function mandatoryChoice<const V extends string>(
  flags: string,
  about: string,
  choices: readonly V[],
): Option<V> {
  // Without it, the command is not run.
  return { flags, about, absent: '' as V, choices, isMandatory: true };
}

export interface WrittenOption {
  long: string;
  short: string | null;
  takesValue: boolean;
  takesSeveral: boolean;
}

export function written(flags: string): WrittenOption {
  const [, short, long = '', value] = /^(?:(-\w), )?(--[\w-]+)(?: (<.*>))?$/.exec(flags) ?? [];
  return {
    long,
    short: short ?? null,
    takesValue: value !== undefined,
    takesSeveral: value?.endsWith('...>') === true,
  };
}
