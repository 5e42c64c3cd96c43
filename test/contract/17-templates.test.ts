/**
 * Section 17 of the contract: the templates that turn lists into work, as `project init` writes them: with commands in
 * place of agents, and with the real Codex CLI.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';
import { codexHome, sandboxProblem } from '../support/codex.ts';
import { modelScript, startModelServer, type ModelServer } from '../support/model-server.ts';

const root = testDirectory('templates');
const problem = sandboxProblem(path.join(root, 'probe-home'));
if (problem !== null) process.stderr.write(`\n*** SKIPPED: no Codex sandbox here: ${problem}\n\n`);

let server: ModelServer;
// What lies above is a repository, too: that of this program.
let env: Record<string, string> = {
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CEILING_DIRECTORIES: root,
  HOME: path.join(root, 'home'),
};
beforeAll(async () => {
  server = await startModelServer();
  env = { ...env, ...codexHome(path.join(root, 'codex-home'), server.port) };
});
afterAll(async () => {
  await server.stop();
  rmSync(root, { recursive: true, force: true });
});

/** What a task does: a shell line, and what it hands in. */
interface Work {
  line?: string;
  result?: unknown;
  text?: string;
}

const agents = ['commands', 'codex'] as const;
type Agents = (typeof agents)[number];

interface Made {
  directory: string;
  cli(...words: string[]): Promise<Ended>;
  instances(): Promise<
    { task_id: string; status: string; skip_reason?: string; instance_id: string }[]
  >;
  git(...words: string[]): string;
}

async function made(template: string, by: Agents, work: Record<string, Work>): Promise<Made> {
  const home = path.join(root, `${template}-${by}-${String((count += 1))}`);
  const repository = path.join(home, 'repo');
  mkdirSync(repository, { recursive: true });
  const git = (...words: string[]): string =>
    execFileSync('git', words, {
      cwd: repository,
      encoding: 'utf8',
      env: { ...env, PATH: process.env['PATH'] },
    });
  git('init', '-q', '-b', 'main');
  git('config', 'user.name', 'P');
  git('config', 'user.email', 'p@example.com');
  writeFiles(
    repository,
    Object.fromEntries(['a', 'b', 'c', 'd'].map((id) => [`${id}.txt`, 'old\n'])),
  );
  git('add', '-A');
  git('commit', '-q', '-m', 'one');
  const init = await codexOrch(
    ['project', 'init', 'program', 'P', 'repo', '--template', template],
    { cwd: home, env },
  );
  expect(init).toMatchObject({ code: 0 });
  const directory = path.join(home, 'program');
  const cli = (...words: string[]) => codexOrch(words, { cwd: directory, env });
  // What turns a list into work says how much of it a night may bring.
  expect(parse(readFileSync(path.join(directory, 'project.yaml'), 'utf8'))).toMatchObject({
    budget: { tokens: expect.any(Number) as number, attempts: expect.any(Number) as number },
  });
  expect(await cli('project', 'validate')).toMatchObject({ code: 0, stdout: 'no issues\n' });
  if (by === 'codex') writeScripts(directory, work);
  else writeCommands(directory, work);
  return {
    ...{ directory, cli, git },
    instances: async () => {
      const { stdout } = await cli('run', 'show', 'latest', '--json');
      const { instances } = JSON.parse(stdout) as { instances: Record<string, never> };
      return Object.values(instances);
    },
  };
}
let count = 0;

/** Each prompt scripts what the model does. */
function writeScripts(directory: string, work: Record<string, Work>): void {
  for (const [id, { line, result, text = 'done' }] of Object.entries(work)) {
    const file = path.join(directory, 'prompts', `${id}.md`);
    const steps = [
      ...(line === undefined ? [] : [{ exec: line, args: { yield_time_ms: 30_000 } }]),
      { text: result === undefined ? text : JSON.stringify(result) },
    ];
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n${modelScript(steps)}\n`);
  }
}

/** Every agent is a command that does the same. */
function writeCommands(directory: string, work: Record<string, Work>): void {
  const cases = Object.entries(work).map(([id, { line = ':', result, text = 'done' }]) => {
    const leave =
      result === undefined
        ? ''
        : `printf '%s' '${JSON.stringify(result)}' > "$CODEX_ORCH_ATTEMPT_DIR/result.json"\n`;
    return `${id})\n${line}\n${leave}echo '${text}' > "$CODEX_ORCH_ATTEMPT_DIR/final.md";;\n`;
  });
  writeFileSync(
    path.join(directory, 'agent.sh'),
    `set -e\ncase "$CODEX_ORCH_TASK_ID" in\n${cases.join('')}esac\n`,
  );
  const file = path.join(directory, 'project.yaml');
  const project = parse(readFileSync(file, 'utf8')) as { agents?: Record<string, unknown> };
  const command = { backend: 'command', command: ['sh', path.join(directory, 'agent.sh')] };
  const names = ['default', ...Object.keys(project.agents ?? {})];
  const all = Object.fromEntries(names.map((name) => [name, command]));
  writeFileSync(file, stringify({ ...project, agents: all, retry: { max_attempts: 1 } }));
}

/** The text of a field of an item, as the agent finds it. */
const field = (input: string, name: string): string =>
  `$(grep -o '"${name}": *"[^"]*"' "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/${input}.json" | cut -d'"' -f4)`;

const statuses = async ({ instances }: Made): Promise<string[]> =>
  (await instances()).map(({ task_id: task, status }) => `${task} ${status}`).sort();

describe.each(agents)('17. templates, with %s', (by) => {
  const test = it.skipIf(by === 'codex' && problem !== null);

  test('parallel_fixes finds, mends and checks each, and takes all together', async () => {
    const failure = (id: string) => ({ id, test: id, command: `grep new ${id}`, message: 'old' });
    const program = await made('parallel_fixes', by, {
      find_failures: { result: { failures: [failure('a.txt'), failure('b.txt')] } },
      fix_failure: {
        line: `echo new > "${field('failure', 'id')}"`,
        result: { cause: 'It was old.', change: 'It is new.' },
      },
      check_fix: {
        line: `grep -q new "${field('failure', 'id')}"`,
        result: { verdict: 'holds', reason: 'It is new.' },
      },
      take_together: {
        line: 'cat a.txt b.txt c.txt > all.txt; cp "$CODEX_ORCH_ATTEMPT_DIR/context/refs/deps/fixes/result.json" fixes.json',
        text: 'All is new.',
      },
    });
    const ended = await program.cli('run', 'start', '--root', 'take_together');
    expect([ended.code, ended.stderr]).toEqual([
      0,
      expect.stringContaining('2 items of fix_failure'),
    ]);
    expect(await statuses(program)).toEqual([
      ...['check_fix done', 'check_fix done', 'find_failures done'],
      ...['fix_failure done', 'fix_failure done', 'take_together done'],
    ]);
    const { stdout: id } = await program.cli('run', 'show', 'latest', '--json');
    const at = `refs/codex-orch/${(JSON.parse(id) as { id: string }).id}/result`;
    expect(program.git('show', `${at}:all.txt`)).toBe('new\nnew\nold\n');
    const fixes = JSON.parse(program.git('show', `${at}:fixes.json`)) as object[];
    expect(fixes).toMatchObject([
      { index: 0, key: 'a.txt', status: 'done', result: { change: 'It is new.' } },
      { index: 1, key: 'b.txt', status: 'done' },
    ]);
    expect(program.git('status', '--porcelain')).toBe('');
  });

  test('review_panel asks three agents, and one judge', async () => {
    const finding = { severity: 'must', place: 'a.txt:1', finding: 'old' };
    const program = await made('review_panel', by, {
      review: { result: { verdict: 'revise', findings: [finding] } },
      judge: { result: { verdict: 'revise', reason: 'It is old.' } },
    });
    const ended = await program.cli('run', 'start', '--root', 'judge');
    expect(ended).toMatchObject({ code: 0, stderr: expect.not.stringContaining('✖') as string });
    const cost = await program.cli('run', 'cost', 'latest', '--by', 'agent');
    for (const name of ['careful', 'wary', 'plain']) expect(cost.stdout).toContain(name);
    expect(await statuses(program)).toEqual([
      'judge done',
      'review done',
      'review done',
      'review done',
    ]);
    const [judge] = (await program.instances()).filter(({ task_id: task }) => task === 'judge');
    const { stdout: id } = await program.cli('run', 'show', 'latest', '--json');
    const { id: run } = JSON.parse(id) as { id: string };
    const staged = path.join(
      ...[program.directory, '.runs', run, 'instances', judge?.instance_id ?? ''],
      'attempts/0001/context/refs/deps/reviews',
    );
    expect(JSON.parse(readFileSync(path.join(staged, 'result.json'), 'utf8'))).toMatchObject(
      ['correctness', 'security', 'simplicity'].map((key) => ({
        key,
        status: 'done',
        result: { findings: [finding] },
      })),
    );
    expect(readFileSync(path.join(staged, 'artifacts/security/final.md'), 'utf8')).not.toBe('');
  });

  test('migration does the same to each file', async () => {
    const files = ['a.txt', 'b.txt'].map((file) => ({ path: file, what: 'renew' }));
    const program = await made('migration', by, {
      list_files: { result: { files } },
      migrate_file: {
        line: `echo new > "${field('file', 'path')}"`,
        result: { changed: ['it'], notes: '' },
      },
      finish: { line: 'cat *.txt > all.txt', text: 'Done.' },
    });
    expect(await program.cli('run', 'start', '--root', 'finish')).toMatchObject({ code: 0 });
    const changed = await program.cli('run', 'changes', 'latest', '--name-only');
    expect(changed.stdout.trim().split('\n').sort()).toEqual(['a.txt', 'all.txt', 'b.txt']);
  });
});

describe('17. migration', () => {
  it('asks a person about a long list, and does as many as they want', async () => {
    const files = Array.from({ length: 11 }, (_, n) => ({ path: `f${n}`, what: '' }));
    const program = await made('migration', 'commands', {
      list_files: { result: { files } },
      migrate_file: {
        line: `echo new > "${field('file', 'path')}"`,
        result: { changed: [], notes: '' },
      },
      finish: { line: 'ls f* > all.txt' },
    });
    const asked = await program.cli('run', 'start', '--root', 'finish');
    expect(asked.code).toBe(3);
    const id = (await program.cli('inbox', 'list')).stdout.split('\t')[0] ?? '';
    const answered = await program.cli('inbox', 'reply', id, '--text', 'first 2', '--resume');
    expect([answered.code, answered.stderr]).toEqual([0, expect.any(String)]);
    const all = await program.instances();
    const ofFile = all.filter(({ task_id: task }) => task === 'migrate_file');
    expect(ofFile.filter(({ status }) => status === 'done')).toHaveLength(2);
    expect(ofFile.filter(({ skip_reason: why }) => why === 'first_n')).toHaveLength(9);
    const changed = await program.cli('run', 'changes', 'latest', '--name-only');
    expect(changed.stdout.trim().split('\n').sort()).toEqual(['all.txt', 'f0', 'f1']);
  });

  it('begins no further file once three have failed', async () => {
    const files = Array.from({ length: 6 }, (_, n) => ({ path: `f${n}`, what: '' }));
    const program = await made('migration', 'commands', {
      list_files: { result: { files } },
      migrate_file: { line: 'exit 1' },
      finish: { text: 'Nothing.' },
    });
    const edited = path.join(program.directory, 'project.yaml');
    writeFileSync(
      edited,
      readFileSync(edited, 'utf8').replace(/max_concurrency: \d+/, 'max_concurrency: 1'),
    );
    expect(await program.cli('run', 'start', '--root', 'finish')).toMatchObject({ code: 1 });
    expect(await statuses(program)).toEqual([
      'finish done',
      'list_files done',
      ...Array.from({ length: 3 }, () => 'migrate_file failed'),
      ...Array.from({ length: 3 }, () => 'migrate_file skipped'),
    ]);
    const explained = await program.cli('run', 'explain', 'latest');
    expect(explained.stdout).toContain('item f0: attempt 1 failed');
  });
});
