import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { BlobFolder } from '../../../src/execution/temporal/parcel/blobs.ts';
import { SessionShelf } from '../../../src/execution/temporal/parcel/session.ts';
import { temporaryDirectory } from '../local/orders.ts';

it('a session is kept by a file of its own name, and no other', async () => {
  const root = temporaryDirectory('session-shelf');
  const shelf = new SessionShelf(root, 'codex');
  const id = '019b0000-0000-7000-8000-000000000000';
  const file = path.join(root, 'file');
  writeFileSync(file, 'said');
  const blob = { size: 4, sha256: '' };
  const of = (name: string) => ({ ...blob, id, path: name });
  for (const name of ['2026/01/01/rollout-of-another.jsonl', `${id}/../config.toml`]) {
    await expect(shelf.put(of(name), file)).rejects.toMatchObject({ code: 'parcel-refused' });
  }
  await shelf.put(of(`2026/01/01/rollout-${id}.jsonl`), file);
  const kept = await shelf.keep(id, new BlobFolder(path.join(root, 'blobs')));
  expect(kept).toMatchObject({ path: `2026/01/01/rollout-${id}.jsonl`, size: 4 });
});
