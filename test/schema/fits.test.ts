/** Schemas that stand in conditions: each is judged by itself, whatever was compiled before it. */
import { expect, it } from 'vitest';
import type { Json, JsonObject } from '../../src/model/json.ts';
import { fitsOf } from '../../src/schema/fits.ts';

it('judges each schema by itself, and one that is wrong spoils none', async () => {
  const schemas: (JsonObject | boolean)[] = [
    { const: 1 },
    { $id: 'https://e.org/x', type: 'string' },
    { $ref: 'https://e.org/x' },
    { $defs: { a: { const: 2 } }, $ref: '#/$defs/a' },
    { $defs: { a: { const: 3 } }, $ref: '#/$defs/a' },
    { $id: 'https://e.org/x', type: 'number' },
    { type: 'nonsense' },
    { $schema: 'http://json-schema.org/draft-07/schema#', items: [{ const: 4 }] },
    { items: { const: 5 } },
    true,
    false,
  ];
  const fits = await fitsOf(schemas);
  const judged = (value: Json) =>
    schemas.map((schema) => {
      const fit = fits(schema, value);
      return fit.ok ? fit.fits : null;
    });
  expect(judged(1)).toEqual([true, false, null, false, false, true, null, true, true, true, false]);
  expect(judged(3).slice(3, 5)).toEqual([false, true]);
  expect(judged([5]).slice(7, 9)).toEqual([false, true]);
  expect(judged('x').slice(1, 3)).toEqual([true, null]);
});

it('gives up on a list that takes long item by item', async () => {
  const words = Array.from({ length: 1_000 }, (_, at) => `word ${at}`);
  const schema = { type: 'array', items: { enum: words } };
  const fits = await fitsOf([schema]);
  const value = new Array<string>(2_000_000).fill('word 999');
  expect(fits(schema, value)).toMatchObject({ ok: false });
});
