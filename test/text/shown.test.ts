import { describe, expect, it } from 'vitest';
import { kindOfValue, schemaTypeOf, shortened, shown } from '../../src/text/shown.ts';

describe('values in a sentence', () => {
  it('shows the JSON of a value, and the beginning of a long one', () => {
    expect(shown({ a: [1, null] })).toBe('{"a":[1,null]}');
    expect(shown('x'.repeat(78))).toBe(`"${'x'.repeat(78)}"`);
    expect(shown('x'.repeat(79))).toBe(`"${'x'.repeat(76)}…`);
    expect(shown('abcdefghij', 10)).toBe('"abcdef…');
    expect(shown(null)).toBe('null');
    expect(shown(undefined)).toBe('missing');
  });

  it('cuts only what is longer than allowed', () => {
    expect(shortened('12345', 5)).toBe('12345');
    expect(shortened('123456', 5)).toBe('12…');
  });

  it.each([
    [undefined, 'nothing'],
    [null, 'null'],
    [[], 'a list'],
    [{}, 'an object'],
    ['', 'a string'],
    [0, 'a number'],
    [false, 'a boolean'],
  ])('names the kind of %j: %s', (value, kind) => {
    expect(kindOfValue(value)).toBe(kind);
  });

  it('names kinds as JSON Schema does', () => {
    expect([null, [], {}, 'x', 1, true].map(schemaTypeOf)).toEqual([
      'null',
      'array',
      'object',
      'string',
      'number',
      'boolean',
    ]);
  });
});
