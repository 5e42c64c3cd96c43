import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { sha256 } from '../../../../src/disk/sha256.ts';
import { stageArtifacts } from '../../../../src/attempt/brief/assistant/stage-artifacts.ts';
import { put, removeDirectory, temporaryDirectory } from '../../fixture.ts';

let root: string;
beforeEach(() => {
  root = temporaryDirectory();
});
afterEach(() => removeDirectory(root));

it('gives what an instance handed out as it was then, or says that it was changed', async () => {
  const file = put(root, 'published/a.md', 'whole');
  put(root, 'notes.md', 'mine');
  const recorded = (asked: string) =>
    asked === file ? { instanceId: 'plan-77', sha256: sha256('whole') } : null;
  const stage = (): ReturnType<typeof stageArtifacts> =>
    stageArtifacts(root, path.join(root, 'attempt'), ['published/a.md', 'notes.md'], recorded);
  expect(await stage()).toMatchObject([{ ok: true }, { ok: true }]);
  const copy = path.join(root, 'attempt/context/artifacts/1/a.md');
  expect(readFileSync(copy, 'utf8')).toBe('whole');

  writeFileSync(file, 'other');
  expect(await stage()).toMatchObject([
    { ok: false, reason: 'it was changed since instance plan-77 left it' },
    { ok: true },
  ]);
  expect(existsSync(copy)).toBe(false);
});
