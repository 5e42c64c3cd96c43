import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainLine, plainText } from '../../src/text/plain-text.ts';
import { cases } from '../support/cases.ts';

const often = { numRuns: cases({ fewest: 20, few: 100, many: 5_000 }), seed: 1 };

describe('plainText', () => {
  it.each([
    ['colour', '\u001b[31mred\u001b[0m', 'red'],
    ['cursor', 'a\u001b[2J\u001b[Hb', 'ab'],
    ['title, ended by BEL', 'a\u001b]0;owned\u0007b', 'ab'],
    ['link, ended by ST', '\u001b]8;;http://x\u001b\\text\u001b]8;;\u001b\\', 'text'],
    ['clipboard, never ended', 'a\u001b]52;c;AAAA', 'a'],
    ['device control', 'a\u001bPq#0\u001b\\b', 'ab'],
    ['eight-bit CSI', 'a\u009b31mb', 'ab'],
    ['eight-bit OSC', 'a\u009d0;t\u009cb', 'ab'],
    ['reset', 'a\u001bcb', 'ab'],
    ['cut off', 'a\u001b[', 'a'],
    ['lone escape', 'a\u001b', 'a'],
    ['bell, backspace, delete', 'a\u0007\b\u007fb', 'ab'],
    ['direction of reading', 'a\u202eb\u2066c', 'abc'],
    ['tab and newline stay', 'a\tb\nc', 'a\tb\nc'],
    ['Windows line ends', 'a\r\nb\r\r\nc', 'a\nb\nc'],
    ['progress bar', '10%\r20%', '10%\n20%'],
    ['other scripts and emoji stay', 'Grüße 漢字 👩‍💻', 'Grüße 漢字 👩‍💻'],
  ])('%s', (_, dirty, clean) => {
    expect(plainText(dirty)).toBe(clean);
  });

  it('leaves no control character in whatever comes', () => {
    const nasty = fc.array(
      fc.oneof(
        fc.constantFrom(
          '\u001b',
          '[',
          ']',
          '\u009b',
          '\u0007',
          ';',
          'm',
          '\\',
          '\r',
          'P',
          '\u009c',
        ),
        fc.string({ unit: 'binary' }),
      ),
    );
    fc.assert(
      fc.property(nasty, (parts) => {
        const clean = plainText(parts.join(''));
        expect(
          /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/.test(clean),
        ).toBe(false);
      }),
      often,
    );
  });

  it('puts everything on one line', () => {
    expect(plainLine(' a\r\n\n  b\tc \u001b[1md ')).toBe('a b c d');
  });
});
