/** A repository of a person's, made for a test, with a git that knows nothing of whoever runs the tests. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gitOf } from '../../src/git/git.ts';

export const testEnv: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
};

export const testGit = gitOf(testEnv);

export interface MadeRepository {
  dir: string;
  /** Runs git as the person would. */
  git(...args: string[]): string;
  write(file: string, text: string): void;
  commit(message: string): string;
}

/** Under `.test-tmp/`: outside of it, discovery must find nothing. */
export function makeRepository(...init: string[]): MadeRepository {
  mkdirSync('.test-tmp', { recursive: true });
  const dir = mkdtempSync(path.resolve('.test-tmp', 'repo-'));
  const person = {
    ...testEnv,
    GIT_AUTHOR_NAME: 'P',
    GIT_AUTHOR_EMAIL: 'p@example.com',
    GIT_COMMITTER_NAME: 'P',
    GIT_COMMITTER_EMAIL: 'p@example.com',
  };
  const git = (...args: string[]): string =>
    execFileSync('git', args, { cwd: dir, env: person, encoding: 'utf8', stdio: 'pipe' }).trim();
  git('init', '-q', '-b', 'main', ...init);
  return {
    dir,
    git,
    write(file, text) {
      mkdirSync(path.dirname(path.join(dir, file)), { recursive: true });
      writeFileSync(path.join(dir, file), text);
    },
    commit(message) {
      git('add', '-A');
      git('commit', '-q', '-m', message);
      return git('rev-parse', 'HEAD');
    },
  };
}
