/** What a worker in a tree of its own is told of git, and of the conflicts that it is to resolve. */
import { bullets, code, oneLine, paragraphs } from '../../text/markdown.ts';
import type { StageRequest } from './stage-request.ts';

export function gitContract({ tree }: StageRequest): string | null {
  if (tree === null) return null;
  const commits = tree.isReadOnly
    ? 'You may look with git. Nothing that you change here is kept.'
    : tree.mayCommit
      ? 'You may commit here; what counts is the files as you leave them. They become one commit on what you started from, whatever the history here is then.'
      : 'Look with git (`status`, `diff`, `log`, `blame`), and do not commit: the files as you leave them, all that git does not ignore, are committed for you when you are done.';
  return paragraphs(
    '## Git',
    `The workspace lies in a working tree of your own: ${tree.directory}\nNobody else works in it. Its repository has no branches and no remotes of others: do not fetch, push, or work in any other repository.`,
    commits,
    tree.isReadOnly
      ? null
      : 'Leave no merge, rebase or cherry-pick unfinished, no conflict markers, and no repository of your own inside: it would be left out.',
  );
}

export function conflictContract({ tree }: StageRequest): string | null {
  if (tree === null || tree.conflicts.length === 0) return null;
  const marked = tree.conflicts.filter(({ markers }) => markers);
  const unmarked = tree.conflicts.filter(({ markers }) => !markers);
  const named = (list: typeof marked): string =>
    bullets(list.map(({ path, kinds }) => `${code(oneLine(path))}: ${kinds.join(', ')}`));
  const sides = tree.sides.map(
    ({ label, instanceId, taskId, title, promptFile }) =>
      `${code(label)}: task ${code(taskId)} (${oneLine(title)}), instance ${code(instanceId)}${promptFile === null ? '' : `; what it was asked to do: ${promptFile}`}`,
  );
  return paragraphs(
    '## Conflicts to resolve first',
    'Work of others that you start from could not be merged: resolve this before anything else, so that what each was asked to do still holds.',
    `Whose work meets, as conflict markers name it:\n\n${bullets(sides)}`,
    marked.length === 0
      ? null
      : `Files with conflict markers; none may be left, or the attempt fails:\n\n${named(marked)}`,
    unmarked.length === 0
      ? null
      : `Conflicts without markers; look at what stands in the tree now, and decide what is to stand there (\`git status\` names both sides):\n\n${named(unmarked)}`,
  );
}
