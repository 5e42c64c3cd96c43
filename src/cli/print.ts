/** YAML and diagnostics, as several commands print them. */
import type { Diagnostic } from '../model/diagnostic.ts';
import type { Json } from '../model/json.ts';
import type { CliContext } from './context.ts';
import { broken } from './render/broken.ts';
import { makePaint } from './render/paint.ts';
import { plainLine } from '../text/plain-text.ts';
import { renderYaml } from './render/yaml.ts';

export function printYaml(value: Json, context: CliContext): void {
  context.stdout.write(renderYaml(value));
}

/** `file:line:column: error code: message`, and the hint below it. */
export function diagnosticLines(
  diagnostics: readonly Diagnostic[],
  output: CliContext['stdout'],
): string[] {
  const paint = makePaint(output.color);
  return diagnostics.flatMap((one) => {
    const place = [one.file, one.line, one.column].filter((part) => part !== null).join(':');
    const severity = { error: paint.bad, warning: paint.asks, note: paint.dim }[one.severity];
    const where = place === '' ? one.location : place;
    const named = severity(one.severity);
    const head = `${plainLine(where)}: ${one.severity} ${one.code}: ${plainLine(one.message)}`;
    const [first = '', ...more] = broken(head, '    ', output);
    const lines = [first.replace(`: ${one.severity} `, () => `: ${named} `), ...more];
    if (one.excerpt !== undefined) lines.push(...excerptLines(one.excerpt, one.column ?? 1));
    if (one.hint !== null) {
      const [hint = '', ...rest] = broken(`    hint: ${plainLine(one.hint)}`, '      ', output);
      lines.push(hint.replace('hint:', paint.dim('hint:')), ...rest);
    }
    if (one.reference_url !== null) lines.push(`    ${paint.dim('see:')} ${one.reference_url}`);
    return lines;
  });
}

/** The line, and a caret below the column. Tabs and what a terminal would act on take one place each. */
function excerptLines(excerpt: string, column: number): string[] {
  const indent = excerpt.length - excerpt.trimStart().length;
  const shown = ' '.repeat(indent) + plainLine(excerpt.replaceAll('\t', ' '));
  return [`    | ${shown}`, `    | ${' '.repeat(column - 1)}^`];
}

/** Warnings that an edit added, or files that a list had to leave out: to standard error. */
export function printDiagnostics(diagnostics: readonly Diagnostic[], context: CliContext): void {
  for (const line of diagnosticLines(diagnostics, context.stderr)) context.stderr.line(line);
}
