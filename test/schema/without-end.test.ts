/** Schemas that a check could follow for ever. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/model/json.ts';
import { describeProblems, loadSchema } from '../../src/schema/json-schema.ts';
import { put, removeDirectory, temporaryDirectory } from '../attempt/fixture.ts';
import { processorMs } from '../support/processor-time.ts';

let root: string;
beforeEach(() => {
  root = temporaryDirectory();
});
afterEach(() => removeDirectory(root));

// On a busy machine a check is given up after half a minute, and one goes before it that understands the schema.
describe('a schema of somebody else', { timeout: 240_000 }, () => {
  const checkOf = async (schema: Json, value: Json) => {
    put(root, 's.json', JSON.stringify(schema));
    return (await loadSchema(root, 's.json')).check(value);
  };
  const trouble = async (schema: Json, value: Json): Promise<string> => {
    const checked = await checkOf(schema, value);
    if (checked.ok) throw new Error('it fits');
    return describeProblems(checked.problems);
  };

  it.each<[string, Json, Json]>([
    ['refers to itself', { $ref: '#' }, {}],
    ['refers to itself by another', { $ref: '#/$defs/a', $defs: { a: { $ref: '#' } } }, 1],
    ['refers to itself in a branch', { anyOf: [{ type: 'null' }, { $ref: '#' }] }, 1],
  ])('that %s leads nowhere, and says so', async (_, schema, value) => {
    expect(await trouble(schema, value)).toBe(
      'cannot be compared with the schema: that leads around in a circle',
    );
  });

  const said = 'cannot be compared with the schema: that takes more than 2 s';

  it('that looks at a value for years is given up', async () => {
    const $defs: JsonObject = { d0: { type: 'string' } };
    for (let n = 1; n <= 60; n += 1) {
      $defs[`d${n}`] = { allOf: [{ $ref: `#/$defs/d${n - 1}` }, { $ref: `#/$defs/d${n - 1}` }] };
    }
    expect(await trouble({ $defs, $ref: '#/$defs/d60' }, 'x')).toBe(said);
  });

  it('whose pattern tries every way through a text is given up', async () => {
    const pattern = { type: 'string', pattern: '^(a+)+$' };
    expect(await checkOf(pattern, 'aaaa')).toEqual({ ok: true });
    expect(await trouble(pattern, `${'a'.repeat(60)}!`)).toBe(said);
  });

  it('whose pattern tries every way through a name is given up', async () => {
    const names = { patternProperties: { '^(\\w+\\s?)*$': true } };
    expect(await trouble(names, { [`${'a'.repeat(60)}!`]: 1 })).toBe(said);
  });

  it('may be of great size without holding anybody up', async () => {
    const properties: JsonObject = {};
    for (let n = 0; n < 3000; n += 1) properties[`p${n}`] = { $ref: `#a${n}` };
    const $defs: JsonObject = {};
    for (let n = 0; n < 3000; n += 1) $defs[`d${n}`] = { $anchor: `a${n}`, type: 'string' };
    const check = () => checkOf({ properties, $defs }, {}).catch(() => undefined);
    // Where each reference looked through all anchors, it would be minutes.
    expect(await processorMs(check)).toBeLessThan(30_000);
  });
});
