import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { publishArtifacts } from '../../../src/attempt/harvest/publish-artifacts.ts';
import { put, removeDirectory, temporaryDirectory } from '../fixture.ts';

let root: string;
let attemptDir: string;
let publishedDir: string;
beforeEach(() => {
  root = temporaryDirectory();
  attemptDir = path.join(root, 'attempt');
  publishedDir = path.join(root, 'published');
  put(attemptDir, 'final.md', 'Done.');
});
afterEach(() => removeDirectory(root));

const publish = (...files: string[]) =>
  publishArtifacts({ attemptDir, publishedDir, publish: files, durable: true });

async function problem(...files: string[]): Promise<string> {
  const facts = await publish(...files);
  expect(existsSync(publishedDir)).toBe(false);
  return facts.kind === 'missing' ? facts.message : 'published';
}

describe('publishing', () => {
  it('copies files with size and hash, and replaces what an earlier try left', async () => {
    put(publishedDir, 'stale.md', '');
    put(attemptDir, 'a/b/c.txt', 'deep');
    put(attemptDir, 'result.json', '{}');
    const files = ['final.md', 'a/b/c.txt', 'result.json', 'final.md'];
    const facts = await publish(...files);
    const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
    expect(facts).toEqual({
      kind: 'published',
      artifacts: [
        { relative_path: 'final.md', size: 5, sha256: hash('Done.') },
        { relative_path: 'a/b/c.txt', size: 4, sha256: hash('deep') },
        { relative_path: 'result.json', size: 2, sha256: hash('{}') },
      ],
    });
    expect(readdirSync(publishedDir).sort()).toEqual(['a', 'final.md', 'result.json']);
    expect(readFileSync(path.join(publishedDir, 'a/b/c.txt'), 'utf8')).toBe('deep');
    expect(await publish(...files)).toEqual(facts);
  });

  it('publishes nothing where nothing is asked for', async () => {
    expect(await publish()).toEqual({ kind: 'published', artifacts: [] });
  });
});

describe('what cannot be published', () => {
  it('is named all at once, and nothing is copied', async () => {
    put(attemptDir, 'reports/report.md', '');
    put(attemptDir, 'dir/x', '');
    const message = await problem('final.md', 'reports/reprot.md', 'gone/x.md', 'dir');
    expect(message).toContain('reports/reprot.md is missing (there is reports/report.md)');
    expect(message).toContain('gone/x.md is missing');
    expect(message).toContain('dir is a directory, not a file');
    expect(message).toContain(attemptDir);
    expect(message).not.toContain('final.md');
  });

  it('does not leave the attempt directory', async () => {
    put(root, 'secret', 'x');
    symlinkSync('../secret', path.join(attemptDir, 'link'));
    symlinkSync('..', path.join(attemptDir, 'up'));
    symlinkSync('nowhere', path.join(attemptDir, 'dangling'));
    symlinkSync('circle', path.join(attemptDir, 'circle'));
    for (const file of ['link', 'up/secret', 'dangling', 'circle']) {
      expect(await problem(file)).toContain('symbolic link');
    }
    expect(await problem('../secret')).toContain('must not contain ".."');
    expect(await problem('/etc/hostname')).toContain('must be relative');
  });

  it('is not reached through a link, wherever that leads', async () => {
    put(attemptDir, 'real/a.txt', 'deep');
    symlinkSync('real', path.join(attemptDir, 'there'));
    symlinkSync('real/a.txt', path.join(attemptDir, 'a.txt'));
    expect(await problem('a.txt')).toContain('a.txt cannot be taken: it is a symbolic link');
    expect(await problem('there/a.txt')).toContain('it is reached through a symbolic link');
  });

  it('does not wait for a pipe', async () => {
    execFileSync('mkfifo', [path.join(attemptDir, 'pipe')]);
    expect(await problem('pipe')).toContain('is not a regular file');
  });
});
