/** What lies between two commits, file by file and as a patch. */
import { GitFailure, type Git, type GitPlace } from './git.ts';

export interface ChangedFile {
  path: string;
  /** Added, deleted, modified, or of another type (a link for a file). A file that was renamed is one deleted and one added. */
  status: 'A' | 'D' | 'M' | 'T';
  /** Lines; null for what is not text. */
  insertions: number | null;
  deletions: number | null;
}

const MAX_PATCH_BYTES = 512 * 1024 * 1024;

/** No program of anybody's, the same words for everybody, and no guess at what was renamed. */
const plain = [
  '--no-ext-diff',
  '--no-textconv',
  '--no-color',
  '--no-renames',
  '--ignore-submodules=none',
];

/** By path. */
export async function changedFiles(
  git: Git,
  place: GitPlace,
  from: string,
  to: string,
): Promise<ChangedFile[]> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--numstat', ...plain, from, to];
  const fields = await git.fields(args, place);
  const files = new Map<string, ChangedFile>();
  for (let at = 0; at < fields.length; at += 1) {
    const field = fields[at] ?? '';
    const raw = /^:\d+ \d+ \w+ \w+ ([ADMT])/.exec(field);
    if (raw) {
      const file = fields[(at += 1)] ?? '';
      const status = raw[1] as ChangedFile['status'];
      files.set(file, { path: file, status, insertions: null, deletions: null });
      continue;
    }
    const [insertions = '', deletions = '', ...rest] = field.split('\t');
    const file = files.get(rest.join('\t'));
    if (file === undefined || insertions === '-') continue;
    file.insertions = Number(insertions);
    file.deletions = Number(deletions);
  }
  return [...files.values()];
}

/** Names alone, of those that match any of these pathspecs; none of them: all. */
export async function changedNames(
  git: Git,
  place: GitPlace,
  from: string,
  to: string,
  pathspecs: readonly string[],
): Promise<string[]> {
  const args = ['diff-tree', '-r', '-z', '--name-only', ...plain, from, to, '--', ...pathspecs];
  return git.fields(args, place);
}

/** As `git diff` prints it, with what `git apply` needs for files that are no text. The whole of it, as bytes. */
export async function patchBetween(
  git: Git,
  place: GitPlace,
  from: string,
  to: string,
): Promise<Buffer> {
  const style = ['--src-prefix=a/', '--dst-prefix=b/', '--unified=3', '--diff-algorithm=histogram'];
  const args = ['diff-tree', '-r', '-p', '--binary', '--full-index', ...plain, ...style, from, to];
  const outcome = await git.run(args, place, { maxBytes: MAX_PATCH_BYTES });
  if (outcome.code !== 0) throw new GitFailure(args, outcome);
  return outcome.stdout;
}
