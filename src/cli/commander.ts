/** Our commands as commander's, which parses them and writes their help. */
import type { Command as CommanderCommand, Option as CommanderOption } from 'commander';
import type { Command, Noun } from './command.ts';
import type { CliContext } from './context.ts';
import type { Option, Options } from './options.ts';
import { readWords, takesProgram, usageOf, type Word } from './words.ts';

/**
 * A noun with its verbs. Only the one that is called need be there: of the others, help shows no more
 * than the summary.
 */
export function addNoun(
  parent: CommanderCommand,
  name: string,
  noun: Noun,
  called: { verb: string; command: Command } | null,
  context: CliContext,
): void {
  const group = parent.command(name).addHelpText('after', examples(name, noun.examples));
  if (noun.description !== undefined) group.description(noun.description);
  for (const [verb, { summary, hidden }] of Object.entries(noun.verbs)) {
    const own = group.command(verb, { hidden: hidden === true }).summary(summary);
    if (called?.verb === verb) fill(own, `${name} ${verb}`, called.command, context);
  }
}

/** A command that stands alone, such as `doctor`. */
export function addCommand(
  parent: CommanderCommand,
  name: string,
  command: Command,
  context: CliContext,
): void {
  fill(parent.command(name), name, command, context);
}

function fill(own: CommanderCommand, name: string, command: Command, context: CliContext): void {
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
    const { values, released } = valuesOf(own, options);
    const typed = own.processedArgs as (string | string[] | undefined)[];
    let read: unknown[] = typed;
    if (hasProgram) {
      const inErrors = [name, usageOf(words, 'error'), command.usageInErrors ?? ''];
      const line = inErrors.filter((part) => part !== '').join(' ');
      const given = [...((typed[0] ?? []) as string[]), ...released];
      read = readWords(words, given, line, context);
    }
    const printJson = (value: unknown): void => context.stdout.line(JSON.stringify(value, null, 2));
    await command.run({ words: read, options: values, printJson }, context);
  });
}

function argumentOf({ name, isRest }: Word): string {
  return isRest ? `[${name}...]` : `<${name}>`;
}

function addOption(own: CommanderCommand, option: Option): void {
  const { flags, about, absent, choices, shownDefault, contrary } = option;
  const added: CommanderOption = own.createOption(flags, about);
  if (choices) added.choices(choices);
  if (shownDefault !== undefined) {
    added.default(absent, shownDefault === true ? undefined : shownDefault);
  }
  if (option.isMandatory) added.makeOptionMandatory();
  const parse = option.parse ?? ((word: string): unknown => word);
  if (option.isRepeated) {
    added.argParser((word, before: unknown[] | undefined) => [...(before ?? []), parse(word)]);
  } else if (option.parse) added.argParser(parse);
  own.addOption(added);
  if (contrary) own.option(contrary.flags, contrary.about);
}

/** The options by their names here, and the words that they gave back. */
function valuesOf(
  own: CommanderCommand,
  options: Options,
): { values: Record<string, unknown>; released: string[] } {
  const given: Record<string, unknown> = own.opts();
  const released: string[] = [];
  const values = Object.entries(options).map(([name, option]) => {
    const { flags, about, absent, isValue } = option;
    const value = given[own.createOption(flags, about).attributeName()] ?? absent;
    if (!isValue) return [name, value] as const;
    const several = value as string[];
    released.push(...several.filter((word) => !isValue(word)));
    return [name, several.filter(isValue)] as const;
  });
  return { values: Object.fromEntries(values), released };
}

function examples(name: string, lines: readonly string[]): string {
  const whole = lines.map((line) => `  codex-orch ${`${name} ${line}`.trimEnd()}`);
  return ['', 'Examples:', ...whole].join('\n');
}
