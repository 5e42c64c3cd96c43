import { describe, expect, it } from 'vitest';
import { broken } from '../../../src/cli/render/broken.ts';
import { textWidth } from '../../../src/text/width.ts';

const message = 'tasks/a.yaml:3:1: error task.unknown: ' + 'a word that goes on '.repeat(8).trim();

describe('a long message', () => {
  it('is one line where it is no terminal that it goes to', () => {
    expect(broken(message, '  ', { isTerminal: false, columns: 80 })).toEqual([message]);
  });

  it.each([40, 60, 80, 200])('fits a terminal of %i, and says all', (columns) => {
    const lines = broken(message, '    ', { isTerminal: true, columns });
    for (const line of lines) expect(textWidth(line)).toBeLessThan(Math.max(columns, 46));
    expect(lines.map((line) => line.trim()).join(' ')).toBe(message);
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {4}\S/);
  });

  it('keeps its own indent, and a command whole', () => {
    const command = '    hint: codex-orch run start ' + 'word '.repeat(30).trim();
    expect(broken(command, '      ', { isTerminal: true, columns: 80 })).toEqual([command]);
    const [first] = broken(`    hint: ${message}`, '      ', { isTerminal: true, columns: 80 });
    expect(first).toMatch(/^ {4}hint: tasks/);
  });
});
