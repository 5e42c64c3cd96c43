/**
 * What a command is: plain data, and what it does. A file `<noun>/<verb>.ts` exports one as `command`; its
 * words and options drive parsing, help, usage errors and completion alike, and what `json` names becomes
 * docs/schemas. What it needs to run, `run` imports: help and completion load the file as well.
 */
import type { CliContext } from './context.ts';
import type { Options, ValuesOf } from './options.ts';
import type { ValuesOfWords, Word } from './words.ts';

export * from './options.ts';
export * from './words.ts';

export interface Command<
  W extends readonly Word[] = readonly Word[],
  O extends Options = Options,
  J = unknown,
> {
  /** What it does, for its own help; without it, the summary of the list that it stands in. */
  readonly description?: string;
  readonly words: W;
  /** What its usage says after the words, such as `[--json]`; where no PROGRAM comes first, all of it. */
  readonly usage?: string;
  /** The same in a usage error; without it, nothing. */
  readonly usageInErrors?: string;
  /** By the name under which `run` gets its value. */
  readonly options: O;
  /** What `--json` prints. */
  readonly json?: Printed<J> | readonly Printed<J>[];
  /** What follows the command's own words, line for line. */
  readonly examples: readonly string[];
  /** Below the examples. */
  readonly notes?: string;
  run(call: Call<W, O, J>, context: CliContext): Promise<void> | void;
}

/** One command line, read. */
export interface Call<
  W extends readonly Word[] = readonly Word[],
  O extends Options = Options,
  J = unknown,
> {
  /** One for each word of the command; PROGRAM is the absolute directory. */
  readonly words: ValuesOfWords<W>;
  readonly options: ValuesOf<O>;
  /** Prints what the command's `json` names. */
  printJson(value: J): void;
}

/** A shape that `--json` prints. `scripts/doc-schemas.mjs` reads the type where it is written. */
export interface Printed<J> {
  readonly about: string;
  /** The options that call for it, where the command prints other shapes too. */
  readonly when: string;
  /** Never there: it carries the type. */
  readonly shape?: J;
}

/** `json: prints<TaskSpec[]>('Tasks, by id.')` */
export function prints<J>(about = '', when = ''): Printed<J> {
  return { about, when };
}

/** Ties the types of `run` to the words, the options and the JSON that stand beside it. */
export function defineCommand<
  const W extends readonly Word[],
  O extends Options,
  P extends Printed<unknown> | readonly Printed<unknown>[] = never,
>(
  command: Omit<Command<W, O, ShapeOf<P>>, 'json'> & { readonly json?: P },
): Command<W, O, ShapeOf<P>> {
  return command as Command<W, O, ShapeOf<P>>;
}

type ShapeOf<P> = P extends readonly (infer Each)[]
  ? ShapeOf<Each>
  : P extends Printed<infer J>
    ? J
    : never;

/** A group of commands; `<noun>/index.ts` exports one as `noun`. */
export interface Noun {
  readonly description?: string;
  /** What follows the noun, line for line. */
  readonly examples: readonly string[];
  /** The verb that a person means by the noun alone, on a terminal; without it, help. */
  readonly onTerminal?: string;
  /** In the order of the help. Summaries stand here, so that help need not load the commands. */
  readonly verbs: Readonly<Record<string, Verb>>;
}

export type Verb = { readonly summary: string; readonly hidden?: true } & (
  | { load(): Promise<{ command: Command }> }
  /** Another name of that command. */
  | { readonly as: readonly [noun: string, verb: string] }
);
