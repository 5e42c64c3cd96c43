import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import { ruledOut } from '../../../src/program/rules/ruled-out.ts';

const schema: JsonObject = {
  type: 'object',
  additionalProperties: false,
  properties: {
    failures: { type: 'array', maxItems: 9, items: { $ref: '#/$defs/failure' } },
    verdict: { enum: ['ok', 'bad'] },
    free: {},
    either: { anyOf: [{ type: 'null' }, { $ref: '#/$defs/failure' }] },
    pair: { type: 'array', prefixItems: [{ type: 'string' }], items: false },
    again: { $ref: '#' },
    self: { $ref: '#/properties/self' },
    mapped: { type: 'object', additionalProperties: { type: 'integer' } },
  },
  $defs: {
    failure: {
      type: 'object',
      properties: { file: { type: 'string' } },
      additionalProperties: false,
    },
  },
};

describe('paths that a schema rules out', () => {
  it.each([
    'failures',
    'failures.0.file',
    'failures.8',
    'free.anything.0.at.all',
    'either.file',
    'pair.0',
    'again.again.failures.3.file',
    'self.whatever',
    'mapped.any',
  ])('leaves room for %s', (path) => {
    expect(ruledOut(schema, path.split('.'))).toBeNull();
  });

  it.each([
    ['failure', [], 'there is no "failure" (only'],
    ['failures.first', ['failures'], 'a list has items by index, from 0, and no "first"'],
    ['failures.9', ['failures'], 'the list has 9 items at most, counted from 0'],
    ['failures.0.line', ['failures', '0'], 'there is no "line" (only "file")'],
    ['failures.0.file.x', ['failures', '0', 'file'], 'what stands there (type string) has no "x"'],
    ['verdict.x', ['verdict'], 'what stands there has no "x"'],
    ['pair.1', ['pair', '1'], 'nothing may stand there'],
    ['mapped.any.x', ['mapped', 'any'], 'what stands there (type integer) has no "x"'],
  ])('rules out %s', (path, at, why) => {
    const out = ruledOut(schema, path.split('.'));
    if (path === 'pair.1') expect(out?.why).toBe(why);
    else expect(out).toMatchObject({ at, why: expect.stringContaining(why) as string });
  });

  it('gives up on a schema with more ways than anybody can follow', () => {
    const $defs: JsonObject = { d0: { type: 'string' } };
    for (let n = 1; n < 50; n += 1) {
      const $ref = `#/$defs/d${n - 1}`;
      $defs[`d${n}`] = { anyOf: [{ $ref }, { $ref }] };
    }
    expect(ruledOut({ $ref: '#/$defs/d49', $defs }, ['x'])).toBeNull();
  });

  it('suggests a name', () => {
    expect(ruledOut(schema, ['failure'])?.hint).toBe('Did you mean "failures"?');
  });
});
