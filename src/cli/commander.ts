/** Our commands as commander's, which parses them, writes their help, and finds what is wrong with a command line. */
import { Command as CommanderCommand, CommanderError, Option as CommanderOption } from 'commander';
import { stringifyJson } from '../model/json.ts';
import { Refusal } from '../model/refusal.ts';
import { suggest } from '../text/suggest.ts';
import {
  takesProgram,
  usageOf,
  written,
  type Command,
  type Noun,
  type Option,
  type Options,
  type Word,
} from './command.ts';
import type { CliContext } from './context.ts';
import { wrap } from '../text/width.ts';

/** A command that stands alone, such as `doctor`; or a noun, with the verb that is called, if it has that. */
export type Found =
  { command: Command } | { noun: Noun; called: { verb: string; command: Command } | null };

/**
 * Parses a command line, whose first word is the command or the noun, and runs it; or prints the help that it
 * asks for. @throws Refusal for wrong usage, and what the command throws
 */
export async function runCommand(argv: string[], found: Found, context: CliContext): Promise<void> {
  const [first = ''] = argv;
  const program = makeProgram(context);
  const own = program.command(first);
  if ('command' in found) fill(own, first, found.command, argv.slice(1), context);
  else fillNoun(own, first, found, argv, context);
  // `help` is a word of ours, not a command of every noun.
  own.helpCommand(false);
  try {
    await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // Help, asked for, has been printed.
    if (error.exitCode === 0) return;
    throw fromCommander(error, commandOf(program, argv), argv);
  }
}

/** Settings come before any command is added: commands inherit them from here. */
function makeProgram(context: CliContext): CommanderCommand {
  return new CommanderCommand('codex-orch')
    .exitOverride()
    .showSuggestionAfterError(false)
    .helpCommand(false)
    .helpOption('-h, --help', 'show this help')
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      // What commander has to say of errors arrives here once more, as an error that we print.
      writeErr: () => undefined,
      getOutHelpWidth: () => Math.min(context.stdout.columns, 100),
      getOutHasColors: () => context.stdout.color,
    })
    .configureHelp({
      subcommandTerm: (command) => command.name(),
      commandUsage: (command) => {
        const words = command.commands.length > 0 ? '<command> …' : command.usage();
        const lines = wrap(withWholeBrackets(`${fullName(command)} ${words}`), 72);
        return lines.join('\n         ').replaceAll(NO_BREAK, ' ');
      },
      commandDescription: descriptionOf,
    });
}

const NO_BREAK = '\u00a0';

/** What belongs together stays on one line. */
function withWholeBrackets(usage: string): string {
  let depth = 0;
  return [...usage]
    .map((character) => {
      if (character === '[') depth += 1;
      if (character === ']') depth -= 1;
      return character === ' ' && depth > 0 ? NO_BREAK : character;
    })
    .join('');
}

/**
 * What a command does, for its own help. Line breaks of the source are not the terminal's: only those
 * before an indented line stay.
 */
function descriptionOf(command: CommanderCommand): string {
  const text = command.description().replace(/\n(?! )/g, ' ');
  const summary = command.summary();
  if (text !== '' || summary === '') return text;
  return `${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`;
}

/** Only the verb that is called need be there: of the others, help shows no more than the summary. */
function fillNoun(
  group: CommanderCommand,
  name: string,
  { noun, called }: Extract<Found, { noun: Noun }>,
  argv: readonly string[],
  context: CliContext,
): void {
  group.addHelpText('after', examples(name, noun.examples));
  if (noun.description !== undefined) group.description(noun.description);
  for (const [verb, { summary, hidden }] of Object.entries(noun.verbs)) {
    const own = group.command(verb, { hidden: hidden === true }).summary(summary);
    if (called?.verb !== verb) continue;
    fill(own, `${name} ${verb}`, called.command, argv.slice(argv.indexOf(verb) + 1), context);
  }
}

/** `line`: what follows the command's name. */
function fill(
  own: CommanderCommand,
  name: string,
  command: Command,
  line: readonly string[],
  context: CliContext,
): void {
  const { words, options, notes } = command;
  if (command.description !== undefined) own.description(command.description);
  const hasProgram = takesProgram(words);
  if (hasProgram) own.argument('[words...]');
  else for (const word of words) own.argument(argumentOf(word), word.about);
  const usage = [hasProgram ? usageOf(words, 'help') : '', command.usage ?? ''].filter(
    (part) => part !== '',
  );
  if (usage.length > 0) own.usage(usage.join(' '));
  for (const option of Object.values(options)) addOption(own, option);
  const after = [examples(name, command.examples), ...(notes === undefined ? [] : [notes])];
  own.addHelpText('after', after.join('\n\n'));
  own.action(async () => {
    const values = valuesOf(own, options);
    let read: unknown[] = own.processedArgs.map((value: unknown) => value ?? null);
    if (hasProgram) {
      const { shareWords } = await import('./own-words.ts');
      const { readWords } = await import('./program-argument.ts');
      const shared = shareWords(command, line, context);
      Object.assign(values, shared.several);
      const inErrors = [name, usageOf(words, 'error'), command.usageInErrors ?? ''];
      const usage = inErrors.filter((part) => part !== '').join(' ');
      read = readWords(words, shared.own, usage, context);
    }
    const printJson = (value: unknown): void => context.stdout.line(stringifyJson(value, 2));
    await command.run({ words: read, options: values, printJson }, context);
  });
}

function argumentOf({ name, isRest, isOptional }: Word): string {
  if (isRest) return `[${name}...]`;
  return isOptional ? `[${name}]` : `<${name}>`;
}

function addOption(own: CommanderCommand, option: Option): void {
  const { flags, about, absent, choices, shownDefault, others = [] } = option;
  const added = new CommanderOption(flags, about);
  if (choices) added.choices(choices);
  if (shownDefault !== undefined) {
    added.default(absent, shownDefault === true ? undefined : shownDefault);
  }
  if (option.isMandatory) added.makeOptionMandatory();
  // Of `choices`, what checks one word.
  const check = added.parseArg as ((word: string, before: unknown) => unknown) | undefined;
  const parse = option.parse ?? ((word: string): unknown => check?.(word, undefined) ?? word);
  if (option.isRepeated) added.argParser(adding(parse));
  else if (option.parse) added.argParser(parse);
  own.addOption(added);
  const name = added.attributeName();
  for (const { parse: parseOther, ...other } of others) {
    const way = new OtherWay(other.flags, other.about, name);
    if (parseOther) way.argParser(adding(parseOther));
    own.addOption(way);
  }
  // Scripts may say that they do not want what a flag stands for.
  const { long, takesValue } = written(flags);
  const contrary = `--no-${long.slice(2)}`;
  if (takesValue || others.some((other) => other.flags === contrary)) return;
  own.addOption(new OtherWay(contrary, '', name).hideHelp());
}

function adding(parse: (word: string) => unknown) {
  return (word: string, before: unknown[] | undefined): unknown[] => [
    ...(before ?? []),
    parse(word),
  ];
}

/** What it says goes where the value of the option named goes; without a value, it says the contrary. */
class OtherWay extends CommanderOption {
  readonly #name: string;

  constructor(flags: string, about: string, name: string) {
    super(flags, about);
    this.negate = !this.required;
    this.#name = name;
  }

  override attributeName(): string {
    return this.#name;
  }
}

/** The options by their names here. */
function valuesOf(own: CommanderCommand, options: Options): Record<string, unknown> {
  const given: Record<string, unknown> = own.opts();
  const values = Object.entries(options).map(([name, { flags, about, absent }]) => {
    const value = given[new CommanderOption(flags, about).attributeName()] ?? absent;
    return [name, value] as const;
  });
  return Object.fromEntries(values);
}

function examples(name: string, lines: readonly string[]): string {
  const whole = lines.map((line) => `  codex-orch ${`${name} ${line}`.trimEnd()}`);
  return ['', 'Examples:', ...whole].join('\n');
}

/** The command that the words name, as deep as they name one. */
function commandOf(program: CommanderCommand, argv: string[]): CommanderCommand {
  let command = program;
  for (const word of argv) {
    const next = command.commands.find((child) => child.name() === word);
    if (!next) break;
    command = next;
  }
  return command;
}

function fromCommander(error: CommanderError, command: CommanderCommand, argv: string[]): Refusal {
  const name = fullName(command);
  const see = `see: ${name} --help`;
  if (error.code === 'commander.help') {
    const names = visible(command).join(', ');
    return new Refusal('command-missing', `${name}: which command? One of: ${names}`, {
      hint: see,
    });
  }
  const message = error.message.replace(/^error: /, '').replaceAll("'", '"');
  const quoted = /"([^"]*)"/.exec(message)?.[1] ?? '';
  if (error.code === 'commander.unknownOption') {
    const flags = command.options.filter((o) => !o.hidden).flatMap((o) => [o.long, o.short]);
    const near = suggest(
      quoted,
      [...flags, '--help'].filter((flag) => flag !== null && flag !== undefined),
    );
    const hint = near === null ? see : `did you mean ${near}? Otherwise ${see}`;
    return new Refusal('unknown-option', `${name}: ${message}`, { hint });
  }
  if (error.code === 'commander.unknownCommand') {
    const near = suggest(quoted, visible(command));
    const rest = argv.slice(argv.indexOf(quoted) + 1);
    const hint = near === null ? see : `did you mean: ${[name, near, ...rest].join(' ')}`;
    return new Refusal('unknown-command', `${name} has no command "${quoted}"`, { hint });
  }
  return new Refusal(error.code.replace('commander.', ''), `${name}: ${message}`, { hint: see });
}

function visible(command: CommanderCommand): string[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((child) => child.name());
}

function fullName(command: CommanderCommand): string {
  const names: string[] = [];
  for (let at: CommanderCommand | null = command; at !== null; at = at.parent)
    names.unshift(at.name());
  return names.join(' ');
}
