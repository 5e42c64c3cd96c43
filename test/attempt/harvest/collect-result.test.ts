import { existsSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { collectResult } from '../../../src/attempt/harvest/collect-result.ts';
import type { ResultRequest } from '../../../src/attempt/harvest/collect-result.ts';
import { put, removeDirectory, temporaryDirectory } from '../fixture.ts';

let root: string;
let attemptDir: string;
beforeEach(() => {
  root = temporaryDirectory();
  attemptDir = path.join(root, 'attempt');
  put(attemptDir, 'prompt.md', '');
});
afterEach(() => removeDirectory(root));

function collect(overrides: Partial<ResultRequest> = {}) {
  return collectResult({
    attemptDir,
    finalMessage: null,
    resultCalledFor: true,
    schema: null,
    ...overrides,
  });
}

const read = (name: string): string => readFileSync(path.join(attemptDir, name), 'utf8');
const left = (name: string): boolean => existsSync(path.join(attemptDir, name));

describe('final.md', () => {
  it('comes from the final message, but never over the worker’s own', async () => {
    await collect({ finalMessage: { text: 'Done.' } });
    expect(read('final.md')).toBe('Done.');
    await collect({ finalMessage: { text: 'Something else.' } });
    expect(read('final.md')).toBe('Done.');
  });

  it('comes from a file of any size, and is empty for an empty message or none', async () => {
    await collect({ finalMessage: null });
    expect(read('final.md')).toBe('');
    removeDirectory(path.join(attemptDir, 'final.md'));
    const big = put(root, 'stdout', Buffer.alloc(20 * 1024 * 1024, 'x'));
    expect(await collect({ finalMessage: { file: big } })).toEqual({ kind: 'none' });
    expect(read('final.md')).toHaveLength(20 * 1024 * 1024);
    removeDirectory(path.join(attemptDir, 'final.md'));
    await collect({ finalMessage: { text: '' } });
    expect(read('final.md')).toBe('');
  });
});

describe('a result in the final message', () => {
  const json = '{"a": {"b": [1, "```"]}}';
  it.each([
    ['bare', json],
    ['with white space', `\n\n${json}\n`],
    ['fenced as json', '```json\n' + json + '\n```'],
    ['fenced as JSON, CRLF', '```JSON\r\n' + json + '\r\n```\r\n'],
    ['fenced without a name', '```\n' + json + '\n```'],
    ['fenced with tildes', '~~~json\n' + json + '\n~~~'],
    ['longer fence', '````json\n' + json + '\n````'],
    ['between prose', 'Here it is:\n\n```json\n' + json + '\n```\n\nThat is all.'],
    ['unnamed between prose', 'Here:\n```\n' + json + '\n```\nEnd'],
    ['beside other blocks', '```sh\nls\n```\nand\n```json\n' + json + '\n```'],
    ['never closed', 'Here:\n```json\n' + json],
  ])('%s', async (_name, text) => {
    expect(await collect({ finalMessage: { text } })).toMatchObject({
      kind: 'value',
      value: { a: { b: [1, '```'] } },
    });
    expect(JSON.parse(read('result.json'))).toEqual({ a: { b: [1, '```'] } });
  });

  it.each([
    ['prose', 'All done.'],
    ['empty', ''],
    ['code', '```\nls -l\n```'],
    ['two unnamed blocks', '```\n{}\n```\n```\n{}\n```'],
  ])('is not found in %s', async (_name, text) => {
    expect(await collect({ finalMessage: { text } })).toEqual({ kind: 'none' });
    expect(left('result.json')).toBe(false);
  });

  it.each([
    ['broken JSON in its block', 'Here:\n```json\n{"a": }\n```', 'in its JSON block'],
    ['two JSON blocks', '```json\n{}\n```\n```json\n{}\n```', 'it has 2 JSON blocks'],
    ['broken JSON', '{"a": 1,}', 'it is not valid JSON'],
  ])('is refused with a reason: %s', async (_name, text, reason) => {
    const facts = await collect({ finalMessage: { text } });
    expect(facts).toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining(reason) as string,
    });
  });

  it('is not looked for where none is called for', async () => {
    const finalMessage = { text: json };
    expect(await collect({ finalMessage, resultCalledFor: false })).toEqual({ kind: 'none' });
    expect(left('result.json')).toBe(false);
  });

  it('comes from standard output, too', async () => {
    const file = put(root, 'stdout', `${json}\n`);
    expect(await collect({ finalMessage: { file } })).toMatchObject({ kind: 'value' });
  });
});

describe('a result.json of the worker', () => {
  it('wins over the message, is read where nobody called for it, and reads the same twice', async () => {
    put(attemptDir, 'result.json', '\uFEFF{"mine": true}');
    const once = await collect({ finalMessage: { text: '{"other":1}' }, resultCalledFor: false });
    expect(once).toMatchObject({ kind: 'value', value: { mine: true } });
    expect(await collect({ finalMessage: { text: '{"other":1}' } })).toEqual(once);
    expect(read('result.json')).toBe('\uFEFF{"mine": true}');
  });

  it.each<[string, () => void, string]>([
    ['not JSON', () => put(attemptDir, 'result.json', '{"a":'), 'it is not valid JSON'],
    ['empty', () => put(attemptDir, 'result.json', ''), 'it is not valid JSON'],
    ['not UTF-8', () => put(attemptDir, 'result.json', Buffer.from([0x22, 0xff, 0x22])), 'UTF-8'],
    ['a directory', () => put(attemptDir, 'result.json/x', ''), 'not a regular file'],
    [
      'too deep',
      () => put(attemptDir, 'result.json', '['.repeat(100_000) + ']'.repeat(100_000)),
      'nested more than 200',
    ],
    [
      'too large',
      () => put(attemptDir, 'result.json', `"${'x'.repeat(16 * 1024 * 1024)}"`),
      'at most 16777216',
    ],
    [
      'a link to outside',
      () => symlinkSync(put(root, 'secret.json', '{}'), path.join(attemptDir, 'result.json')),
      'symbolic link',
    ],
    [
      'a dangling link',
      () => symlinkSync(path.join(root, 'nowhere'), path.join(attemptDir, 'result.json')),
      'symbolic link',
    ],
  ])('%s is refused', async (_name, arrange, reason) => {
    arrange();
    const facts = await collect({ finalMessage: { text: '{}' } });
    expect(facts).toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining(reason) as string,
    });
  });
});

describe('the check against result_schema', () => {
  it('names the field and what is allowed, wherever the result came from', async () => {
    const frozenProgramDir = path.join(root, 'program');
    put(frozenProgramDir, 'schemas/s.yaml', 'type: object\nproperties:\n  v: { $ref: v.json }\n');
    put(frozenProgramDir, 'schemas/v.json', '{"enum":["ship","hold"]}');
    const schema = { frozenProgramDir, path: 'schemas/s.yaml' };
    const good = await collect({ schema, finalMessage: { text: '{"v":"ship"}' } });
    expect(good).toMatchObject({ kind: 'value' });
    put(attemptDir, 'result.json', '{"v":"x"}');
    expect(await collect({ schema })).toEqual({
      kind: 'invalid',
      message: 'result.json does not match schemas/s.yaml: at /v: must be one of "ship", "hold"',
    });
    removeDirectory(path.join(frozenProgramDir, 'schemas/v.json'));
    expect(await collect({ schema })).toMatchObject({
      kind: 'invalid',
      message: expect.stringContaining('schemas/v.json') as string,
    });
  });
});
