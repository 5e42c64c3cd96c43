/** What an assistant is shown of files of all kinds. */
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import {
  PREVIEW_BYTES,
  readExcerpt,
  WHOLE_BYTES,
} from '../../../../src/attempt/brief/assistant/excerpt.ts';
import { stageArtifacts } from '../../../../src/attempt/brief/assistant/stage-artifacts.ts';
import { sha256 } from '../../../../src/disk/sha256.ts';
import { testDirectory } from '../../../support/built-program.ts';

const root = testDirectory('excerpt');
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function excerptOf(bytes: Uint8Array | string) {
  const file = path.join(root, 'file');
  writeFileSync(file, bytes);
  const excerpt = await readExcerpt(file);
  if ('ok' in excerpt) throw new Error(excerpt.reason);
  return excerpt;
}

describe('an excerpt', () => {
  it('is the whole of a text up to 16 KiB', async () => {
    const text = 'ä'.repeat(WHOLE_BYTES / 2);
    expect(await excerptOf(text)).toEqual({
      size: WHOLE_BYTES,
      sha256: sha256(text),
      shown: 'whole',
      text,
    });
    expect(await excerptOf('')).toMatchObject({ shown: 'whole', text: '' });
  });

  it('is the first 4 KiB of a longer one, cut between characters', async () => {
    const text = `a${'ä'.repeat(WHOLE_BYTES)}`;
    const excerpt = await excerptOf(text);
    expect(excerpt).toMatchObject({
      size: text.length * 2 - 1,
      shown: 'preview',
      sha256: sha256(text),
    });
    expect(excerpt.text).toBe(`a${'ä'.repeat(PREVIEW_BYTES / 2 - 1)}`);
  });

  it.each([
    ['bytes that are no UTF-8', Buffer.from([0x41, 0xff])],
    ['a NUL', Buffer.from('a\0b')],
    ['a character cut off at the end', Buffer.from('ä').subarray(0, 1)],
    [
      'bytes far behind the beginning',
      Buffer.concat([Buffer.alloc(200_000, 0x61), Buffer.from([0xc0])]),
    ],
  ])('of %s is its hash alone', async (_name, bytes) => {
    expect(await excerptOf(bytes)).toEqual({
      size: bytes.length,
      sha256: sha256(bytes),
      shown: 'binary',
      text: '',
    });
  });
});

describe('artifacts', () => {
  it('are copied, also two of one name; what is not there is said', async () => {
    const program = testDirectory('artifacts');
    writeFileSync(path.join(program, 'a.txt'), 'one');
    const attempt = path.join(program, 'attempt');
    const staged = await stageArtifacts(
      program,
      attempt,
      ['a.txt', 'a.txt', 'gone.txt', '../x', '.'],
      () => null,
    );
    expect(staged.map((one) => one.ok)).toEqual([true, true, false, false, false]);
    expect(staged.slice(0, 2).map((one) => (one.ok ? one.staged : ''))).toEqual([
      'context/artifacts/1/a.txt',
      'context/artifacts/2/a.txt',
    ]);
    expect(staged[2]).toMatchObject({ reason: 'it does not exist any more' });
    rmSync(program, { recursive: true });
  });
});
