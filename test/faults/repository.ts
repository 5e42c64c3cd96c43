/** The repository of a program with trees, while its engine is killed: what must hold of it in the end. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RunState } from '../../src/core/state/run-state.ts';
import type { PersonsWork } from './programs.ts';

/** Nothing of whoever runs the test; the root of ours is in the directory, and trees are below it. */
export function gitSurroundings(directory: string): Record<string, string> {
  return {
    HOME: path.join(directory, 'home'),
    CODEX_ORCH_GLOBAL_ROOT: path.join(directory, 'global'),
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'P',
    GIT_AUTHOR_EMAIL: 'p@example.com',
    GIT_COMMITTER_NAME: 'P',
    GIT_COMMITTER_EMAIL: 'p@example.com',
  };
}

export class CrashRepository {
  readonly #directory: string;
  readonly #repository: string;
  readonly #person: PersonsWork;
  #hasGoneOn = false;

  constructor(directory: string, files: Record<string, string>, person: PersonsWork = {}) {
    this.#directory = directory;
    this.#person = person;
    this.#repository = path.join(directory, 'repository');
    mkdirSync(this.#repository);
    this.#git('init', '-q', '-b', 'main');
    this.#write(files);
    this.#git('add', '-A');
    this.#git('commit', '-q', '-m', 'first');
    this.#write(person.uncommitted);
  }

  /** The run is done: what the person does before they take its result. */
  goOn(): void {
    if (this.#hasGoneOn) return;
    this.#hasGoneOn = true;
    const { committed, local } = this.#person;
    if (committed !== undefined) {
      this.#write(committed);
      this.#git('add', '-A');
      this.#git('commit', '-q', '-m', 'second');
    }
    this.#write(local);
  }

  /** What an undisturbed run and a crashed one must have in common. */
  digest(): string[] {
    const heads = this.#git('for-each-ref', '--format=%(refname) %(tree)', 'refs/heads');
    const subjects = this.#git('log', '--topo-order', '--format=%an %s', '--branches').replace(
      /\d{14}-\w+/g,
      '',
    );
    const refs = this.#git('for-each-ref', '--format=%(refname)', 'refs/codex-orch').split('\n');
    const names = refs.map((ref) => ref.replace(/^refs.codex-orch.[^/]+/, ''));
    // What stands behind a squash is named by it, which has the time of its making.
    const kept = names.map((name) => name.replace(/^\/[\da-f]{40,}$/, '/squash'));
    return [heads, subjects, ...kept];
  }

  problems(state: RunState): string[] {
    const problems: string[] = [];
    const local = Object.entries(this.#person.local ?? {});
    for (const [name, text] of local) {
      const now = readFileSync(path.join(this.#repository, name), 'utf8');
      if (now !== text) problems.push(`${name} of the person's has become ${now}`);
    }
    const status = this.#git('status', '--porcelain=v2').split('\n').filter(Boolean);
    const others = status.filter((line) => !local.some(([name]) => line.endsWith(` ${name}`)));
    if (others.length > 0) problems.push(`the repository is dirty: ${others.join(', ')}`);
    if (status.some((line) => /^[12u] [^.]/.test(line)))
      problems.push(`staged: ${status.join(', ')}`);
    const gitDir = path.join(this.#repository, '.git');
    const locks = readdirSync(gitDir, { recursive: true, encoding: 'utf8' });
    for (const name of locks) if (name.endsWith('.lock')) problems.push(`${name} stays`);
    const trees = path.join(this.#directory, 'global', 'trees');
    if (existsSync(trees)) {
      for (const name of readdirSync(trees)) problems.push(`the tree ${name} stays`);
    }
    this.#git('fsck', '--strict');
    problems.push(...this.#commitProblems(state));
    return problems;
  }

  /** Also of what nothing names any more: a commit that is made again is the same. */
  #commitProblems(state: RunState): string[] {
    const all = this.#git(
      'cat-file',
      '--batch-all-objects',
      '--batch-check=%(objecttype) %(objectname)',
    );
    const commits = all.split('\n').flatMap((line) => /^commit (.*)$/.exec(line)?.[1] ?? []);
    const format =
      '--format=%H %(trailers:key=Codex-Orch-Instance,valueonly,separator=%x2C) %(trailers:key=Codex-Orch-Attempt,valueonly,separator=%x2C)';
    const shown = this.#git('log', '--no-walk=unsorted', format, ...commits).split('\n');
    const made = shown.map((line) => line.split(' ')).filter(([, id, attempt]) => id && attempt);
    return [...state.instances.values()].flatMap(({ instance_id: id, workspace }) => {
      const own = made.filter(([, of]) => of === id).map(([commit]) => commit);
      const commit = workspace?.commit?.commit;
      return own.length === 1 && own[0] === commit
        ? []
        : [
            `${id} has left ${own.length} commits, ${own.join(', ')}; ${commit ?? 'none'} is recorded`,
          ];
    });
  }

  #write(files: Record<string, string> = {}): void {
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(path.join(this.#repository, name), text);
    }
  }

  #git(...args: string[]): string {
    const env = { PATH: process.env['PATH'], ...gitSurroundings(this.#directory) };
    const options = { cwd: this.#repository, encoding: 'utf8', env, stdio: 'pipe' } as const;
    return execFileSync('git', args, options).trim();
  }
}
