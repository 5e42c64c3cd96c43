/** What surrounds an agent: its environment, what stands around it, what of its output nobody may read. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { getPriority } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';

const root = testDirectory('profiles');
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

let count = 0;

/** A program of one task, which runs on `agent`. */
function program(agent: object, task: object = {}, more: Record<string, unknown> = {}): string {
  const directory = path.join(root, `${(count += 1)}`, 'program');
  mkdirSync(path.join(directory, '..', 'workspace'), { recursive: true });
  writeFiles(directory, {
    'project.yaml': { name: 'p', workspace: '../workspace', agents: { a: agent } },
    'tasks/t.yaml': { id: 't', title: 'T', agent: 'a', status: 'ready', ...task },
    ...more,
  });
  return directory;
}

function start(directory: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return codexOrch(['run', 'start', directory, '--root', 't'], { cwd: directory, env });
}

function result(directory: string): string {
  const [run = ''] = readdirSync(path.join(directory, '.runs')).filter((name) => /^\d/.test(name));
  const instances = path.join(directory, '.runs', run, 'instances');
  const [instance = ''] = readdirSync(instances);
  return readFileSync(path.join(instances, instance, 'attempts', '0001', 'final.md'), 'utf8');
}

describe('env', () => {
  it('sets, and lets pass what it names and what codex-orch needs', async () => {
    const env = { set: { MINE: 'set' }, pass: ['WANTED'] };
    const directory = program({ backend: 'command', run: 'env; command -v codex-orch', env });
    const ended = await start(directory, { WANTED: 'yes', OTHER: 'leaks' });
    expect(ended.code, ended.stderr).toBe(0);
    const printed = result(directory);
    for (const line of ['MINE=set', 'WANTED=yes', 'CODEX_ORCH_TASK_ID=t']) {
      expect(printed).toContain(line);
    }
    expect(printed).not.toContain('leaks');
    expect(printed).toMatch(/\/codex-orch$/m);
  });

  it('is a plain map, too, and passes everything then', async () => {
    const directory = program({ backend: 'command', run: 'env', env: { MINE: 'set' } });
    expect((await start(directory, { OTHER: 'passes' })).code).toBe(0);
    expect(result(directory)).toMatch(/^MINE=set$/m);
    expect(result(directory)).toMatch(/^OTHER=passes$/m);
  });

  it.each([
    [{ set: 'x' }, /"set" must be a mapping/],
    [{ pass: ['A B'] }, /item 1 of "pass"/],
    [{ set: {}, OTHER: 'x' }, /OTHER/],
  ])('is refused where it is neither: %j', async (env, told) => {
    const directory = program({ backend: 'command', run: 'true', env });
    const { code, stdout } = await codexOrch(['project', 'validate', directory], { cwd: root });
    expect(code).not.toBe(0);
    expect(stdout).toMatch(told);
  });
});

describe('wrap', () => {
  it('puts its words before the agent’s own', async () => {
    const wrap = ['env', 'WRAPPED=yes', 'nice', '-n', '3'];
    const directory = program({ backend: 'command', run: 'echo $WRAPPED; nice', wrap });
    expect((await start(directory)).code).toBe(0);
    expect(result(directory)).toBe(`yes\n${getPriority() + 3}\n`);
  });

  const works = spawnSync('bwrap', ['--ro-bind', '/', '/', '--unshare-pid', 'true']).status === 0;
  if (!works)
    process.stderr.write('\n*** SKIPPED: bubblewrap is missing or does not work here\n\n');
  const line =
    'for d in "$CODEX_ORCH_ATTEMPT_DIR" "$CODEX_ORCH_WORKSPACE_DIR" "$CODEX_ORCH_RUN_DIR" ' +
    '"$CODEX_ORCH_PROGRAM_DIR" /tmp; do touch "$d/written-$CODEX_ORCH_RUN_ID" 2>/dev/null && echo yes || echo no; done';
  it.skipIf(!works).each([
    ['read-only', 'yes no no no no'],
    ['workspace-write', 'yes yes no no no'],
  ])('sandbox holds a command to %s', async (sandbox, expected) => {
    const agent = { backend: 'command', run: line, wrap: 'sandbox', sandbox };
    const directory = program(agent);
    const ended = await start(directory);
    expect(ended.code, ended.stderr).toBe(0);
    expect(result(directory).trim().split('\n').join(' ')).toBe(expected);
  });

  it('sandbox is refused around an agent that has its own', async () => {
    const prompt = { compose: [{ kind: 'literal', text: 'Go.' }] };
    for (const backend of ['codex', 'claude']) {
      const directory = program({ backend, wrap: 'sandbox' }, prompt);
      const { code, stdout } = await codexOrch(['project', 'validate', directory], { cwd: root });
      expect(code).toBe(2);
      expect(stdout).toContain('does not work in ours');
    }
  });

  it('sandbox is refused without bubblewrap, and where nothing is to be held', async () => {
    const directory = program({ backend: 'command', run: 'true', wrap: 'sandbox' });
    const { code, stderr } = await start(directory, { PATH: path.join(root, 'empty') });
    expect(code).not.toBe(0);
    expect(stderr).toContain('bwrap');
    const full = program({
      backend: 'command',
      run: 'true',
      wrap: 'sandbox',
      sandbox: 'danger-full-access',
    });
    expect((await codexOrch(['project', 'validate', full], { cwd: root })).code).toBe(2);
  });
});

describe('secrets', () => {
  it('never reach the disk, also in halves and in JSON', async () => {
    const secret = 'tok-"en"\\of-mine';
    const script = `
      const s = process.env.API_TOKEN;
      const ask = ['interrupt', 'create', '--audience', 'human', '--kind', 'question', '--non-blocking'];
      const words = ['--question', 'May ' + s + ' be used?', '--option', s, '--metadata', 'key=' + s];
      require('node:child_process').execFileSync('codex-orch', [...ask, ...words]);
      process.stdout.write('plain ' + s.slice(0, 5));
      setTimeout(() => {
        process.stdout.write(s.slice(5) + '\\n' + JSON.stringify({ s }) + '\\n');
        process.stderr.write(JSON.stringify(JSON.stringify([s])) + '\\n' + s);
        process.exitCode = 3;
      }, 200);`;
    const agent = { backend: 'command', run: 'node agent.cjs', secrets: ['API_TOKEN'] };
    const directory = program(agent);
    const told = path.join(directory, '..', 'told');
    const notify = [{ on: ['failed', 'question'], to: { command: ['tee', '-a', told] } }];
    writeFiles(directory, {
      'project.yaml': { name: 'p', workspace: '../workspace', agents: { a: agent }, notify },
    });
    writeFiles(path.join(directory, '..', 'workspace'), { 'agent.cjs': script });
    const ended = await start(directory, { API_TOKEN: secret });
    expect(ended.code).toBe(1);
    const all = [ended.stdout, ended.stderr];
    for (const name of readdirSync(path.join(directory, '.runs'), {
      recursive: true,
      encoding: 'utf8',
    })) {
      const file = path.join(directory, '.runs', name);
      if (existsSync(file)) all.push(spawnSync('cat', [file], { encoding: 'utf8' }).stdout);
    }
    const text = all.join('\n');
    for (const form of [secret, JSON.stringify(secret).slice(1, -1)]) {
      expect(text.includes(form), form).toBe(false);
    }
    expect(text).toContain('plain ‹API_TOKEN›');
    expect(text).toContain('{"s":"‹API_TOKEN›"}');
    expect(text).toContain('May ‹API_TOKEN› be used?');
    // What is sent of it, too.
    const sent = (): string => (existsSync(told) ? readFileSync(told, 'utf8') : '');
    await expect.poll(sent, { timeout: 60_000 }).toContain('‹API_TOKEN›');
    expect(sent()).not.toContain('tok-');
    // The exit status is the agent's.
    expect(text).toMatch(/exit status 3/);
  });

  it('of one agent are kept out of what others print, checks, and the setup of a tree', async () => {
    const print = 'echo "=$API_TOKEN="';
    const one = { backend: 'command', run: 'true', secrets: ['API_TOKEN'] };
    const directory = program(
      one,
      {},
      {
        'tasks/t.yaml': {
          id: 't',
          title: 'T',
          status: 'ready',
          agent: 'other',
          checks: [{ run: print }],
        },
      },
    );
    const agents = { a: one, other: { backend: 'command', run: print } };
    const tree = { setup: print };
    writeFiles(directory, {
      'project.yaml': { name: 'p', workspace: '../workspace', isolation: 'tree', tree, agents },
    });
    const workspace = path.join(directory, '..', 'workspace');
    const git = (...words: string[]): void =>
      expect(
        spawnSync('git', ['-c', 'user.name=P', '-c', 'user.email=p@x', ...words], {
          cwd: workspace,
        }).status,
      ).toBe(0);
    git('init', '-q');
    git('commit', '-q', '--allow-empty', '-m', 'one');
    const secret = 'a&b/of-mine';
    const ended = await start(directory, { API_TOKEN: secret });
    expect(ended.code, ended.stderr).toBe(0);
    const found = (text: string): string[] =>
      spawnSync('grep', ['-rlF', '--', text, path.join(directory, '.runs')], { encoding: 'utf8' })
        .stdout.split('\n')
        .map((file) => path.basename(file));
    expect(found('of-mine')).toEqual(['']);
    for (const name of ['final.md', 'setup.log']) expect(found('=‹API_TOKEN›=')).toContain(name);
    expect(found('=‹API_TOKEN›=').some((name) => /\.log$/.test(name) && name !== 'setup.log')).toBe(
      true,
    );
  });

  it('does not wait for what an agent leaves behind, and stops with it', async () => {
    const run = 'echo started; (sleep 300 &) ; exit 0';
    const directory = program({ backend: 'command', run, secrets: ['API_TOKEN'] });
    expect((await start(directory, { API_TOKEN: 'x-secret' })).code).toBe(0);
    expect(result(directory)).toBe('started\n');
  });
});

describe('mcp', () => {
  it('is refused for what uses no servers, and where a server has no command', async () => {
    const mcp = { db: { command: ['db-mcp'] } };
    const shell = program({ backend: 'command', run: 'true', mcp });
    const told = await codexOrch(['project', 'validate', shell], { cwd: root });
    expect(told.code).toBe(2);
    expect(told.stdout).toContain('use no servers of tools');
    const compose = [{ kind: 'literal', text: 'Go.' }];
    const good = program({ backend: 'claude', mcp }, { compose });
    expect((await codexOrch(['project', 'validate', good], { cwd: root })).code).toBe(0);
    const bad = program({ backend: 'claude', mcp: { 'a b': { env: {} } } }, { compose });
    expect((await codexOrch(['project', 'validate', bad], { cwd: root })).stdout).toMatch(
      /"command"/,
    );
  });
});

describe('a role', () => {
  it('runs on an agent of the project, which must be there and answer', async () => {
    const role = (agent: string) => ({
      'assistant_roles/r/role.yaml': { id: 'r', title: 'R', agent },
      'assistant_roles/r/instructions.md': 'Answer.\n',
      'operating_model.md': 'x\n',
    });
    const shell = program({ backend: 'command', run: 'true' }, {}, role('a'));
    const told = await codexOrch(['project', 'validate', shell], { cwd: root });
    expect(told.code).toBe(2);
    expect(told.stdout).toContain('answers nothing');
    const missing = program({ backend: 'command', run: 'true' }, {}, role('nobody'));
    const lacking = await codexOrch(['project', 'validate', missing], { cwd: root });
    expect(lacking.code).toBe(2);
    expect(lacking.stdout).toContain('"nobody" is not defined');
  });
});
