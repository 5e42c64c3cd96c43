/** The words that follow a command: how usage names them, what completes them, what a command gets of them. */

export type WordKind =
  | 'program'
  | 'task'
  | 'label'
  | 'run'
  | 'instance'
  | 'interrupt'
  | 'proposal'
  | 'preset'
  | 'file'
  | 'dir'
  | 'other';

export interface Word<V = unknown> {
  /** As usage shows it. Capitals after a program; small letters where none comes first. */
  readonly name: string;
  readonly kind: WordKind;
  /** For the Arguments of the help, where no program comes first. */
  readonly about?: string;
  readonly choices?: readonly string[];
  readonly isOptional?: true;
  /** As the help shows it, where that is not as in usage errors. */
  readonly inHelp?: string;
  /** What an optional word that is left out stands for; otherwise null. */
  readonly fallback?: string;
  /** An optional word is passed over by one that does not look like it, where another may follow. */
  readonly looksRight?: (text: string) => boolean;
  /** All words that there are. */
  readonly isRest?: true;
  /** Never there: it carries the type. */
  readonly value?: V;
}

export type ValuesOfWords<W extends readonly Word[]> = {
  readonly [Place in keyof W]: W[Place] extends Word<infer V> ? V : never;
};

export const PROGRAM: Word<string> = { name: 'PROGRAM', kind: 'program' };
export const TASK: Word<string> = { name: 'TASK', kind: 'task' };
export const FILE: Word<string> = { name: 'FILE', kind: 'file' };
export const PRESET: Word<string> = { name: 'PRESET', kind: 'preset' };
/** An id, the beginning of one, or `latest`. */
export const RUN: Word<string> = { name: 'RUN', kind: 'run' };
export const INSTANCE: Word<string> = { name: 'INSTANCE', kind: 'instance' };
/** Ids of questions and of proposals, or their beginnings. */
export const INTERRUPT: Word<string> = { name: 'ID', kind: 'interrupt' };
export const PROPOSAL: Word<string> = { name: 'ID', kind: 'proposal' };
/** Without it, the latest. */
export const RUN_OR_LATEST: Word<string> = {
  ...RUN,
  isOptional: true,
  fallback: 'latest',
  looksRight: looksLikeRun,
};

export function optional(word: Word<string>): Word<string | null> {
  return { ...word, isOptional: true };
}

/** A word after no program: `<dir>` in the usage, explained in the help. */
export function argument(name: string, about: string, kind: WordKind = 'other'): Word<string> {
  return { name, kind, about };
}

export function choiceOf(name: string, choices: readonly string[], about?: string): Word<string> {
  return { name, kind: 'other', choices, ...(about === undefined ? {} : { about }) };
}

/** Whether the command works on a program, which then comes first. */
export function takesProgram(words: readonly Word[]): boolean {
  return words[0]?.kind === 'program';
}

/** `[PROGRAM] RUN [INSTANCE]`; a program may always be left out. */
export function usageOf(words: readonly Word[], where: 'help' | 'error'): string {
  return words
    .map(({ name, kind, isOptional, inHelp }) => {
      if (where === 'help' && inHelp !== undefined) return inHelp;
      return kind === 'program' || isOptional ? `[${name}]` : name;
    })
    .join(' ');
}

/** Run ids are `YYYYMMDDHHMMSS-<8 hex>`; four digits make a year. */
function looksLikeRun(word: string): boolean {
  return word === 'latest' || /^\d{4,14}$/.test(word) || /^\d{14}-[0-9a-f]{0,8}$/.test(word);
}
