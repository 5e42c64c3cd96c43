/** In a process of its own: its memory is looked at. */
import { truncateSync } from 'node:fs';
import path from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { publishArtifacts } from '../../../src/attempt/harvest/publish-artifacts.ts';
import { put, removeDirectory, temporaryDirectory } from '../fixture.ts';

it('copies a large file without holding it in memory', async () => {
  const root = temporaryDirectory();
  onTestFinished(() => removeDirectory(root));
  const attemptDir = path.join(root, 'attempt');
  truncateSync(put(attemptDir, 'big.bin', ''), 160 * 1024 * 1024);
  const before = process.memoryUsage().rss;
  const facts = await publishArtifacts({
    attemptDir,
    publishedDir: path.join(root, 'published'),
    publish: ['big.bin'],
    durable: true,
  });
  expect(process.memoryUsage().rss - before).toBeLessThan(80 * 1024 * 1024);
  expect(facts).toMatchObject({ kind: 'published', artifacts: [{ size: 160 * 1024 * 1024 }] });
});
