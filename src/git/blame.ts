/** Who made each line of a file, through merges and squashes: the instances of runs that git's own blame cannot name. */
import path from 'node:path';
import { ExitStatus, Refusal } from '../model/refusal.ts';
import type { Git, GitPlace } from './git.ts';
import { REF_ROOT, REPLACE_ROOT } from './refs.ts';

/** The attempt of an instance that left a commit, by its trailers. */
export interface LineAuthor {
  run: string;
  instance: string;
  task: string;
  attempt: number | null;
}

export interface BlamedLine {
  /** From 1, as the file stands. */
  line: number;
  /** Null: not committed yet. */
  commit: string | null;
  /** Null: no run made it, or nothing tells any more. */
  author: LineAuthor | null;
  text: string;
}

/** A line of the file, and where it comes from. */
interface Origin {
  line: number;
  commit: string;
  /** The number and the name that it had there. */
  lineThere: number;
  fileThere: string;
  text: string;
}

/** A squash that was made here is seen as the merge that it stands for; of that the person's own git knows nothing. */
const throughSquashes = { GIT_REPLACE_REF_BASE: REPLACE_ROOT };
const MAX_BYTES = 256 * 1024 * 1024;
const NOT_COMMITTED = /^0+$/;

/**
 * `file`: absolute. `range`: as git takes it after -L, such as `10,20`.
 * @throws Refusal `blame-refused` with what git says: no repository, no such file in it, no such line
 */
export async function blameFile(
  git: Git,
  file: string,
  range: string | null,
): Promise<BlamedLine[]> {
  const place: GitPlace = { cwd: path.dirname(file) };
  const lines = range === null ? [] : ['-L', range];
  const origins = await blame(git, place, [...lines, '--', path.basename(file)]);
  const authors = await authorsOf(git, place, origins);
  const others = origins.filter(
    ({ commit }) => !NOT_COMMITTED.test(commit) && authors.get(commit) === undefined,
  );
  const elsewhere = await squashedElsewhere(git, place, others);
  return origins.map((origin) => {
    const { line, commit, text } = origin;
    if (NOT_COMMITTED.test(commit)) return { line, commit: null, author: null, text };
    const author = authors.get(commit) ?? elsewhere.get(origin) ?? null;
    return { line, commit, author, text };
  });
}

async function blame(git: Git, place: GitPlace, args: readonly string[]): Promise<Origin[]> {
  const outcome = await git.run(['blame', '--line-porcelain', ...args], place, {
    env: throughSquashes,
    config: ['core.quotePath=false', 'blame.ignoreRevsFile=', 'blame.markUnblamableLines=false'],
    maxBytes: MAX_BYTES,
  });
  if (outcome.code === 0) return readPorcelain(outcome.stdout.toString('utf8'));
  const said = outcome.stderr.trim().replace(/^fatal: /, '');
  throw new Refusal('blame-refused', said === '' ? 'git blame failed' : said, {
    exit: ExitStatus.failed,
  });
}

/** Each line: `commit line-there line [count]`, lines of what is known of the commit, then a tab and the text. */
function readPorcelain(printed: string): Origin[] {
  const found: Origin[] = [];
  let next: Origin | null = null;
  for (const row of printed.split('\n')) {
    if (next === null) {
      const [, commit, there, line] = /^([0-9a-f]+) (\d+) (\d+)/.exec(row) ?? [];
      if (commit === undefined) continue;
      next = { commit, lineThere: Number(there), line: Number(line), fileThere: '', text: '' };
    } else if (row.startsWith('\t')) {
      found.push({ ...next, text: row.slice(1) });
      next = null;
    } else if (row.startsWith('filename ')) {
      next.fileThere = unquoted(row.slice('filename '.length));
    }
  }
  return found;
}

/** As git quotes a name that holds a quote, a backslash or a control character. */
function unquoted(name: string): string {
  if (!name.startsWith('"')) return name;
  const named: Record<string, string> = {
    n: '\n',
    t: '\t',
    r: '\r',
    a: '\x07',
    b: '\b',
    f: '\f',
    v: '\v',
  };
  return name
    .slice(1, -1)
    .replace(/\\([0-7]{3}|.)/g, (_, escape: string) =>
      escape.length === 3 ? String.fromCharCode(parseInt(escape, 8)) : (named[escape] ?? escape),
    );
}

/** Commits without our trailers are not in it. */
async function authorsOf(
  git: Git,
  place: GitPlace,
  origins: readonly Pick<Origin, 'commit'>[],
): Promise<Map<string, LineAuthor>> {
  const commits = [...new Set(origins.map(({ commit }) => commit))];
  const known = commits.filter((commit) => !NOT_COMMITTED.test(commit));
  const found = new Map<string, LineAuthor>();
  if (known.length === 0) return found;
  const names = ['Run', 'Instance', 'Task', 'Attempt'];
  // The last of each: who quotes such a line further up means another.
  const trailers = names.map(
    (name) => `%(trailers:key=Codex-Orch-${name},valueonly,separator=%x01)`,
  );
  const format = `--format=%H%x02${trailers.join('%x02')}%x00`;
  const args = ['log', '--no-walk=unsorted', '--no-show-signature', format, '--stdin'];
  const printed = await git.text(args, place, {
    input: `${known.join('\n')}\n`,
    env: throughSquashes,
  });
  for (const record of printed.split('\0')) {
    const [commit = '', ...values] = record.trim().split('\x02');
    const [run = '', instance = '', task = '', attempt = ''] = values.map(
      (value) => value.split('\x01').at(-1) ?? '',
    );
    if (run === '' || instance === '') continue;
    found.set(commit, { run, instance, task, attempt: attempt === '' ? null : Number(attempt) });
  }
  return found;
}

/**
 * A squash that somebody else made (on a page, by `git merge --squash`) bears no trailer, or another's. Where its file is
 * what the result of a run holds, that result tells of each line.
 */
async function squashedElsewhere(
  git: Git,
  place: GitPlace,
  origins: readonly Origin[],
): Promise<Map<Origin, LineAuthor>> {
  const found = new Map<Origin, LineAuthor>();
  const versions = new Map<string, Origin[]>();
  for (const origin of origins) {
    const version = `${origin.commit}:${origin.fileThere}`;
    versions.set(version, [...(versions.get(version) ?? []), origin]);
  }
  if (versions.size === 0) return found;
  const results = await resultsIn(git, place);
  for (const [version, lines] of versions) {
    const { fileThere } = lines[0] ?? { fileThere: '' };
    const result = await sameFileIn(git, place, version, results, fileThere);
    if (result === null) continue;
    const top = await git.text(['rev-parse', '--show-toplevel'], place);
    const there = await blame(git, { cwd: top }, [result, '--', fileThere]);
    const authors = await authorsOf(git, place, there);
    for (const origin of lines) {
      const author = authors.get(there[origin.lineThere - 1]?.commit ?? '');
      if (author) found.set(origin, author);
    }
  }
  return found;
}

/** Of all runs, newest first. */
async function resultsIn(git: Git, place: GitPlace): Promise<string[]> {
  const args = ['for-each-ref', '--sort=-refname', '--format=%(objectname)', `${REF_ROOT}*/result`];
  const printed = await git.text(args, place);
  return printed === '' ? [] : printed.split('\n');
}

/** A result that holds the same file under the same name; null: none. */
async function sameFileIn(
  git: Git,
  place: GitPlace,
  version: string,
  results: readonly string[],
  file: string,
): Promise<string | null> {
  if (results.length === 0 || file.includes('\n')) return null;
  const names = [version, ...results.map((result) => `${result}:${file}`)];
  const args = ['cat-file', '--batch-check=%(objectname)'];
  const printed = await git.text(args, place, { input: `${names.join('\n')}\n` });
  const [own, ...theirs] = printed.split('\n');
  // What is missing is said with its name.
  if (own === undefined || !/^[0-9a-f]+$/.test(own)) return null;
  return results[theirs.indexOf(own)] ?? null;
}
