import { describe, expect, it } from 'vitest';
import { takenSchema } from '../../../src/agents/claude/output-schema.ts';

const plain = { type: 'object', properties: { a: { $ref: '#/$defs/a' } }, $defs: { a: {} } };

describe('a schema for Claude Code', () => {
  it('is handed over without the name of its dialect', () => {
    const $schema = 'https://json-schema.org/draft/2020-12/schema';
    expect(takenSchema({ $schema, $id: 'x', ...plain })).toEqual(plain);
  });

  it.each([
    ['a list', { type: 'array' }],
    ['a word of a later draft', { type: 'object', properties: { a: { prefixItems: [] } } }],
    ['a word of nobody’s', { type: 'object', 'x-mine': 1 }],
    ['a reference elsewhere', { type: 'object', properties: { a: { $ref: 'https://a/b' } } }],
    ['more than an argument holds', { type: 'object', description: 'x'.repeat(130_000) }],
  ])('is left out where it has %s', (_, schema) => {
    expect(takenSchema(schema)).toBeNull();
  });
});
