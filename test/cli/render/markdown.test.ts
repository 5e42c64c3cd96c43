/** Markdown as a terminal shows it. */
import { describe, expect, it } from 'vitest';
import { markdownLines } from '../../../src/cli/render/markdown.ts';
import { makePaint } from '../../../src/cli/render/paint.ts';
import { textWidth } from '../../../src/text/width.ts';

const plain = (markdown: string, columns = 40): string =>
  markdownLines(markdown, columns, makePaint(false)).join('\n');

describe('Markdown on a terminal', () => {
  it('has no marks but those that mean something, and keeps the line breaks of who wrote it', () => {
    expect(plain('# Ship *it*\n\nSee `dist/` and **all** of\n[the notes](notes.md).')).toBe(
      'Ship it\n\nSee `dist/` and all of\nthe notes (notes.md).',
    );
    expect(plain('2:TODO a\n3:TODO b')).toBe('2:TODO a\n3:TODO b');
  });

  it('aligns lists under their marks, also within each other', () => {
    expect(plain('- one\n- two that is long enough to be broken here\n  - deep\n\n3. three')).toBe(
      '- one\n- two that is long enough to be broken\n  here\n  - deep\n\n3. three',
    );
    expect(plain('- [x] done\n- [ ] open')).toBe('- [x] done\n- [ ] open');
  });

  it('leaves code as it is, however long', () => {
    const line = 'x'.repeat(90);
    expect(plain(`\`\`\`\n${line}\n\n  two\n\`\`\``)).toBe(`  ${line}\n\n    two`);
  });

  it('shows tables as tables that fit', () => {
    const shown = plain('| file | size |\n| --- | ---: |\n| a.js | 12 |\n| b.js | 4 |');
    expect(shown).toBe('file  size\na.js  12\nb.js  4');
    const wide = plain(`| a | b |\n| - | - |\n| ${'word '.repeat(20)} | ${'more '.repeat(20)} |`);
    for (const each of wide.split('\n')) expect(textWidth(each)).toBeLessThanOrEqual(40);
    expect([...wide.matchAll(/word|more/g)]).toHaveLength(40);
  });

  it('breaks a word of a table that is too long for its column, and cuts nothing off', () => {
    const word = 'abcdefghij'.repeat(6);
    const shown = plain(`| a | b |\n| - | - |\n| ${word} | ${'more '.repeat(9)} |`);
    for (const each of shown.split('\n')) expect(textWidth(each)).toBeLessThanOrEqual(40);
    expect(shown).not.toContain('…');
    const first = shown.split('\n').map((line) => line.split('  ')[0] ?? '');
    expect(first.slice(1).join('')).toBe(word);
  });

  it('colours the lines of a difference', () => {
    const lines = markdownLines('```diff\n-old\n+new\n```', 40, makePaint(true));
    expect(lines).toEqual(['  \u001b[31m-old\u001b[39m', '  \u001b[32m+new\u001b[39m']);
  });

  it('lets nothing through that steers a terminal, and no HTML act', () => {
    expect(plain('a\u001b[2Jb\u202ec')).toBe('abc');
    expect(plain('<b>bold</b> & more')).toBe('<b>bold</b> & more');
  });

  it.each([
    ['nested without end', `${'> '.repeat(2000)}deep`],
    ['of half a million lines', `${'\n'.repeat(500_000)}deep`],
    ['all marks', `${'*_`[('.repeat(6000)}deep`],
    [
      'a list in a list',
      `${Array.from({ length: 300 }, (_, at) => `${' '.repeat(at * 2)}- `).join('\n')}deep`,
    ],
  ])('shows what is %s', (_, markdown) => {
    expect(plain(markdown).replace(/\n/g, '')).toContain('deep');
  });
});
