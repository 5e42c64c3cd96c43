import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeProblems, loadSchema } from '../../src/schema/json-schema.ts';
import { bundleSchema } from '../../src/schema/bundle.ts';
import type { Json } from '../../src/model/json.ts';
import { put, removeDirectory, temporaryDirectory } from '../attempt/fixture.ts';

let root: string;
beforeEach(() => {
  root = temporaryDirectory();
});
afterEach(() => removeDirectory(root));

async function problems(file: string, value: Json): Promise<string> {
  const outcome = (await loadSchema(root, file)).check(value);
  return outcome.ok ? 'ok' : describeProblems(outcome.problems);
}

describe('what is wrong with a value', () => {
  const schema = {
    type: 'object',
    required: ['verdict'],
    additionalProperties: false,
    properties: {
      verdict: { enum: ['ship', 'hold'] },
      note: { anyOf: [{ type: 'string' }, { type: 'null' }] },
      when: { type: 'string', format: 'date' },
      items: { type: 'array', items: { type: 'object', required: ['a/b'] } },
      shape: { oneOf: [{ const: 1 }, { const: 2 }] },
    },
  };
  beforeEach(() => put(root, 's.json', JSON.stringify(schema)));

  it.each([
    [{ verdict: 'ship', note: null, when: '2026-01-02' }, 'ok'],
    [{ verdict: 'x' }, 'at /verdict: must be one of "ship", "hold"'],
    [{}, 'at /verdict: is missing'],
    [
      { verdict: 'ship', extra: 1 },
      'at /extra: is not an allowed field; allowed: verdict, note, when, items, shape',
    ],
    [{ verdict: 'ship', note: 3 }, 'at /note: must be string or null, not number'],
    [{ verdict: 'ship', items: [{}] }, 'at /items/0/a~1b: is missing'],
    [[], 'must be object, not array'],
  ])('%j', async (value, expected) => {
    expect(await problems('s.json', value as Json)).toBe(expected);
  });

  it('checks formats, and names each field once', async () => {
    expect(await problems('s.json', { verdict: 'ship', when: 'soon' })).toContain('at /when:');
    expect(await problems('s.json', { verdict: 'ship', shape: 3 })).toBe(
      'at /shape: must be one of 1, 2',
    );
  });
});

describe('references between files', () => {
  it('follows relative references through JSON and YAML, in circles, and out of $id', async () => {
    put(
      root,
      'schemas/root.json',
      JSON.stringify({
        $id: 'https://example.com/elsewhere/root.json',
        type: 'object',
        properties: {
          payload: { $ref: './parts/node.yaml#/definitions/node' },
          self: { $ref: 'https://example.com/elsewhere/root.json#/properties/payload' },
          level: { $ref: 'parts/with%20space.json#level' },
        },
      }),
    );
    put(
      root,
      'schemas/parts/node.yaml',
      'definitions:\n  node:\n    type: object\n    required: [name]\n    properties:\n      name: { type: string }\n      next: { $ref: "#/definitions/node" }\n      kind: { $ref: ../kind.yml }\n',
    );
    put(root, 'schemas/kind.yml', 'enum: [a, b]\n');
    put(
      root,
      'schemas/parts/with space.json',
      '{"$defs":{"x":{"$anchor":"level","type":"integer"}},"$ref":"../root.json"}',
    );
    const file = 'schemas/root.json';
    expect(await problems(file, { payload: { name: 'x', next: { name: 'y', kind: 'a' } } })).toBe(
      'ok',
    );
    expect(await problems(file, { payload: { name: 'x', next: { kind: 'c' } } })).toBe(
      'at /payload/next/name: is missing; at /payload/next/kind: must be one of "a", "b"',
    );
    expect(await problems(file, { self: 1 })).toBe('at /self: must be object, not number');
    expect(await problems(file, { level: 'x' })).toBe('at /level: must be integer, not string');
    const bundle = await bundleSchema(root, file);
    expect(bundle.asIs).toBe(false);
    expect(bundle.files).toHaveLength(4);
    const references = [...JSON.stringify(bundle.schema).matchAll(/"\$ref":"([^"]+)"/g)];
    expect(references.map((r) => r[1]?.[0])).toEqual(references.map(() => '#'));
    expect(JSON.stringify(bundle.schema)).not.toContain('example.com');
  });

  it('leaves data and properties of the same name alone', async () => {
    const schema = {
      type: 'object',
      properties: { $ref: { type: 'string' }, $id: { const: { $ref: 'http://x/y' } } },
      default: { $ref: 'nowhere.json' },
    };
    put(root, 's.json', JSON.stringify(schema));
    expect((await bundleSchema(root, 's.json')).schema).toEqual(schema);
    expect(await problems('s.json', { $ref: 'x', $id: { $ref: 'http://x/y' } })).toBe('ok');
    expect((await bundleSchema(root, 's.json')).asIs).toBe(true);
  });

  it('takes older dialects by their own rules', async () => {
    put(
      root,
      's.json',
      '{"$schema":"http://json-schema.org/draft-07/schema#","items":[{"type":"string"}],"additionalItems":false}',
    );
    expect(await problems('s.json', ['a'])).toBe('ok');
    expect(await problems('s.json', ['a', 'b'])).not.toBe('ok');
    put(root, 'o.json', '{"$schema":"http://json-schema.org/draft-04/schema#"}');
    await expect(loadSchema(root, 'o.json')).rejects.toMatchObject({ code: 'schema-dialect' });
  });

  it('accepts a boolean schema', async () => {
    put(root, 's.json', 'false');
    expect(await problems('s.json', 1)).toBe('is not allowed');
  });
});

describe('refusals', () => {
  it.each([
    ['remote', '{"$ref":"https://example.com/x.json"}', 'schema-remote-reference'],
    ['file URL', '{"$ref":"file:///etc/passwd"}', 'schema-remote-reference'],
    ['host', '{"$ref":"//example.com/x.json"}', 'schema-remote-reference'],
    ['outside', '{"$ref":"../../x.json"}', 'schema-outside'],
    ['absolute', '{"$ref":"/etc/x.json"}', 'schema-missing'],
    ['missing', '{"$ref":"gone.json"}', 'schema-missing'],
    ['link', '{"$ref":"link.json"}', 'schema-outside'],
    ['directory', '{"$ref":"dir"}', 'schema-missing'],
    ['syntax', '{"type": }', 'schema-invalid'],
    ['meaning', '{"type":"strin"}', 'schema-invalid'],
    ['dangling', '{"$ref":"#/$defs/x"}', 'schema-invalid'],
    ['no schema', '[1,2]', 'schema-invalid'],
    ['depth', '[{"a":'.repeat(300) + '1' + '}]'.repeat(300), 'schema-invalid'],
    ['object depth', '{"not":'.repeat(300) + 'true' + '}'.repeat(300), 'schema-too-large'],
    ['size', `{"description":"${'x'.repeat(1024 * 1024)}"}`, 'schema-too-large'],
  ])('%s', async (_name, text, code) => {
    put(root, 'in/s.json', text);
    put(root, 'in/dir/x', '');
    put(root, 'outside.json', '{}');
    symlinkSync(path.join(root, 'outside.json'), path.join(root, 'in/link.json'));
    const error: unknown = await loadSchema(path.join(root, 'in'), 's.json').catch((e) => e);
    expect(error).toMatchObject({ name: 'Refusal', code });
    expect((error as Error).message).toContain('s.json');
  });

  it('refuses text that is not UTF-8, and broken YAML', async () => {
    put(root, 's.json', Buffer.from([0x7b, 0xff, 0x7d]));
    await expect(loadSchema(root, 's.json')).rejects.toThrow('it is not UTF-8 text');
    put(root, 's.yaml', 'a: [1');
    await expect(loadSchema(root, 's.yaml')).rejects.toThrow('s.yaml is not valid YAML');
  });

  it('stops at 100 files', async () => {
    mkdirSync(path.join(root, 'many'));
    for (let n = 0; n <= 100; n += 1) put(root, `many/${n}.json`, `{"$ref":"${n + 1}.json"}`);
    await expect(loadSchema(root, 'many/0.json')).rejects.toMatchObject({
      code: 'schema-too-large',
    });
  });
});
