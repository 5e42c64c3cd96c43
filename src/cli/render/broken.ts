/** Messages of any length, on a terminal of some width. */
import { wrap } from '../../text/width.ts';
import type { Output } from '../context.ts';

/**
 * One line; on a terminal as many as its width asks for, those after the first indented. What holds a command stays as it
 * is: a line that the terminal breaks itself can be copied.
 */
export function broken(
  text: string,
  indent: string,
  { isTerminal, columns }: Pick<Output, 'isTerminal' | 'columns'>,
): string[] {
  if (!isTerminal || text.includes('codex-orch ')) return [text];
  const lead = /^ */.exec(text)?.[0] ?? '';
  const lines = wrap(text.slice(lead.length), Math.max(40, columns - indent.length - 1));
  return lines.map((line, index) => (index === 0 ? lead : indent) + line);
}
