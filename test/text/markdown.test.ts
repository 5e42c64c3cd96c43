import { describe, expect, it } from 'vitest';
import { openingWords, titleWords } from '../../src/text/markdown.ts';

describe('what a text in Markdown begins with', () => {
  it.each([
    ['## How shall we *release* this?\n\nThe change', 'How shall we *release* this?'],
    ['\n\n> **Shall** we `ship`  it? ', 'Shall we ship it?'],
    ['Which\nbase?\n\nmain, or next?', 'Which base?'],
    ['- [ ] one', '[ ] one'],
    ['1. First ##', 'First'],
    ['---\n\nText', 'Text'],
    ['2 * 3 = 6?', '2 * 3 = 6?'],
    ['snake_case and #tag', 'snake_case and #tag'],
    ['?', '?'],
    ['', ''],
  ])('%j', (markdown, words) => expect(openingWords(markdown)).toBe(words));
});

describe('the words of a title', () => {
  it.each([
    ['## How shall we *release* this?', 'How shall we release this?'],
    ['*Which* _base_ (*main*, or _next_)?', 'Which base (main, or next)?'],
    ['*.ts, *.js and a*b*c', '*.ts, *.js and a*b*c'],
    ['of a_b_c and _a_b', 'of a_b_c and _a_b'],
  ])('%j', (markdown, words) => expect(titleWords(markdown)).toBe(words));
});
