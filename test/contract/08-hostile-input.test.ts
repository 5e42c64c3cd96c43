/** Input that means no good, or means well and is broken, given to a whole run: nothing gets out, or down. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { bubblewrapProblem } from '../support/acp.ts';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { standInCodex } from '../support/stand-in-codex.ts';

const home = testDirectory('hostile');
let program: string;
let count = 0;
beforeEach(() => {
  program = path.join(home, `p${(count += 1)}`);
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const orch = (...words: string[]) => codexOrch(words, { cwd: program });

/** A task `t` whose shell lines these are. */
function write(lines: string[], more: Record<string, unknown> = {}): void {
  writeFiles(program, {
    'project.yaml': 'name: p\nworkspace: .\ndefault_agent: shell\nnode_terminate_grace_sec: 1\n',
    'tasks/t.yaml': {
      id: 't',
      title: 't',
      status: 'ready',
      run: `set -e\ncd "$CODEX_ORCH_ATTEMPT_DIR"\n${lines.join('\n')}`,
      ...more,
    },
  });
}

interface Shown {
  id: string;
  status: string;
  instances: Record<string, { instance_id: string; status: string; error: string | null }>;
}
async function shown(): Promise<Shown> {
  return JSON.parse((await orch('run', 'show', '.', 'latest', '--json')).stdout) as Shown;
}
async function only(): Promise<Shown['instances'][string]> {
  const [instance] = Object.values((await shown()).instances);
  if (!instance) throw new Error('no instance');
  return instance;
}

describe('a result', () => {
  it.each([
    [
      'nested 200,000 deep',
      'head -c 200000 /dev/zero | tr "\\0" "[" > result.json',
      /not valid JSON/,
    ],
    [
      'nested 200,000 deep and whole',
      '{ head -c 200000 /dev/zero | tr "\\0" "["; head -c 200000 /dev/zero | tr "\\0" "]"; } > result.json',
      /nested more than 200 levels deep|not valid JSON/,
    ],
    [
      'of 100 MB',
      'head -c 100000000 /dev/zero > result.json',
      /104857600|100000000 bytes; at most/,
    ],
    ['that is a pipe', 'mkfifo result.json', /not a regular file/],
    ['that is a link to /etc/passwd', 'ln -s /etc/passwd result.json', /leaves its directory/],
    ['that is no UTF-8', 'printf \'"\\377"\' > result.json', /not UTF-8/],
  ])('%s fails the instance with a short reason', async (_, line, reason) => {
    write([line, 'echo done']);
    const { code, stderr } = await orch('run', 'start', '.', '--root', 't');
    expect(stderr).not.toContain('defect');
    expect(code).toBe(1);
    const { status, error } = await only();
    expect(status).toBe('failed');
    expect(error).toMatch(reason);
    expect(error?.length).toBeLessThan(1000);
    expect((await orch('run', 'verify', '.', 'latest')).code).toBe(0);
  });
});

describe('a repository that others work in', () => {
  const workspace = (): string => path.join(program, 'ws');
  const git = (...words: string[]): string =>
    execFileSync('git', ['-C', workspace(), ...words], { encoding: 'utf8' });

  /** One file is committed there. */
  function repository(): void {
    mkdirSync(workspace());
    git('init', '-q');
    writeFileSync(path.join(workspace(), 'a'), 'a\n');
    git('add', 'a');
    git('-c', 'user.name=p', '-c', 'user.email=p@x', 'commit', '-q', '-m', 'first');
  }

  it('stands still for no pipe where git reads a file', { timeout: 120_000 }, async () => {
    write(['cd "$CODEX_ORCH_WORKSPACE_DIR"', 'mkdir s', 'mkfifo s/.gitignore s/.gitattributes']);
    writeFiles(program, {
      'project.yaml': 'name: p\nedition: 2\nworkspace: ws\ndefault_agent: shell\nchanges: true\n',
      'tasks/good.yaml': {
        ...{ id: 'good', title: 'good', status: 'ready', run: 'echo b > b' },
        ...{ depends_on: [{ task: 't', kind: 'order' }], checks: [{ unchanged: ['a'] }] },
      },
    });
    repository();
    const { code, stderr } = await orch('run', 'start', '.', '--root', 't', '--root', 'good');
    expect(stderr).not.toContain('defect');
    expect(code).toBe(1);
    const found = Object.values((await shown()).instances);
    expect(found.find((each) => each.instance_id.startsWith('t-'))?.status).toBe('done');
    const good = found.find((each) => each.instance_id.startsWith('good-'));
    expect(good?.error).toContain('git cannot read it');
    expect((await orch('run', 'verify', '.', 'latest')).code).toBe(0);
  });

  it.skipIf(bubblewrapProblem() !== null)('is closed to what a check runs', async () => {
    const evil = [
      'mkdir -p .git/hooks',
      'echo "#!/bin/sh" > .git/hooks/post-checkout',
      'git config filter.x.clean "touch owned"',
      'mv .git moved',
      'rm -rf .git',
      'echo new > b',
    ];
    writeFiles(program, {
      'project.yaml': 'name: p\nworkspace: ws\n',
      'tasks/t.yaml': {
        ...{ id: 't', title: 't', status: 'ready', compose: [{ kind: 'literal', text: 'Go.' }] },
        ...{ sandbox: 'workspace-write', checks: [{ run: evil.join('; ') }] },
      },
    });
    repository();
    const before = readFileSync(path.join(workspace(), '.git/config'), 'utf8');
    const { env } = standInCodex(path.join(program, '.codex'), { t: 'echo done' });
    const started = await codexOrch(['run', 'start', '--root', 't'], { cwd: program, env });
    expect(started.code, started.stderr).toBe(0);
    expect(readFileSync(path.join(workspace(), 'b'), 'utf8')).toBe('new\n');
    expect(readFileSync(path.join(workspace(), '.git/config'), 'utf8')).toBe(before);
    expect(existsSync(path.join(workspace(), '.git/hooks/post-checkout'))).toBe(false);
    expect(existsSync(path.join(workspace(), 'moved'))).toBe(false);
  });
});

it('a link that a worker leaves opens nothing to the next one', async () => {
  const literal = (text: string): object => ({ compose: [{ kind: 'literal', text }] });
  writeFiles(program, {
    'project.yaml': 'name: p\nworkspace: ws\n',
    'tasks/first.yaml': {
      ...{ id: 'first', title: 'first', status: 'ready', ...literal('Go.') },
      ...{ sandbox: 'workspace-write', publish: ['final.md'] },
    },
    'tasks/own.yaml': {
      ...{ id: 'own', title: 'own', status: 'ready', workspace: 'own', ...literal('Go.') },
      depends_on: [{ task: 'first', kind: 'order' }],
    },
    'tasks/root.yaml': {
      ...{ id: 'root', title: 'root', status: 'ready', extra_writable_roots: ['lib'] },
      ...{ ...literal('Go.'), depends_on: [{ task: 'first', kind: 'order' }] },
    },
    'tasks/command.yaml': {
      ...{ id: 'command', title: 'command', status: 'ready', workspace: 'own', run: 'rm -f *' },
      ...{ agent: 'shell', depends_on: [{ task: 'first', kind: 'order' }] },
    },
    'ws/own/x': '',
    'ws/lib/x': '',
    'mine/secret': 'mine',
  });
  const script = `cd ws && rm -r own lib && ln -s ../mine own && ln -s ${path.join(program, 'mine')} lib`;
  const cwd = program;
  const { env, calls } = standInCodex(path.join(program, '.codex'), {
    first: `cd "$CODEX_ORCH_PROGRAM_DIR"; ${script}; echo ok`,
    own: 'echo bad',
    root: 'echo bad',
  });
  const roots = ['own', 'root', 'command'].flatMap((root) => ['--root', root]);
  const started = await codexOrch(['run', 'start', ...roots], { cwd, env });
  expect(started.code, started.stderr).toBe(1);
  expect(calls().map(({ who }) => who)).toEqual(['first']);
  expect(existsSync(path.join(program, 'mine/secret'))).toBe(true);
  const errors = Object.values((await shown()).instances).map(({ error }) => error);
  expect(errors.filter((error) => error?.includes('ws/own leads out of'))).toHaveLength(2);
  for (const name of ['own', 'lib']) {
    expect(errors.join()).toContain(`ws/${name} leads out of ${path.join(program, 'ws')}`);
  }
});

describe('what an agent prints', () => {
  const deep = `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`;
  const usage = '{"input_tokens":1e308,"cached_input_tokens":1e308,"output_tokens":1e309}';

  it.each([
    [
      'nests without end',
      `{"type":"item.completed","item":{"type":"mcp_tool_call","arguments":${deep}}}`,
    ],
    ['tells of more tokens than there are', `{"type":"turn.completed","usage":${usage}}`],
  ])('and %s leaves its run sound', async (_, line) => {
    writeFiles(program, {
      'project.yaml': 'name: p\nworkspace: .\n',
      'tasks/t.yaml': {
        ...{ id: 't', title: 't', status: 'ready', compose: [{ kind: 'literal', text: 'Go.' }] },
        publish: ['final.md'],
      },
      'line.jsonl': `${line}\n`,
      codex: [
        '#!/bin/sh',
        'echo \'{"type":"thread.started","thread_id":"00000000-0000-4000-8000-000000000001"}\'',
        'echo \'{"type":"turn.started"}\'',
        'echo \'{"type":"item.completed","item":{"type":"agent_message","text":"ok"}}\'',
        'echo \'{"type":"turn.completed","usage":{"input_tokens":1,"output_tokens":1}}\'',
        `cat "${path.join(program, 'line.jsonl')}"`,
        '',
      ].join('\n'),
    });
    chmodSync(path.join(program, 'codex'), 0o755);
    const env = { CODEX_ORCH_CODEX_BIN: path.join(program, 'codex') };
    const started = await codexOrch(['run', 'start', '--root', 't'], { cwd: program, env });
    expect(started.code, started.stderr).toBe(0);
    expect(started.stderr).not.toContain('Infinity');
    expect((await orch('run', 'verify', '.', 'latest')).stdout).toContain('sound');
    expect((await orch('run', 'logs', '.', 'latest', 't')).code).toBe(0);
  });
});

it('an inbox full of rubbish neither stops a run nor leads out of it', async () => {
  const inbox = '"$CODEX_ORCH_PROGRAM_DIR/.runs/$CODEX_ORCH_RUN_ID/inbox"';
  const question = (id: string, more: object): string => {
    const fields = {
      interrupt_id: id,
      audience: 'human',
      request_kind: 'question',
      question: 'x',
      ...more,
    };
    const text = JSON.stringify(fields).slice(1, -1);
    return (
      `printf '{"run_id":"%s","instance_id":"%s","task_id":"t",%s}' "$CODEX_ORCH_RUN_ID" ` +
      `"$CODEX_ORCH_INSTANCE_ID" '${text}' > interrupts/${id}.json`
    );
  };
  const proposal = {
    proposal_id: '../../../../escaped',
    run_id: 'r',
    instance_id: 'i',
    interrupt_id: 'int-00000000000d',
    source_role_id: 'r',
    requester_task_id: 't',
    target_file_path: 'x',
    created_at: 'now',
    status_updated_at: 'now',
    status: 'proposed',
    proposal: {
      kind: 'program_asset_update',
      summary: '',
      rationale: '',
      suggested_content_mode: 'snippet',
      suggested_content: '',
      target: {},
    },
  };
  const command = {
    command: 'record_proposals',
    interrupt_id: 'int-00000000000d',
    proposals: [proposal],
  };
  write([
    `cd ${inbox}`,
    'head -c 100000 /dev/zero | tr "\\0" "[" > interrupts/int-000000000001.json',
    'head -c 9000000 /dev/zero > interrupts/int-000000000002.json',
    'ln -s /etc/passwd interrupts/int-000000000003.json',
    'mkfifo interrupts/int-000000000004.json replies/int-000000000004.json',
    'mkdir interrupts/int-000000000005.json commands/1.json',
    'printf "\\377\\376" > interrupts/int-000000000006.json',
    'echo "{}" > "interrupts/..%2f..%2fx.json"',
    question('int-000000000007', { context_artifacts: ['../../../../etc/passwd'] }),
    question('int-000000000008', { reply_schema: '/etc/passwd' }),
    question('int-000000000009', { run_id: '20200101000000-00000000' }),
    'echo "{\\"text\\": \\"yes\\"}" > replies/int-00000000000a.json',
    'echo "{\\"command\\": \\"drop_everything\\"}" > commands/2.json',
    question('int-00000000000d', { blocking: false }),
    `echo '${JSON.stringify(command)}' > commands/3.json`,
    'sleep 2.5',
    'echo done',
  ]);
  const { code, stderr } = await orch('run', 'start', '.', '--root', 't');
  expect({ code, defect: /defect/.test(stderr) }).toEqual({ code: 0, defect: false });
  expect(existsSync(path.join(home, 'escaped.json'))).toBe(false);
  expect(existsSync(path.join(program, 'escaped.json'))).toBe(false);
  const { stdout } = await orch('inbox', 'list', '.', '--json');
  const ids = (JSON.parse(stdout) as { interrupt: { interrupt_id: string } }[]).map(
    ({ interrupt }) => interrupt.interrupt_id,
  );
  expect(ids).toEqual(['int-00000000000d']);
  for (const reason of [
    'nested more than',
    'larger than',
    'symbolic link',
    'not a regular file',
    '".."',
  ]) {
    expect(stderr).toContain(reason);
  }
  expect((await orch('run', 'verify', '.', 'latest')).code).toBe(0);
});

it('a schema on the network is never fetched', async () => {
  let requests = 0;
  const server = createServer((_request, response) => {
    requests += 1;
    response.end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}/schema.json`;
  try {
    write(['echo \'{"a": 1}\' > result.json', 'echo done']);
    writeFiles(program, {
      'schemas/ref.json': { $ref: url },
      'schemas/id.json': { $id: url, $ref: 'other.json' },
      'schemas/meta.json': { $schema: url, type: 'object' },
      'schemas/deep.json': {
        type: 'object',
        properties: { a: { anyOf: [{ $ref: `${url}#/x` }] } },
      },
      'schemas/dynamic.json': { $dynamicRef: url },
    });
    for (const name of ['ref', 'id', 'meta', 'deep', 'dynamic']) {
      const task = JSON.stringify({ result_schema: `schemas/${name}.json` });
      writeFileSync(path.join(program, 'patch.json'), task);
      await orch('task', 'update', '.', 't', 'patch.json');
      await orch('project', 'validate', '.');
      await orch('run', 'start', '.', '--root', 't');
      // By hand, where the edit was refused.
      const { stdout } = await orch('task', 'show', '.', 't', '--json');
      const spec = { ...(JSON.parse(stdout) as object), result_schema: `schemas/${name}.json` };
      const file = path.join(program, 'tasks/t.yaml');
      writeFileSync(file, JSON.stringify(spec));
      const validated = await orch('project', 'validate', '.', '--json');
      if (name !== 'id') expect(validated.code, name).toBe(2);
      const started = await orch('run', 'start', '.', '--root', 't');
      expect(started.stderr).not.toContain('defect');
      write(['echo done']);
    }
    await orch('run', 'start', '.', '--root', 't');
    const { instance_id: instance } = await only();
    for (const name of ['ref', 'id', 'meta', 'deep', 'dynamic']) {
      const words = ['--audience', 'human', '--kind', 'question', '--question', 'x'];
      const names = ['--program-dir', '.', '--run-id', 'latest', '--instance-id', instance];
      const asked = ['--task-id', 't', '--reply-schema', `schemas/${name}.json`];
      const { stderr } = await orch('interrupt', 'create', ...names, ...asked, ...words);
      expect(stderr).not.toContain('defect');
    }
    expect(requests).toBe(0);
  } finally {
    server.close();
  }
});

it('what agents print does not reach the terminal as it is, wherever it is shown', async () => {
  const evil = '\\033[2J\\033]0;owned\\007\\233\\202\\377 \\r\\b';
  write([
    `printf 'error: ${evil}\\n' >&2`,
    `codex-orch interrupt create --audience human --kind question --non-blocking --question "$(printf '${evil}x')" >&2`,
    'exit 3',
  ]);
  const started = await orch('run', 'start', '.', '--root', 't');
  expect(started.code).toBe(1);
  const looks = [
    ['run', 'list', '.'],
    ['run', 'show', '.', 'latest'],
    ['run', 'explain', '.', 'latest'],
    ['run', 'events', '.', 'latest'],
    ['run', 'logs', '.', 'latest'],
    ['run', 'resume', '.', 'latest'],
    ['inbox', 'list', '.'],
    ['interrupt', 'list', '.'],
  ];
  const texts = [started.stdout, started.stderr];
  for (const words of looks) {
    const { stdout, stderr } = await orch(...words);
    texts.push(stdout, stderr);
  }
  const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
  expect(texts.filter((text) => control.test(text))).toEqual([]);
});

it('a line of 100 MB is not shown whole, and takes no memory to match', async () => {
  write(['head -c 100000000 /dev/zero | tr "\\0" x']);
  expect((await orch('run', 'start', '.', '--root', 't')).code).toBe(0);
  const { code, stdout } = await orch('run', 'logs', '.', 'latest');
  expect(code).toBe(0);
  expect(stdout.length).toBeLessThan(20_000_000);
});

it('a program that leads out of itself is refused before anything runs', async () => {
  write(['echo done'], { compose: [{ kind: 'file', path: 'prompts/x.md' }] });
  mkdirSync(path.join(program, 'prompts'), { recursive: true });
  symlinkSync('/etc/passwd', path.join(program, 'prompts/x.md'));
  const linked = await orch('run', 'start', '.', '--root', 't');
  expect(linked.code).toBe(2);
  expect(linked.stderr).toMatch(/symbolic link/);
  for (const publish of [['../x'], ['/etc/passwd'], ['a/../../x']]) {
    write(['echo done'], { publish });
    expect((await orch('run', 'start', '.', '--root', 't')).code).toBe(2);
  }
  write(['echo done'], { id: '../t' });
  expect((await orch('run', 'start', '.', '--root', 't')).code).toBe(2);
  for (const words of [
    ['run', 'show', '.', '../../etc'],
    ['interrupt', 'show', '.', '../../../etc/passwd'],
    ['proposal', 'show', '.', '../../../etc/passwd'],
    ['task', 'show', '.', '../project'],
  ]) {
    const { code, stderr } = await orch(...words);
    expect(code, `${words.join(' ')}: ${stderr}`).toBe(4);
  }
  expect(
    execFileSync('sh', ['-c', `ls -A ${program}/.runs 2>/dev/null | wc -l`])
      .toString()
      .trim(),
  ).toBe('0');
});
