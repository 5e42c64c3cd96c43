/** What the commands on program files share: where the program is, reading FILE, showing diagnostics. */
import path from 'node:path';
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Json } from '../model/json.ts';
import { Refusal } from '../model/refusal.ts';
import type { ProgramPlace } from '../app/program/validate.ts';
import type { CliContext } from './context.ts';
import { splitProgram, type ArgumentShape } from './program-argument.ts';
import { makePaint } from './render/paint.ts';
import { plainLine, plainText } from './render/plain-text.ts';
import { renderYaml } from './render/yaml.ts';

export interface PlaceAndRest extends ProgramPlace {
  rest: string[];
}

/** Splits the words of a command, and finds what all programs share. */
export async function placeOf(
  words: string[],
  shape: ArgumentShape,
  context: CliContext,
): Promise<PlaceAndRest> {
  const { globalRootFrom } = await import('../program/global-config.ts');
  const { programDir, rest } = splitProgram(words, shape, context);
  return { programDir, rest, globalRoot: globalRootFrom(context.env, context.cwd) };
}

/** Text of FILE, relative to the working directory; `-` is standard input. */
export async function readGivenFile(file: string, context: CliContext): Promise<string> {
  if (file === '-') {
    const chunks: Buffer[] = [];
    for await (const chunk of context.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
    return Buffer.concat(chunks).toString('utf8');
  }
  const { readText } = await import('../disk/read-text.ts');
  const read = readText(path.resolve(context.cwd, file));
  if (read.ok) return read.text;
  throw new Refusal('file-unreadable', `${file} ${read.problem.message}`);
}

export function printJson(value: unknown, context: CliContext): void {
  context.stdout.line(JSON.stringify(value, null, 2));
}

export function printYaml(value: Json, context: CliContext): void {
  context.stdout.write(plainText(renderYaml(value)));
}

/** `file:line:column: error code: message`, and the hint below it. */
export function diagnosticLines(
  diagnostics: readonly Diagnostic[],
  output: CliContext['stdout'],
): string[] {
  const paint = makePaint(output.color);
  return diagnostics.flatMap((one) => {
    const place = [one.file, one.line, one.column].filter((part) => part !== null).join(':');
    const severity = one.severity === 'error' ? paint.bad('error') : paint.asks('warning');
    const where = place === '' ? one.location : place;
    const lines = [`${plainLine(where)}: ${severity} ${one.code}: ${plainLine(one.message)}`];
    if (one.hint !== null) lines.push(`    ${paint.dim('hint:')} ${plainLine(one.hint)}`);
    if (one.reference_url !== null) lines.push(`    ${paint.dim('see:')} ${one.reference_url}`);
    return lines;
  });
}

/** Warnings that an edit added, or files that a list had to leave out: to standard error. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], context: CliContext): void {
  for (const line of diagnosticLines(diagnostics, context.stderr)) context.stderr.line(line);
}

/** For options that may be repeated, one value each. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}

/** `--var a=1 b=2 PROGRAM`: words without `=` are no variables, but belong to the command. */
export function takeVariables(
  given: string[] | undefined,
  words: string[],
): { variables: Map<string, string>; words: string[] } {
  const variables = new Map<string, string>();
  const others: string[] = [];
  for (const word of given ?? []) {
    const at = word.indexOf('=');
    if (at > 0) variables.set(word.slice(0, at), word.slice(at + 1));
    else others.push(word);
  }
  // Whether they stood before or after the option, the command's own words came in their order.
  return { variables, words: [...words, ...others] };
}
