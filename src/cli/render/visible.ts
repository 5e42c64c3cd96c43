/**
 * The last gate before a terminal or a pipe: every text that the command line prints passes here. Of escape
 * sequences only our own colours pass. Whatever else could move the cursor, set the title, fill the clipboard or
 * turn the direction of reading is shown as `\u001b`, which in JSON and in quoted YAML means the same as before.
 */
import type { Output } from '../context.ts';

// C0 but tab and newline, DEL, C1, and the bidirectional controls (Unicode TR 36). The colours of paint.ts first.
const suspect =
  /\u001b\[(?:1|2|22|3[1-6]|39)m|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** `color`: whether our colours pass. */
export function visible(text: string, color: boolean): string {
  return text.replace(suspect, (found) => {
    if (found.length === 1) return shownCode(found);
    return color ? found : shownCode('\u001b') + found.slice(1);
  });
}

/** The ways to write to `put`, of which all but `steer` pass the gate. */
export function gated(
  put: (text: string) => void,
  { isTerminal, color }: Pick<Output, 'isTerminal' | 'color'>,
): Pick<Output, 'line' | 'write' | 'bytes' | 'steer'> {
  return {
    line: (text = '') => put(`${visible(text, color)}\n`),
    write: (text) => put(visible(text, color)),
    bytes: (text) => put(isTerminal ? visible(text, false) : text),
    steer: put,
  };
}

function shownCode(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
