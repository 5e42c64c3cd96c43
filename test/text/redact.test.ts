import { describe, expect, it } from 'vitest';
import { redactor, withoutSecrets } from '../../src/text/redact.ts';

const secrets = [
  { name: 'A', value: 'abc' },
  { name: 'B', value: 'abcdef' },
  { name: 'Q', value: 'say "hi"\n\\ü' },
  { name: 'EMPTY', value: '' },
  { name: 'U', value: 'postgres://u:p@h/db?a=1&b=<2>' },
  { name: 'K', value: 'key 🔑' },
];

function shown(text: string, pieceBytes: number): string {
  const bytes = Buffer.from(text).toString('latin1');
  const { push, end } = redactor(secrets);
  let all = '';
  for (let at = 0; at < bytes.length; at += pieceBytes)
    all += push(bytes.slice(at, at + pieceBytes));
  return Buffer.from(all + end(), 'latin1').toString();
}

describe.each([1, 2, 3, 7, 1000])('secrets in pieces of %i bytes', (pieceBytes) => {
  it.each([
    ['x abc y', 'x ‹A› y'],
    ['abcdef', '‹B›'],
    ['abcde', '‹A›de'],
    ['ababcabcdefab', 'ab‹A›‹B›ab'],
    ['say "hi"\n\\ü!', '‹Q›!'],
    [JSON.stringify('=say "hi"\n\\ü='), '"=‹Q›="'],
    [JSON.stringify(JSON.stringify({ a: 'say "hi"\n\\ü' })), JSON.stringify('{"a":"‹Q›"}')],
    ['"say \\"hi\\"\\n\\\\\\u00fc"', '"‹Q›"'],
    ['nothing of it: ü', 'nothing of it: ü'],
    ['postgres://u:p@h/db?a=1&b=<2>', '‹U›'],
    // As Go writes JSON, PHP, and Java; each in that of another.
    ['"postgres://u:p@h/db?a=1\\u0026b=\\u003c2\\u003e"', '"‹U›"'],
    ['"postgres:\\/\\/u:p@h\\/db?a=1&b=<2>"', '"‹U›"'],
    ['"postgres://u:p@h/db?a=1\\u0026b=\\u003C2\\u003E"', '"‹U›"'],
    [JSON.stringify('"postgres:\\/\\/u:p@h\\/db?a=1\\u0026b=<2>"'), JSON.stringify('"‹U›"')],
    ['"postgres:\\\\/\\\\/u:p@h\\\\/db?a=1\\u0026b=\\u003c2\\u003e"', '"‹U›"'],
    ['key \\ud83d\\udd11! key \\uD83D\\uDD11! key 🔑!', '‹K›! ‹K›! ‹K›!'],
    ['postgres:\\/x', 'postgres:\\/x'],
    ['key \\ud83d', 'key \\ud83d'],
  ])('%j', (text, expected) => {
    expect(shown(text, pieceBytes)).toBe(expected);
  });
});

it('shows at once what can be no part of a secret', () => {
  const { push } = redactor(secrets);
  expect(push('a line\n')).toBe('a line\n');
  expect(push('ab')).toBe('');
  expect(push('!')).toBe('ab!');
});

it('leaves secrets out of a value, as the environment of an attempt names them', () => {
  const env = { CODEX_ORCH_REDACTED: 'A,Q,EMPTY', A: 'abc', Q: 'say "hi"\n\\ü', B: 'abcdef' };
  const value = { 'key abc': ['=say "hi"\n\\ü=', 1, null, { deep: 'abcdef' }] };
  const without = { 'key ‹A›': ['=‹Q›=', 1, null, { deep: '‹A›def' }] };
  expect(withoutSecrets(value, env)).toEqual(without);
  expect(withoutSecrets(value, { A: 'abc' })).toBe(value);
});
