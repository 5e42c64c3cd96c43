/** All of a repository that is the person's, byte by byte: to be compared before and after. */
import { createHash } from 'node:crypto';
import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { testEnv } from './made-repository.ts';

/**
 * File → what is in it, for the whole working tree and all of `.git` but objects and our refs (also where those are
 * packed). `but`: names in `.git` that may change.
 */
export function personsOwn(
  dir: string,
  { but = [] }: { but?: readonly string[] } = {},
): Record<string, string> {
  const found: Record<string, string> = {};
  const look = (directory: string): void => {
    for (const name of readdirSync(path.join(dir, directory))) {
      const file = path.posix.join(directory, name);
      const absolute = path.join(dir, file);
      if (/^\.git\/(objects|refs\/codex-orch|packed-refs$)/.test(file)) continue;
      if (but.some((each) => file === `.git/${each}`)) continue;
      const stats = lstatSync(absolute);
      if (stats.isDirectory()) look(file);
      else if (stats.isSymbolicLink()) found[file] = `link ${readlinkSync(absolute)}`;
      else found[file] = `${stats.mode.toString(8)} ${hash(readFileSync(absolute))}`;
    }
  };
  look('');
  const git = (...args: string[]): string =>
    execFileSync('git', args, {
      cwd: dir,
      env: { ...testEnv, GIT_OPTIONAL_LOCKS: '0' },
      encoding: 'utf8',
    });
  found['refs'] = git('for-each-ref')
    .split('\n')
    .filter(
      (line) =>
        !line.includes('\trefs/codex-orch/') && !but.some((each) => line.endsWith(`\t${each}`)),
    )
    .join('\n');
  found['worktrees'] = git('worktree', 'list', '--porcelain');
  return found;
}

function hash(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
