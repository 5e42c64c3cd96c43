/**
 * What git tells its hooks, and those tell whatever they start: which repository it is about. Somebody who works in
 * another one would write to that of the hook.
 */

/**
 * `git rev-parse --local-env-vars` of git 2.47, less GIT_CONFIG_COUNT: what a person configures by variables holds
 * for every repository. The last is set while pushed objects wait to be taken, and forbids every commit.
 */
const repositoryVariables = [
  'GIT_ALTERNATE_OBJECT_DIRECTORIES',
  'GIT_CONFIG',
  'GIT_CONFIG_PARAMETERS',
  'GIT_OBJECT_DIRECTORY',
  'GIT_DIR',
  'GIT_WORK_TREE',
  'GIT_IMPLICIT_WORK_TREE',
  'GIT_GRAFT_FILE',
  'GIT_INDEX_FILE',
  'GIT_NO_REPLACE_OBJECTS',
  'GIT_REPLACE_REF_BASE',
  'GIT_PREFIX',
  'GIT_INTERNAL_SUPER_PREFIX',
  'GIT_SHALLOW_FILE',
  'GIT_COMMON_DIR',
  'GIT_QUARANTINE_PATH',
] as const;

/** For a git of ours, and for agents. */
export function withoutRepository(env: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  const rest = { ...env };
  for (const name of repositoryVariables) delete rest[name];
  return rest;
}
