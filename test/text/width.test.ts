import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginning, fit, pad, textWidth, wrap } from '../../src/text/width.ts';
import { cases } from '../support/cases.ts';
import { processorMs } from '../support/processor-time.ts';

const often = { numRuns: cases({ fewest: 40, few: 200, many: 5_000 }), seed: 1 };
const marks = '\u0301'.repeat(500);

describe('the width of a text', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['é', 1],
    ['e\u0301', 1],
    ['Z\u0351\u036b\u0343a\u0321\u034el', 3],
    ['漢字', 4],
    ['カタカナ', 8],
    ['ｶﾀｶﾅ', 4],
    ['Ａ１', 4],
    ['한국', 4],
    ['\u1112\u1161\u11ab', 2],
    ['。「」', 6],
    ['\u3000', 2],
    ['𠮷', 2],
    ['ส้ม', 2],
    ['שלום', 4],
    ['नमस्ते', 4],
    ['🚀', 2],
    ['✅', 2],
    ['✔', 1],
    ['✔️', 2],
    ['❤', 1],
    ['❤️', 2],
    ['❤︎', 1],
    ['☺️', 2],
    ['⚠', 1],
    ['⚠️', 2],
    ['▶️', 2],
    ['1️⃣', 2],
    ['#️⃣', 2],
    ['👍🏽', 2],
    ['🏽', 2],
    ['👩‍💻', 2],
    ['👨‍👩‍👧‍👦', 2],
    ['🏳️‍🌈', 2],
    ['🏴󠁧󠁢󠁳󠁣󠁴󠁿', 2],
    ['🇩🇪', 2],
    ['🇩🇪🇫🇷', 4],
    ['🧑🏿‍🚀', 2],
    ['🫠', 2],
    ['👁️‍🗨️', 2],
    ['a\u200bb', 2],
    ['a\u200db', 2],
    ['\ufeffa', 1],
    ['a\u00a0b', 3],
    ['—…“”', 4],
    ['●○·✖', 4],
    ['┌─┐', 3],
    ['Ωя', 2],
    ['ﷺ', 1],
    ['a\tb', 9],
    ['\t', 8],
    ['漢\tb', 9],
    ['😀😀', 4],
    [`e${marks}`, 1],
  ])('%j', (text, width) => {
    expect(textWidth(text)).toBe(width);
  });
});

const seen = fc.array(
  fc.oneof(
    fc.constantFrom(
      '👨‍👩‍👧‍👦',
      '🇩🇪',
      'e\u0301',
      '漢',
      '❤️',
      '1️⃣',
      '👍🏽',
      'a',
      ' ',
      '한',
      '\u1112\u1161\u11ab',
    ),
    fc.string({ unit: 'grapheme', maxLength: 3 }),
  ),
  { maxLength: 20 },
);
const graphemesOf = (text: string): string[] =>
  [...new Intl.Segmenter(undefined, { granularity: 'grapheme' }).segment(text)].map(
    ({ segment }) => segment,
  );
/** Whether `part` ends where a grapheme of `whole` ends. */
function isWhole(part: string, whole: string): boolean {
  let units = 0;
  for (const each of graphemesOf(whole)) {
    if (units === part.length) return true;
    units += each.length;
  }
  return units === part.length;
}

describe('a text that is cut', () => {
  it('has an ellipsis where something is gone', () => {
    expect(fit('abcdef', 4)).toBe('abc…');
    expect(fit('abcd', 4)).toBe('abcd');
    expect(fit('漢字漢字', 5)).toBe('漢字…');
    expect(fit('漢字漢字', 4)).toBe('漢…');
    expect(fit('a👨‍👩‍👧‍👦b', 3)).toBe('a…');
    expect(fit('a👨‍👩‍👧‍👦b', 4)).toBe('a👨‍👩‍👧‍👦b');
    expect(fit('🇩🇪🇫🇷', 3)).toBe('🇩🇪…');
    expect(fit('ee\u0301e', 2)).toBe('e…');
    expect(fit('abc', 0)).toBe('');
    expect(fit(`ab${marks}`, 10)).toBe('a…');
    expect(beginning('abcdef', 4)).toBe('abc…');
    expect(beginning('😀😀😀', 4)).toBe('😀…');
    expect(beginning('a👨‍👩‍👧‍👦b', 6)).toBe('a…');
    expect(beginning(marks, 100)).toBe('…');
  });

  it('is never cut within what is seen as one, nor wider than asked for', () => {
    fc.assert(
      fc.property(seen, fc.nat(40), (parts, columns) => {
        const text = parts.join('');
        const cut = fit(text, columns);
        expect(textWidth(cut)).toBeLessThanOrEqual(columns);
        if (cut !== text && cut !== '') expect(isWhole(cut.slice(0, -1), text)).toBe(true);
        const short = beginning(text, columns + 1);
        expect(short.length).toBeLessThanOrEqual(columns + 1);
        if (short !== text) expect(isWhole(short.slice(0, -1), text)).toBe(true);
        for (const line of wrap(text.replaceAll('\n', ''), columns + 2)) {
          expect(/\p{Cs}/u.test(line)).toBe(false);
        }
      }),
      often,
    );
  });

  it('takes no longer for a megabyte than to look at it', async () => {
    const long = '漢'.repeat(500_000);
    const took = await processorMs(() => {
      expect(textWidth(fit(long, 80))).toBeLessThanOrEqual(80);
      expect(fit(`${'e\u0301'.repeat(250_000)}`, 80)).toHaveLength(159);
      expect(beginning(long, 100)).toHaveLength(100);
    });
    // Where each step looked at the rest, it would be minutes.
    expect(took).toBeLessThan(10_000);
  });
});

it('fills up and wraps', () => {
  expect(pad('漢', 4)).toBe('漢  ');
  expect(pad('👩‍💻', 4)).toBe('👩‍💻  ');
  expect(wrap('one two three\nfour', 8)).toEqual(['one two', 'three', 'four']);
  expect(wrap('averylongword x', 5)).toEqual(['averylongword', 'x']);
  expect(wrap('漢字漢字 x', 5)).toEqual(['漢字', '漢字 x'.slice(0, 2), 'x']);
});
