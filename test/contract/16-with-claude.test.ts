/** Section 16 of the contract with the real Claude Code, in its sandbox: a tree each, and nothing of the person's touched. */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRepository, testEnv } from '../git/made-repository.ts';
import { personsOwn } from '../git/persons-own.ts';
import { claudeEnvironment, claudeSandboxProblem } from '../support/claude.ts';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';
import {
  modelScript,
  startModelServer,
  type ModelServer,
  type ModelStep,
} from '../support/model-server.ts';

const root = testDirectory('trees-claude');
const problem = claudeSandboxProblem();
if (problem !== null) process.stderr.write(`\n*** SKIPPED: trees of Claude Code: ${problem}\n\n`);

let server: ModelServer;
beforeAll(async () => {
  server = await startModelServer(undefined, 'anthropic');
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
});

describe.skipIf(problem !== null)('trees with Claude Code', () => {
  it(
    'two at once leave a commit each, and reach neither the repository nor their own git',
    { timeout: 240_000 },
    async () => {
      const repo = makeRepository();
      repo.git('config', 'user.name', 'P');
      repo.git('config', 'user.email', 'p@example.com');
      repo.write('page.txt', 'one\n2\n3\n4\nfive\n');
      repo.commit('first');
      const before = personsOwn(repo.dir);
      const directory = path.join(root, 'program');
      const task = (id: string, edit: string): object => {
        const tried = [
          edit,
          'git status --porcelain > "$CODEX_ORCH_ATTEMPT_DIR/looked"',
          'git commit -qam mine; git config user.name Other; echo x > .git/hooks-planted',
          `echo x > "${repo.dir}/stray"`,
          'true',
        ];
        const steps: ModelStep[] = [{ bash: tried.join('; ') }, { text: `${id} is done.` }];
        return {
          [`tasks/${id}.yaml`]: {
            ...{ id, title: `Task ${id}`, status: 'ready', publish: ['final.md', 'looked'] },
            compose: [{ kind: 'literal', text: `Do ${id}.\n${modelScript(steps)}` }],
          },
        };
      };
      writeFiles(directory, {
        'project.yaml': {
          ...{ name: 'Trees', workspace: repo.dir, isolation: 'tree', max_concurrency: 2 },
          ...{ agents: { claude: { backend: 'claude' } }, default_agent: 'claude' },
        },
        ...task('top', "sed -i 's/one/ONE/' page.txt"),
        ...task('bottom', "sed -i 's/five/FIVE/' page.txt; echo n > new.txt"),
      });
      const env = { ...testEnv, ...claudeEnvironment(path.join(root, 'home'), server.port) };
      const run = (...words: string[]): Promise<Ended> => codexOrch(words, { cwd: directory, env });
      const started = await run('run', 'start', '--root', 'top', '--root', 'bottom');
      expect(started.stderr).toContain('done (2 of 2');
      expect(personsOwn(repo.dir)).toEqual(before);
      expect(existsSync(path.join(repo.dir, 'stray'))).toBe(false);
      const changes = await run('run', 'changes', 'latest');
      expect(changes.stdout).toContain('new.txt');
      const shown = (await run('run', 'show', 'latest', '--json')).stdout;
      const { id, instances } = JSON.parse(shown) as {
        id: string;
        instances: Record<string, { workspace: { directory: string } }>;
      };
      for (const name of Object.keys(instances)) {
        const looked = path.join(directory, '.runs', id, 'instances', name, 'published/looked');
        expect(readFileSync(looked, 'utf8')).toContain('M page.txt');
      }
      expect((await run('run', 'integrate')).code).toBe(0);
      expect(readFileSync(path.join(repo.dir, 'page.txt'), 'utf8')).toBe('ONE\n2\n3\n4\nFIVE\n');
      expect(repo.git('log', '--format=%an', '--no-merges')).toBe('codex-orch\ncodex-orch\nP');
      const why = await run('blame', path.join(repo.dir, 'page.txt'), '--why', '5');
      expect(why.stdout).toContain('Do bottom.');
    },
  );
});
