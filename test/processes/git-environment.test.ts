/** What git says of its repository does not reach those who work in others. */
import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { withoutRepository } from '../../src/processes/git-environment.ts';

it('all that git calls local to a repository goes, but for configuration by variables', () => {
  const listed = execFileSync('git', ['rev-parse', '--local-env-vars'], { encoding: 'utf8' });
  const names = listed.trim().split('\n');
  expect(names.length).toBeGreaterThan(10);
  const env = Object.fromEntries(names.map((name) => [name, 'x']));
  expect(withoutRepository(env)).toEqual({ GIT_CONFIG_COUNT: 'x' });
});

it('all else stays', () => {
  const env = {
    ...{ GIT_AUTHOR_NAME: 'a', GIT_COMMITTER_DATE: 'd', GIT_SSH_COMMAND: 'ssh', GIT_EDITOR: 'vi' },
    ...{ GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'k', GIT_CONFIG_VALUE_0: 'v', PATH: '/bin' },
  };
  expect(withoutRepository(env)).toEqual(env);
});
