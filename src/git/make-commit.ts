/** Commits of ours: made without an index, a hook or a working tree, and with the same id each time. */
import type { Git } from './git.ts';

export interface CommitContent {
  tree: string;
  parents: readonly string[];
  message: string;
  /** ISO 8601. From the log: so that a commit that is made again after a crash is the same. */
  at: string;
}

/** Who commits what agents did: no person. */
const identity = { name: 'codex-orch', email: 'codex-orch@localhost' } as const;

/** `repository`: the common git directory. Returns the id of the commit. */
export function makeCommit(
  git: Git,
  repository: string,
  { tree, parents, message, at }: CommitContent,
): Promise<string> {
  const date = `@${Math.floor(Date.parse(at) / 1000)} +0000`;
  return git.text(
    ['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent])],
    { cwd: repository, gitDir: repository },
    {
      input: message.endsWith('\n') ? message : `${message}\n`,
      config: ['i18n.commitEncoding=UTF-8'],
      env: {
        GIT_AUTHOR_NAME: identity.name,
        GIT_AUTHOR_EMAIL: identity.email,
        GIT_AUTHOR_DATE: date,
        GIT_COMMITTER_NAME: identity.name,
        GIT_COMMITTER_EMAIL: identity.email,
        GIT_COMMITTER_DATE: date,
      },
    },
  );
}
