/**
 * A block of lines at the bottom of a terminal that is redrawn in place. Only lines that changed are
 * written again, in one write, so that nothing flickers. The cursor rests below the block.
 */
import { stripVTControlCharacters } from 'node:util';
import type { Output } from '../context.ts';
import { textWidth } from '../../text/width.ts';
import { visible } from './visible.ts';

const CLEAR_TO_LINE_END = '\u001b[K';
const CLEAR_TO_SCREEN_END = '\u001b[J';
// Terminals that know synchronized output draw the whole update at once; the others ignore this.
const BEGIN_UPDATE = '\u001b[?2026h';
const END_UPDATE = '\u001b[?2026l';

export interface Screen {
  /** Replaces the block. Lines must be narrower, and fewer, than the terminal. */
  draw(lines: string[]): void;
  /** Prints a line above the block, to stay. */
  print(line: string): void;
  /** Removes the block, or leaves it as it stands, and shows the cursor again. */
  close(keep: boolean): void;
}

export function openScreen(output: Output): Screen {
  let shown: string[] = [];
  let columns = output.columns;
  output.showCursor(false);
  return {
    draw(drawn) {
      const lines = drawn.map((line) => visible(line, output.color));
      if (output.columns !== columns) {
        const erasure = erase(shown, output);
        shown = [];
        columns = output.columns;
        return write(output, erasure + update(lines));
      }
      const text = update(lines);
      if (text !== '') write(output, text);
    },
    print(line) {
      const block = shown;
      const erasure = erase(shown, output);
      shown = [];
      write(output, `${erasure}${visible(line, output.color)}\n${update(block)}`);
    },
    close(keep) {
      if (!keep) write(output, erase(shown, output));
      shown = [];
      output.showCursor(true);
    },
  };

  /** From what is shown to `lines`: moves up, rewrites what differs, ends below. */
  function update(lines: string[]): string {
    if (lines.length === shown.length && lines.every((line, index) => line === shown[index]))
      return '';
    let text = shown.length > 0 ? `\u001b[${shown.length}A\r` : '\r';
    for (const [index, line] of lines.entries()) {
      text += line === shown[index] ? '\n' : `${line}${CLEAR_TO_LINE_END}\n`;
    }
    if (lines.length < shown.length) text += CLEAR_TO_SCREEN_END;
    shown = lines;
    return text;
  }
}

/** Lines that were cut for a wider terminal have been wrapped by a narrower one. */
function erase(shown: string[], output: Output): string {
  if (shown.length === 0) return '';
  const physical = shown.reduce(
    (sum, line) =>
      sum + Math.max(1, Math.ceil(textWidth(stripVTControlCharacters(line)) / output.columns)),
    0,
  );
  return `\u001b[${Math.min(physical, Math.max(1, output.rows - 1))}A\r${CLEAR_TO_SCREEN_END}`;
}

function write(output: Output, text: string): void {
  if (text !== '') output.steer(BEGIN_UPDATE + text + END_UPDATE);
}
