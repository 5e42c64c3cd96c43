/** Numbers that a double cannot hold keep their digits. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ExactNumber,
  jsonNumber,
  parseJson,
  stringifyJson,
  withDoubles,
  type Json,
  type JsonObject,
} from '../../src/model/json.ts';

const tooLong = [
  '7615917337495251231',
  '-9007199254740993',
  '1e400',
  '-1E-400',
  '0.1234567890123456789',
];
const held = [
  '0',
  '-12',
  '9007199254740992',
  '1e23',
  '0.1',
  '0.30000000000000004',
  '1.50',
  '100000000000000000000',
];

it.each(tooLong)('%s is kept as it is written', (text) => {
  const document = `{"id": ${text}, "list": [${text}], "text": "${text}"}`;
  const value = parseJson(document) as { id: Json; list: Json[]; text: string };
  expect(value.id).toBeInstanceOf(ExactNumber);
  expect(value.text).toBe(text);
  expect(stringifyJson(value)).toBe(`{"id":${text},"list":[${text}],"text":"${text}"}`);
  expect(stringifyJson(parseJson(text))).toBe(text);
});

it.each(held)('%s is a number of JavaScript', (text) => {
  expect(jsonNumber(text)).toBe(Number(text));
  expect(parseJson(` [${text}]`)).toEqual([Number(text)]);
});

it('leaves everything else as JSON.parse and JSON.stringify have it', () => {
  fc.assert(
    fc.property(fc.jsonValue({ depthSize: 'medium' }), fc.constantFrom(0, 2), (value, space) => {
      const text = JSON.stringify(value, null, space);
      expect(parseJson(text)).toEqual(JSON.parse(text));
      expect(stringifyJson(value, space)).toBe(text);
    }),
    { seed: 1 },
  );
});

it('digits survive beside any text, also text that looks like what stands for them meanwhile', () => {
  const strange = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(
      '\0',
      '\0\0',
      '\x001',
      '\x000:12',
      '\x001:7',
      '\0\x000:1',
      '"',
      '\\',
      ': 12345678901234567890',
    ),
  );
  const digits = fc
    .tuple(fc.bigInt({ min: 10n ** 16n, max: 10n ** 60n }), fc.constantFrom('', '.5', 'e400'))
    .map(([whole, rest]) => `${whole}7${rest}`);
  fc.assert(
    fc.property(fc.array(fc.tuple(strange, strange, digits), { maxLength: 8 }), (parts) => {
      const fields = parts.map(([key, text, number], index) => {
        const name = JSON.stringify(`${key}#${index}`);
        return `${name}:[${JSON.stringify(text)},${number}]`;
      });
      const document = `{${fields.join(',')}}`;
      expect(stringifyJson(parseJson(document))).toBe(document);
    }),
    { numRuns: 50, seed: 1 },
  );
});

describe('text that is no JSON', () => {
  it.each(['', '{', '[1234567890123456789', '"\\u0000', '{"a":1e}', '01234567890123456789'])(
    '%j is refused as JSON.parse does',
    (text) => {
      expect(() => parseJson(text)).toThrow(SyntaxError);
    },
  );
});

it('takes time in proportion to the length of the text', () => {
  const nested = `${'['.repeat(100_000)}12345678901234567890${']'.repeat(100_000)}`;
  expect(parseJson(nested)).toBeInstanceOf(Array);
  const long = '9'.repeat(500_000);
  expect(stringifyJson(parseJson(`[${long},1e-${long},0.${long}]`))).toBe(
    `[${long},1e-${long},0.${long}]`,
  );
  expect(parseJson(`["${'\\u0000'.repeat(100_000)}"]`)).toEqual(['\0'.repeat(100_000)]);
});

it('reads a text of many megabytes beside a long number', () => {
  const text = 'a'.repeat(16 * 1024 * 1024);
  const read = parseJson(`{"text":"${text}","n":12345678901234567890}`) as JsonObject;
  expect(read['text'] === text).toBe(true);
  expect(stringifyJson(read['n'] as Json)).toBe('12345678901234567890');
});

it('gives those who know doubles only the nearest one that is finite', () => {
  const value = parseJson('{"a": [9007199254740993, 1e400, "x"], "b": 1}');
  expect(withDoubles(value)).toEqual({ a: [9007199254740992, Number.MAX_VALUE, 'x'], b: 1 });
  const plain = { a: [1, { b: null }] };
  expect(withDoubles(plain)).toBe(plain);
});
