import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Output } from '../../../src/cli/context.ts';
import { openScreen } from '../../../src/cli/render/screen.ts';
import { cases } from '../../support/cases.ts';

/** As much of a terminal as the screen uses: it scrolls, wraps nothing, and knows five sequences. */
class Terminal implements Output {
  readonly isTerminal = true;
  readonly color = true;
  columns = 40;
  rows = 10;
  cursorShown = true;
  written = 0;
  #lines: string[] = [''];
  #row = 0;
  #column = 0;

  line(text = ''): void {
    this.steer(`${text}\n`);
  }

  write(text: string): void {
    this.steer(text);
  }

  bytes(text: string): void {
    this.steer(text);
  }

  steer(text: string): void {
    this.written += text.length;
    for (const part of text.match(/\u001b\[[?0-9]*[A-Za-z]|[^\u001b]/g) ?? []) this.#take(part);
  }

  showCursor(visible: boolean): void {
    this.cursorShown = visible;
  }

  onResize(): () => void {
    return () => undefined;
  }

  /** Everything written so far, scrolled-out lines too. */
  get content(): string[] {
    const lines = this.#lines.map((line) => line.trimEnd());
    while (lines.at(-1) === '') lines.pop();
    return lines;
  }

  #take(part: string): void {
    const up = /^\u001b\[(\d+)A$/.exec(part)?.[1];
    if (up !== undefined) {
      const top = Math.max(0, this.#lines.length - this.rows);
      this.#row = Math.max(top, this.#row - Number(up));
    } else if (part === '\u001b[K') {
      this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column);
    } else if (part === '\u001b[J') {
      this.#lines.length = this.#row + 1;
      this.#lines[this.#row] = (this.#lines[this.#row] ?? '').slice(0, this.#column);
    } else if (part === '\r') {
      this.#column = 0;
    } else if (part === '\n') {
      this.#row += 1;
      this.#column = 0;
      if (this.#row === this.#lines.length) this.#lines.push('');
    } else if (!part.startsWith('\u001b')) {
      const line = (this.#lines[this.#row] ?? '').padEnd(this.#column);
      this.#lines[this.#row] = line.slice(0, this.#column) + part + line.slice(this.#column + 1);
      this.#column += 1;
    }
  }
}

const someLines = fc.array(
  fc
    .string({ unit: fc.constantFrom('a', 'b', ' ', 'c'), maxLength: 39 })
    .map((text) => `|${text}|`),
  { minLength: 1, maxLength: 9 },
);

describe('a block that is redrawn in place', () => {
  it('shows exactly the last lines drawn, below what was printed, whatever came before', () => {
    const steps = fc.array(
      fc.oneof(
        someLines.map((lines) => ({ draw: lines })),
        fc.constantFrom('one', 'two').map((print) => ({ print })),
      ),
      { maxLength: 20 },
    );
    fc.assert(
      fc.property(steps, (sequence) => {
        const terminal = new Terminal();
        const screen = openScreen(terminal);
        const printed: string[] = [];
        let drawn: string[] = [];
        for (const step of sequence) {
          if ('draw' in step) screen.draw((drawn = step.draw));
          else {
            screen.print(step.print);
            printed.push(step.print);
          }
          expect(terminal.content).toEqual([...printed, ...drawn]);
        }
        screen.close(true);
        expect(terminal.content).toEqual([...printed, ...drawn]);
        expect(terminal.cursorShown).toBe(true);
      }),
      { numRuns: cases({ fewest: 20, few: 100, many: 5_000 }), seed: 1 },
    );
  });

  it('writes only lines that changed, and nothing where none did', () => {
    const terminal = new Terminal();
    const screen = openScreen(terminal);
    expect(terminal.cursorShown).toBe(false);
    const still = 'x'.repeat(30);
    screen.draw([still, 'a', still]);
    const before = terminal.written;
    screen.draw([still, 'b', still]);
    expect(terminal.written - before).toBeLessThan(40);
    const between = terminal.written;
    screen.draw([still, 'b', still]);
    expect(terminal.written).toBe(between);
  });

  it('can be taken away again', () => {
    const terminal = new Terminal();
    terminal.line('before');
    const screen = openScreen(terminal);
    screen.draw(['a', 'b']);
    screen.close(false);
    terminal.line('after');
    expect(terminal.content).toEqual(['before', 'after']);
  });

  it('starts anew when the terminal was resized', () => {
    const terminal = new Terminal();
    const screen = openScreen(terminal);
    screen.draw(['a', 'b']);
    terminal.columns = 20;
    screen.draw(['c']);
    expect(terminal.content).toEqual(['c']);
  });
});
