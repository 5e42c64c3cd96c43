/**
 * What may stand at the cursor: the hidden command behind the completion scripts. One candidate a line,
 * with a tab and a description where one helps; `:dirs` and `:files` ask the shell for names. Errors
 * complete to nothing: a shell must not be disturbed.
 */
import path from 'node:path';
import * as names from '../app/program/names.ts';
import { isProgram } from '../app/program/what-is-there.ts';
import { commandTable } from './command-table.ts';
import { type Command, type Noun, takesProgram, type WordKind, written } from './command.ts';
import type { CliContext } from './context.ts';
import { placeWords, type WrittenWay } from './own-words.ts';
import { defaultProgram } from './program-argument.ts';
import { plainLine } from '../text/plain-text.ts';

interface Candidate {
  word: string;
  about?: string;
}

/** `words`: those after `codex-orch`, up to and with the one at the cursor (which may be empty). */
export async function complete(words: string[], context: CliContext): Promise<void> {
  try {
    const current = words.at(-1) ?? '';
    const found = await candidates(words.slice(0, -1), current, context);
    for (const { word, about } of found) {
      if (!word.startsWith(current) && !word.startsWith(':')) continue;
      context.stdout.line(about === undefined ? word : `${word}\t${plainLine(about)}`);
    }
  } catch {
    // Nothing to offer.
  }
}

async function candidates(
  before: string[],
  current: string,
  context: CliContext,
): Promise<Candidate[]> {
  const [first, ...rest] = before;
  if (first === undefined) {
    return [
      ...Object.entries(commandTable).map(([word, { summary }]) => ({ word, about: summary })),
      { word: '--help' },
      { word: '--version' },
    ];
  }
  const entry = Object.hasOwn(commandTable, first) ? commandTable[first] : undefined;
  if (!entry) return [];
  const loaded = await entry.load();
  if ('command' in loaded) return ofCommand(loaded.command, rest, current, context);
  const [second, ...more] = rest;
  const command = await commandOf(loaded.noun, second);
  if (command) return ofCommand(command, more, current, context);
  return Object.entries(loaded.noun.verbs)
    .filter(([, { hidden }]) => hidden !== true)
    .map(([word, { summary }]) => ({ word, about: summary }));
}

async function commandOf(noun: Noun, word: string | undefined): Promise<Command | null> {
  const verb = word !== undefined && Object.hasOwn(noun.verbs, word) ? noun.verbs[word] : undefined;
  if (!verb) return null;
  if ('load' in verb) return (await verb.load()).command;
  const [other, itsVerb] = verb.as;
  const loaded = await commandTable[other]?.load();
  return loaded && 'noun' in loaded ? commandOf(loaded.noun, itsVerb) : null;
}

function ofCommand(
  command: Command,
  typed: string[],
  current: string,
  context: CliContext,
): Candidate[] {
  const { words, pending } = withoutOptions(command, typed);
  if (pending) return ofOption(pending, words, current, command, context);
  if (!current.startsWith('-')) return ofPosition(words, current, command, context);
  const options = Object.values(command.options).flatMap((option) => [
    option,
    ...(option.others ?? []),
  ]);
  return [
    ...options.map(({ flags, about }) => ({ word: written(flags).long, about })),
    { word: '--help', about: 'show help' },
  ];
}

/** The words that are no options and no values of options, and the option whose value comes next. */
function withoutOptions(
  command: Command,
  typed: string[],
): { words: string[]; pending: WrittenWay | null } {
  const { placed, pending } = placeWords(command.options, typed);
  return { words: placed.flatMap(({ word, option }) => (option ? [] : [word])), pending };
}

function ofOption(
  { choices, kind }: WrittenWay,
  words: string[],
  current: string,
  command: Command,
  context: CliContext,
): Candidate[] {
  if (choices) return choices.map((word) => ({ word }));
  const { programDir, rest } = split(words, command, context);
  return kind === undefined ? [] : ofKind(kind, programDir, rest, current);
}

function ofPosition(
  words: string[],
  current: string,
  command: Command,
  context: CliContext,
): Candidate[] {
  const hasProgram = takesProgram(command.words);
  const { programDir, rest, isNamed } = split(words, command, context);
  const word = command.words[rest.length + (hasProgram ? 1 : 0)];
  const own =
    word?.choices?.map((each) => ({ word: each })) ??
    (word ? ofKind(word.kind, programDir, rest, current) : []);
  const mayNameProgram = hasProgram && words.length === 0 && !isNamed;
  return mayNameProgram && (own.length === 0 || defaultProgram(context) === null)
    ? [...own, { word: ':dirs' }]
    : own;
}

function split(
  words: string[],
  command: Command,
  context: CliContext,
): { programDir: string; rest: string[]; isNamed: boolean } {
  const [first] = words;
  if (first !== undefined && takesProgram(command.words)) {
    const directory = path.resolve(context.cwd, first);
    if (isProgram(directory)) return { programDir: directory, rest: words.slice(1), isNamed: true };
  }
  return { programDir: defaultProgram(context) ?? context.cwd, rest: words, isNamed: false };
}

function ofKind(
  kind: WordKind,
  programDir: string,
  before: string[],
  current: string,
): Candidate[] {
  const each = (found: string[]): Candidate[] => found.map((word) => ({ word }));
  switch (kind) {
    case 'program':
    case 'dir':
      return [{ word: ':dirs' }];
    case 'file':
      return [{ word: ':files' }];
    case 'task':
      return each(names.taskIds(programDir));
    case 'label':
      return each(names.taskLabels(programDir));
    case 'preset':
      return each(names.presetIds(programDir));
    case 'run':
      return each(['latest', ...names.newestRunIds(programDir)]);
    case 'instance':
      return each([
        ...names.instanceIds(programDir, before[0]),
        ...names.itemNames(programDir, before[0], current),
      ]);
    case 'interrupt':
      return names
        .unansweredQuestions(programDir)
        .map(({ id, question }) => ({ word: id, about: question }));
    case 'proposal':
      return each(names.proposalIds(programDir));
    case 'other':
      return [];
  }
}
