/**
 * Section 16 of the contract with the real Codex CLI, in its sandbox: two agents at once on lines that overlap, a third
 * that settles what disagrees, and a person who takes the result beside other changes of theirs and asks why.
 */
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRepository, testEnv } from '../git/made-repository.ts';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';
import { codexHome, sandboxProblem } from '../support/codex.ts';
import {
  modelScript,
  startModelServer,
  type ModelServer,
  type ModelStep,
} from '../support/model-server.ts';

const root = testDirectory('trees-codex');
const problem = sandboxProblem(path.join(root, 'probe-home'));
if (problem !== null) process.stderr.write(`\n*** SKIPPED: no Codex sandbox here: ${problem}\n\n`);

let server: ModelServer;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  server = await startModelServer();
  env = { ...testEnv, ...codexHome(path.join(root, 'codex-home'), server.port) };
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

const patient = { args: { yield_time_ms: 30_000 } };

/** Waits until its neighbour is at work too, and tries what the sandbox of an agent in a tree forbids. */
const worker = (id: string, edit: string): ModelStep[] => [
  {
    exec: [
      edit,
      'git status --porcelain > /dev/null && echo LOOKED',
      'git commit -qam mine 2> /dev/null || echo NO-COMMIT',
      'git config user.name Other 2> /dev/null || echo NO-CONFIG',
      'echo x > "$REPO/stray" || echo NO-REPOSITORY',
      'echo x > .git/hooks-planted || echo NO-GIT-DIR',
    ].join('; '),
    ...patient,
  },
  { text: `${id} is done.\n\nMore of it.` },
];

describe.skipIf(problem !== null)('trees with Codex', () => {
  it('two at once, a third that settles, and a person who takes it and asks why', async () => {
    const repo = makeRepository();
    repo.git('config', 'user.name', 'P');
    repo.git('config', 'user.email', 'p@example.com');
    repo.write('page.txt', 'Welcome.\n\nApples.\n\nBye.\n');
    repo.write('other.txt', 'other\n');
    repo.commit('first');
    const directory = path.join(root, 'program');
    const task = (id: string, model: ModelStep[], after: string[] = []): object => ({
      [`tasks/${id}.yaml`]: {
        ...{ id, title: `Task ${id}`, status: 'ready' },
        depends_on: after.map((each) => ({ task: each, kind: 'order' })),
        compose: [{ kind: 'literal', text: `Do what ${id} is for.\n${modelScript(model)}` }],
      },
    });
    writeFiles(directory, {
      'project.yaml': {
        ...{ name: 'Trees', workspace: repo.dir, isolation: 'tree', max_concurrency: 2 },
        agents: { codex: { backend: 'codex', env: { REPO: repo.dir } } },
        default_agent: 'codex',
      },
      ...task(
        'greet',
        worker('greet', "sed -i 's/Welcome/WELCOME/; s/Apples/Red apples/' page.txt"),
      ),
      ...task(
        'price',
        worker('price', "sed -i 's/Apples/Apples, 2 each/' page.txt; echo p > new.txt"),
      ),
      ...task(
        'settle',
        [
          {
            exec: "git status --porcelain; sed -i '/^<<<<<<</,/^>>>>>>>/c Red apples, 2 each.' page.txt",
            ...patient,
          },
          { text: 'Settled.' },
        ],
        ['greet', 'price'],
      ),
    });
    const run = (...words: string[]): Promise<Ended> => codexOrch(words, { cwd: directory, env });
    const json = async (...words: string[]): Promise<Record<string, unknown>> =>
      JSON.parse((await run(...words, '--json')).stdout) as never;
    const started = await run('run', 'start', '--root', 'settle');
    expect(started.stderr).toContain('done (3 of 3');

    // Both at once, and each held.
    const shown = (await json('run', 'show', 'latest')) as {
      id: string;
      instances: Record<string, { started_at: string; finished_at: string; attempts: unknown[] }>;
    };
    const of = (id: string) => {
      const [found] = Object.entries(shown.instances).filter(([name]) => name.startsWith(`${id}-`));
      return { id: found?.[0] ?? '', ...found?.[1] };
    };
    const [greet, price] = [of('greet'), of('price')];
    expect((greet.started_at ?? '') < (price.finished_at ?? '')).toBe(true);
    expect((price.started_at ?? '') < (greet.finished_at ?? '')).toBe(true);
    for (const { id } of [greet, price]) {
      const attempt = path.join(directory, '.runs', shown.id, 'instances', id, 'attempts/0001');
      const events = readFileSync(path.join(attempt, 'events.jsonl'), 'utf8');
      for (const word of ['LOOKED', 'NO-COMMIT', 'NO-CONFIG', 'NO-REPOSITORY', 'NO-GIT-DIR']) {
        expect(events).toContain(`${word}\\n`);
      }
    }
    expect(existsSync(path.join(repo.dir, 'stray'))).toBe(false);

    // Into the branch that is checked out, beside other changes.
    repo.write('other.txt', 'mine\n');
    expect(await json('run', 'integrate')).toMatchObject({ integrated: [{ branch: 'main' }] });
    expect(readFileSync(path.join(repo.dir, 'page.txt'), 'utf8')).toBe(
      'WELCOME.\n\nRed apples, 2 each.\n\nBye.\n',
    );
    expect(repo.git('status', '--porcelain')).toBe('M other.txt');

    const page = path.join(repo.dir, 'page.txt');
    const whys = await Promise.all(
      ['1', '3', '5'].map(async (line) => run('blame', page, '--why', line)),
    );
    expect(whys[0]?.stdout).toContain('Do what greet is for.');
    expect(whys[1]?.stdout).toContain('Do what settle is for.');
    expect(whys[2]?.stdout).not.toContain('Do what');
    const added = await run('blame', path.join(repo.dir, 'new.txt'), '--why', '1');
    expect(added.stdout).toContain('Do what price is for.');
    const log = repo.git('log', '--format=%s', '--no-merges');
    expect(log).toContain('Task greet');
  });
});
