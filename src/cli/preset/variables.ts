/** `--var key=value`: what a preset's variables are set to. */
import { texts } from '../command.ts';

/** Words without `=` are no variables, but belong to the command. */
export const variablesOption = texts('--var <key=value...>', 'values of variables', {
  isValue: (word) => word.indexOf('=') > 0,
});

export function variablesIn(pairs: readonly string[]): Map<string, string> {
  return new Map(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}
