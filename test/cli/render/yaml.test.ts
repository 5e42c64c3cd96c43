import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import type { Json } from '../../../src/model/json.ts';
import { renderYaml } from '../../../src/cli/render/yaml.ts';
import { cases } from '../../support/cases.ts';

it('shows a record as a person would write it', () => {
  const record: Json = {
    id: '20260101000000-0123abcd',
    created_at: '2026-01-01T00:00:00.000Z',
    title: 'Say: "no"',
    roots: ['build', 'on'],
    none: [],
    nothing: null,
    count: 3,
    prompt: 'First line\n\n  indented: yes\nlast\n',
    instances: [{ task: 'a', bound: { up: 'b-1' } }, {}, [['x']]],
  };
  expect(renderYaml(record)).toBe(`id: 20260101000000-0123abcd
created_at: 2026-01-01T00:00:00.000Z
title: "Say: \\"no\\""
roots:
  - build
  - "on"
none: []
nothing: null
count: 3
prompt: |
  First line

    indented: yes
  last
instances:
  - task: a
    bound:
      up: b-1
  - {}
  - - - x
`);
  expect(parse(renderYaml(record))).toEqual(record);
});

const pieces = [
  ' ',
  '\n',
  '\t',
  ': ',
  '#',
  ' #',
  '- ',
  '---',
  '"',
  "'",
  '|',
  '>',
  '&a',
  '*',
  '!',
  '%',
  '@',
];
const more = [
  '{',
  '[',
  '0',
  '1e3',
  '0x1',
  '.5',
  'null',
  'Yes',
  '2001-01-01',
  '\r',
  '\u0085',
  '\u2028',
  '\ufeff',
  'é🎈',
  'word',
];
const text = fc.oneof(
  fc.array(fc.constantFrom(...pieces, ...more), { maxLength: 6 }).map((all) => all.join('')),
  fc.string({ unit: 'binary' }),
);

it.each(['1.1', '1.2'] as const)('reads back as the same, as YAML %s', (version) => {
  const { json } = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 4 },
      text,
      fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()),
      fc.constant(null),
      fc.array(tie('json'), { maxLength: 4 }),
      fc.dictionary(text, tie('json'), { maxKeys: 4 }),
    ) as fc.Arbitrary<Json>,
  }));
  const plainJson = (value: Json): Json => JSON.parse(JSON.stringify(value)) as Json;
  fc.assert(
    fc.property(json, (value) => {
      // Dates are dates in YAML 1.1; the time stamps of our records may be read as such.
      if (version === '1.1' && /\d{4}-\d\d-\d\d/.test(JSON.stringify(value))) return;
      expect(plainJson(parse(renderYaml(plainJson(value)), { version }) as Json)).toEqual(
        plainJson(value),
      );
    }),
    { numRuns: cases({ fewest: 40, few: 200, many: 2_000 }), seed: 1 },
  );
});

it('takes names of any length', () => {
  const value = { ['long '.repeat(400)]: { a: 1 }, b: [{ ['é'.repeat(1500)]: 'c' }] };
  expect(parse(renderYaml(value))).toEqual(value);
});
