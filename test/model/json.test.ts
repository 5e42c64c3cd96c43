import { expect, it } from 'vitest';
import { setField, type JsonObject } from '../../src/model/json.ts';

it('sets a field of any name', () => {
  const target: JsonObject = {};
  setField(target, '__proto__', { polluted: true });
  setField(target, 'plain', 1);
  setField(target, 'plain', 2);
  expect(JSON.stringify(target)).toBe('{"__proto__":{"polluted":true},"plain":2}');
  expect('polluted' in target).toBe(false);
});
