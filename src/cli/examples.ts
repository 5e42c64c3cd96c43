/** The Examples section that every command's help ends with. */

/** For `command.addHelpText('after', examples([...]))`: one command line each, without `codex-orch`. */
export function examples(lines: string[]): string {
  return ['', 'Examples:', ...lines.map((line) => `  codex-orch ${line}`)].join('\n');
}
