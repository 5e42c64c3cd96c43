/** Section 16: instances whose work does not fit together. The run asks a person, and does what they say. */
import path from 'node:path';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { makeRepository, testEnv, type MadeRepository } from '../git/made-repository.ts';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';
import { standInCodex, type StandIn } from '../support/stand-in-codex.ts';

interface Scene {
  repo: MadeRepository;
  codex: StandIn;
  /** The question of the run. */
  question: string;
  run(...words: string[]): Promise<Ended>;
  json(...words: string[]): Promise<Record<string, unknown>>;
}

/** Two instances that disagree on the first line, up to the question. */
async function asked(backend: 'codex' | 'command'): Promise<Scene> {
  const repo = makeRepository();
  repo.git('config', 'user.name', 'P');
  repo.git('config', 'user.email', 'p@example.com');
  repo.write('a', '1\n2\n3\n');
  repo.commit('first');
  const dir = testDirectory('conflict');
  const scripts = {
    one: "sed -i '1s/.*/one/' a; echo said",
    two: "sed -i '1s/.*/two/' a; echo said",
    merge: 'printf "one two\\n2\\n3\\n" > a; echo merged',
  };
  const codex = standInCodex(path.join(dir, 'bin'), scripts);
  const tasks = (['one', 'two'] as const).map((id) => {
    const own = backend === 'command' ? { run: scripts[id] } : {};
    return [
      `program/tasks/${id}.yaml`,
      { id, title: `Task ${id}`, compose: [{ kind: 'literal', text: `Do ${id}.` }], ...own },
    ];
  });
  writeFiles(dir, {
    'program/project.yaml': {
      ...{ name: 'Conflict', workspace: repo.dir, isolation: 'tree' },
      agents: { worker: { backend } },
      default_agent: 'worker',
    },
    ...(Object.fromEntries(tasks) as object),
  });
  const env = { ...testEnv, HOME: path.join(dir, 'home'), ...codex.env };
  const run = (...words: string[]): Promise<Ended> =>
    codexOrch(words, { cwd: path.join(dir, 'program'), env });
  const started = await run('run', 'start', '--root', 'one', '--root', 'two');
  expect(started.code, started.stderr).toBe(3);
  expect(started.stderr).toContain('waits for replies');
  const json: Scene['json'] = async (...words) =>
    JSON.parse((await run(...words, '--json')).stdout) as never;
  const listed = await run('inbox', 'list', '--unresolved-only');
  expect(listed.stdout).toContain('instance=-');
  const [question = ''] = /int-\w+/.exec(listed.stdout) ?? [];
  return { repo, codex, question, run, json };
}

const status = async ({ json }: Scene): Promise<unknown> =>
  (await json('run', 'show', 'latest'))['status'];

it('the run waits, says what can be answered, and takes nothing else', async () => {
  const scene = await asked('codex');
  const { run, question, repo } = scene;
  expect(await status(scene)).toBe('waiting');
  const shown = await run('inbox', 'show', question);
  for (const part of ['`a` (contents)', 'Task one', 'Task two', 'git merge refs/codex-orch/']) {
    expect(shown.stdout).toContain(part);
  }
  const refused = await run('inbox', 'reply', question, '--text', 'perhaps');
  expect(refused).toMatchObject({ code: 2 });
  expect(refused.stderr).toContain('"agent" or "person" or "apart"');
  const integrated = await run('run', 'integrate');
  expect(integrated.code).toBe(1);
  expect(integrated.stderr).toContain('The run asks what is to become of it');
  expect(repo.git('status', '--porcelain')).toBe('');
  // Going on without an answer asks nothing again.
  expect((await run('run', 'resume', 'latest')).stderr).toContain('waits for replies');
});

it('agent: one more instance merges it, from both, and what it left is the result', async () => {
  const scene = await asked('codex');
  const { run, json, codex, question, repo } = scene;
  const replied = await run('inbox', 'reply', question, '--text', 'agent', '--resume');
  expect(replied.code, replied.stderr).toBe(0);
  expect(await status(scene)).toBe('done');
  const call = codex.calls().at(-1);
  expect(call?.who).toBe('merge');
  for (const part of ['## Conflicts to resolve first', '`a`: contents', '(Task one)']) {
    expect(call?.prompt).toContain(part);
  }
  const shown = (await json('run', 'show', 'latest')) as {
    instances: Record<string, { task_id: string }>;
  };
  expect(Object.values(shown.instances).map(({ task_id }) => task_id)).toContain('merge');
  expect((await run('run', 'verify', 'latest')).code).toBe(0);
  expect(await json('run', 'integrate')).toMatchObject({ integrated: [{ how: 'fast_forward' }] });
  expect(readFileSync(path.join(repo.dir, 'a'), 'utf8')).toBe('one two\n2\n3\n');
});

it('person: a merge by hand is seen to have it all', async () => {
  const scene = await asked('command');
  const { run, json, question, repo } = scene;
  // No agent takes a prompt here.
  const refused = await run('inbox', 'reply', question, '--text', 'agent');
  expect(refused.stderr).toContain('"person" or "apart"');
  await run('inbox', 'reply', question, '--text', 'person', '--resume');
  expect(await status(scene)).toBe('done');
  const integrated = await run('run', 'integrate');
  expect(integrated.code).toBe(1);
  const [, commands = ''] = /git merge (.*)$/m.exec(integrated.stderr) ?? [];
  const [one = '', two = ''] = commands.split(' ');
  repo.git('merge', '-q', one);
  expect(() => repo.git('merge', '-q', two)).toThrow();
  repo.write('a', 'both\n2\n3\n');
  repo.git('add', 'a');
  repo.git('commit', '-q', '-m', 'by hand');
  expect(await json('run', 'integrate')).toMatchObject({ integrated: [{ how: 'nothing' }] });
});

it('apart: the run is done, and each part is shown and kept by itself', async () => {
  const scene = await asked('command');
  const { run, json, question, repo } = scene;
  await run('inbox', 'reply', question, '--text', 'apart', '--resume');
  expect(await status(scene)).toBe('done');
  const changes = (await json('run', 'changes')) as { repositories: { of: string; to: string }[] };
  expect(changes.repositories).toHaveLength(2);
  for (const { of, to } of changes.repositories) expect(repo.git('rev-parse', of)).toBe(to);
  expect((await run('run', 'integrate', '--json')).code).toBe(1);
});
