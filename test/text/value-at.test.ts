import { describe, expect, it } from 'vitest';
import { parseReference } from '../../src/model/references.ts';
import { inputAt, inputValue, valueAt } from '../../src/text/value-at.ts';

describe('references with paths', () => {
  it.each([
    ['deps.find.result', { kind: 'dep_result', scope: 'find', path: [] }],
    [
      'deps.find.result.failures.0.file',
      { kind: 'dep_result', scope: 'find', path: ['failures', '0', 'file'] },
    ],
    ['deps.a.b.result.x', { kind: 'dep_result', scope: 'a.b', path: ['x'] }],
    ['deps.find.artifacts.a.result', { kind: 'dep_artifact', scope: 'find', path: 'a.result' }],
    ['inputs.failure.file', { kind: 'input', name: 'failure.file' }],
  ])('%s', (ref, reference) => {
    const parsed = parseReference(ref, ['find', 'a.b', 'a']);
    expect(parsed).toEqual({ ok: true, reference, otherwise: null });
  });

  it('takes the longest of the names that could be meant, and says which other could', () => {
    expect(parseReference('deps.a.result.result', ['a', 'a.result'])).toEqual({
      ok: true,
      reference: { kind: 'dep_result', scope: 'a.result', path: [] },
      otherwise: 'a',
    });
  });

  it.each([
    ['deps.find.result.', 'form', null],
    ['deps.find.result.a..b', 'form', null],
    ['deps.find.results', 'form', null],
    ['deps.fnd.result.a', 'scope', 'fnd'],
    ['deps.fnd.artifacts.a', 'scope', 'fnd'],
  ])('refuses %s', (ref, reason, scope) => {
    expect(parseReference(ref, ['find'])).toEqual({ ok: false, reason, scope });
  });
});

describe('what a path leads to', () => {
  const result = { failures: [{ file: 'a.ts', line: 3 }, null], text: 'x', none: [] };

  it.each([
    ['failures.0.file', 'a.ts'],
    ['failures.1', null],
    ['failures.0', { file: 'a.ts', line: 3 }],
  ])('%s', (path, value) => {
    expect(valueAt(result, path.split('.'))).toEqual({ ok: true, value });
  });

  it.each([
    ['failure', 'the result has no "failure" (it has "failures", "text", "none")'],
    ['failures.2', '"failures" is a list of 2, and has no item 2 (they count from 0)'],
    ['failures.00', '"failures" is a list of 2: "00" is no index'],
    ['none.0', '"none" is an empty list, and has no item 0 (they count from 0)'],
    ['text.length', '"text" is a string, which has no "length"'],
    ['failures.1.file', '"failures.1" is null, which has no "file"'],
    ['toString', 'the result has no "toString" (it has "failures", "text", "none")'],
  ])('%s is not there', (path, reason) => {
    expect(valueAt(result, path.split('.'), 'the result')).toMatchObject({ ok: false, reason });
  });

  it('suggests the key that was probably meant', () => {
    expect(valueAt(result, ['failure'])).toMatchObject({ hint: 'Did you mean "failures"?' });
  });

  it('finds inputs by the longest key that was given', () => {
    const values = { a: { b: 1, c: 2 }, 'a.b': 3 };
    expect(inputValue(values, 'a.b')).toEqual({ ok: true, value: 3 });
    expect(inputValue(values, 'a.c')).toEqual({ ok: true, value: 2 });
    expect(inputValue(values, 'x.y')).toBeNull();
    expect(inputAt('a..b', (key) => key === 'a')).toBeNull();
  });
});
