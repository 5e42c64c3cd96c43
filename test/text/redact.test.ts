import { describe, expect, it } from 'vitest';
import { redactor, withoutSecrets } from '../../src/text/redact.ts';

const secrets = [
  { name: 'A', value: 'abc' },
  { name: 'B', value: 'abcdef' },
  { name: 'Q', value: 'say "hi"\n\\ü' },
  { name: 'EMPTY', value: '' },
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
