/** What a tree of an instance's own costs, against what a person would do by hand: section 16 of the contract. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { gitOf } from '../src/git/git.ts';
import { makeCommit } from '../src/git/make-commit.ts';
import { setRef } from '../src/git/set-ref.ts';
import { makeTree, type Tree } from '../src/git/tree.ts';
import { writeWork } from '../src/git/work.ts';
import { ms, rounds, row, times, type Bench, type Row } from './bench.ts';
import { ratioOf } from './measure.ts';

/** Of nobody's settings. */
const env: NodeJS.ProcessEnv = {
  PATH: process.env['PATH'],
  HOME: '/nonexistent',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_AUTHOR_NAME: 'P',
  GIT_AUTHOR_EMAIL: 'p@example.com',
  GIT_COMMITTER_NAME: 'P',
  GIT_COMMITTER_EMAIL: 'p@example.com',
};
const ours = gitOf(env);
const AT = '2026-01-01T00:00:00.000Z';

export async function trees(bench: Bench): Promise<Row[]> {
  const many = new Repository(bench, bench.quick ? 100 : 20_000);
  const made: [number, number][] = [];
  const committed: [number, number][] = [];
  // As many that begin with the one as with the other.
  for (let round = 0; round < rounds(bench, 6); round += 1) {
    const [tree, started] = [many.tree(`t${round}`), many.place(`w${round}`)];
    const [own, linked] = await inTurn(
      round,
      () => many.make(tree),
      () => spent(() => many.git(['worktree', 'add', '-q', '--detach', started])),
    );
    made.push([own, linked]);
    for (const place of [tree.directory, started]) writeFileSync(path.join(place, 'f0'), 'x\n');
    committed.push([
      await many.commit(tree, round),
      await spent(() => {
        many.git(['add', '-A'], started);
        many.git(['commit', '-q', '-m', 'x'], started);
      }),
    ]);
  }
  for (const name of ['t', 'w']) {
    for (let round = 0; round < made.length; round += 1) {
      rmSync(many.place(`${name}${round}`), { recursive: true });
    }
  }
  const files = many.files;
  return [
    against(`a tree of ${files} files, processor, against \`git worktree add\``, made, 1.2),
    against(
      `the commit of one changed file of ${files}, processor, against \`git add -A && git commit\``,
      committed,
      2,
    ),
    ...(await small(bench)),
  ];
}

/**
 * Each of the two is first in every second round, and begins with nothing left to write. Nothing is removed in between:
 * who comes first after 20,000 files were removed pays for that, several times what the work itself costs.
 */
async function inTurn(
  round: number,
  a: () => Promise<number>,
  b: () => Promise<number>,
): Promise<[number, number]> {
  const taken = async (act: () => Promise<number>): Promise<number> => {
    execFileSync('sync');
    return act();
  };
  if (round % 2 === 0) return [await taken(a), await taken(b)];
  const second = await taken(b);
  return [await taken(a), second];
}

/** In a repository of 50 files: what isolation adds to an instance, and whether that grows. */
async function small(bench: Bench): Promise<Row[]> {
  const few = new Repository(bench, 50);
  const count = bench.quick ? 4 : 300;
  const added: number[] = [];
  const status: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const tree = few.tree(`s${index}`);
    const before = await few.make(tree);
    writeFileSync(path.join(tree.directory, 'f0'), `${index}\n`);
    added.push(before + (await few.commit(tree, index)));
    status.push(await spent(() => few.git(['status', '--porcelain'])));
  }
  const part = Math.min(10, Math.floor(count / 2));
  // Ticks of the clock are coarse: sums of ten, and more of the last.
  const [first, last] = [sum(added.slice(0, part)) / part, sum(added.slice(-part)) / part];
  const steady = sum(added.slice(0, 3 * part)) / sum(added.slice(-3 * part));
  const each = sum(added) / sum(status);
  return [
    row(
      `isolation of an instance in a repository of 50 files, processor, against \`git status\``,
      `${times(each)} (${ms(sum(added) / count)} against ${ms(sum(status) / count)})`,
      'at most 12×',
      each <= 12,
    ),
    row(
      `the same with ${count} trees, the last against the first`,
      `${times(1 / steady)} (${ms(last)} against ${ms(first)})`,
      'at most 1.15×',
      1 / steady <= 1.15,
    ),
  ];
}

function against(measure: string, measured: readonly [number, number][], most: number): Row {
  const { a, b, ratio } = ratioOf(measured);
  const said = `${times(ratio)} (${ms(a)} against ${ms(b)})`;
  return row(measure, said, `at most ${most}×`, ratio <= most);
}

class Repository {
  readonly files: number;
  readonly #dir: string;
  readonly #head: string;

  constructor({ directory }: Bench, files: number) {
    this.files = files;
    this.#dir = path.join(directory, `repository-${files}`);
    const text = 'What a file of a repository holds, more or less.\n'.repeat(20);
    for (let index = 0; index < files; index += 1) {
      const folder = path.join(this.#dir, index < 50 ? '' : `d${index % 200}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, `f${index}`), `${index}\n${text}`);
    }
    this.git(['init', '-q', '-b', 'main']);
    // Not beside what is measured.
    this.git(['config', 'gc.auto', '0']);
    this.git(['add', '-A']);
    this.git(['commit', '-q', '-m', 'first']);
    this.git(['gc', '-q']);
    this.#head = this.git(['rev-parse', 'HEAD']).trim();
  }

  git(args: string[], cwd = this.#dir): string {
    return execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: 'pipe' });
  }

  place(name: string): string {
    return `${this.#dir}-${name}`;
  }

  tree(name: string): Tree {
    const directory = this.place(name);
    return { repository: path.join(this.#dir, '.git'), directory, indexFile: `${directory}.index` };
  }

  /** What it took, milliseconds of the processor. */
  make(tree: Tree): Promise<number> {
    mkdirSync(tree.directory);
    const fresh = { objectFormat: 'sha1', worktree: this.#dir, start: this.#head };
    return spent(() => makeTree(ours, tree, { ...fresh, merge: null, left: null }));
  }

  /** As an attempt's end does it. */
  commit(tree: Tree, index: number): Promise<number> {
    const { repository } = tree;
    const options = { start: this.#head, maxFileBytes: 1 << 30, copied: [] };
    return spent(async () => {
      const work = await writeWork(ours, tree, options);
      if (!work.ok) throw new Error(work.message);
      const content = { tree: work.tree, parents: [this.#head], message: 'x', at: AT };
      const commit = await makeCommit(ours, repository, content);
      await setRef(ours, repository, `refs/codex-orch/bench/${this.files}-${index}`, commit);
    });
  }
}

/** Of this process and of all that it waited for. Linux only. */
async function spent(act: () => unknown): Promise<number> {
  const before = usedMs();
  await act();
  return usedMs() - before;
}

const TICK_MS = 10;

function usedMs(): number {
  const { user, system } = process.cpuUsage();
  // After the name: state is the first; children's time in user and kernel mode the 14th and 15th (proc(5)).
  const fields = readFileSync('/proc/self/stat', 'latin1')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (user + system) / 1000 + (Number(fields[13]) + Number(fields[14])) * TICK_MS;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
