import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { cleanString, resolvePathTemplate } from '../../src/text/path-template.ts';
import { selectTasks } from '../../src/core/plan/selection.ts';
import { globalRootFrom, loadGlobalConfig } from '../../src/program/global-config.ts';
import { loadProject, loadTasks } from '../../src/program/load-program.ts';
import { directorySource } from '../../src/program/source/source.ts';
import { jsonOrText, resolveInputs, type InputOption } from '../../src/program/resolve-inputs.ts';
import { project, sampleProgram, task, temporaryDirectory, writeFiles } from './sample-program.ts';

describe('4. Starting a run: inputs', () => {
  const files = {
    'project.yaml': `${project}user_inputs: {text: t.txt, list: l.json, map: m.yaml, data: d.YML, bad: bad.json}\n`,
    't.txt': ' as it stands\n\n',
    'l.json': '[1, {"a": null}]',
    'm.yaml': 'a: &x [1]\nb: *x\n',
    'd.YML': 'yes',
    'bad.json': '{',
  };

  async function resolve(options: InputOption[]): Promise<unknown> {
    const program = sampleProgram(files);
    writeFiles(program, { 'given.txt': '{"from": "file"}' });
    const source = directorySource(program);
    return resolveInputs(source, loadProject(source).project, options, program);
  }

  it('takes defaults, then what is given; of one key the last wins, of whatever kind', async () => {
    expect(
      await resolve([
        { kind: 'text', key: 'three', value: '1' },
        { kind: 'json', key: 'bad', value: '{"x": 1}' },
        { kind: 'json', key: 'three', value: '2' },
        { kind: 'json_file', key: 'three', value: 'given.txt' },
        { kind: 'text', key: 'new', value: '{"not": "parsed"}' },
      ]),
    ).toEqual({
      text: ' as it stands\n\n',
      list: [1, { a: null }],
      map: { a: [1], b: [1] },
      data: 'yes',
      bad: { x: 1 },
      three: { from: 'file' },
      new: '{"not": "parsed"}',
    });
  });

  it.each([
    [[], 'input-default'],
    [[{ kind: 'text', key: '../x', value: '' }], 'input-key'],
    [[{ kind: 'json', key: 'bad', value: '{"x"' }], 'input-json'],
    [[{ kind: 'json_file', key: 'bad', value: 't.txt' }], 'input-file'],
    [[{ kind: 'json_file', key: 'bad', value: 'none.json' }], 'input-file'],
  ] as [InputOption[], string][])('refuses %j', async (options, code) => {
    await expect(resolve(options)).rejects.toMatchObject({ code, exit: 2 });
  });

  it.each([
    ['12', 12],
    ['null', null],
    [' "x" ', 'x'],
    ['some/path', 'some/path'],
    ['/abs/path', '/abs/path'],
    ['2024/plan.md', '2024/plan.md'],
    ['true-north', 'true-north'],
    ['-dash', '-dash'],
    ['', ''],
  ])('--input-json %j is %j', (text, value) => {
    expect(jsonOrText('k', text)).toEqual(value);
  });
});

describe('2.1 path templates', () => {
  const values = {
    repo: '/srv/repo\n',
    two: 'a\nb',
    pad: ' x',
    none: '',
    n: 3,
    o: {},
    'a.b': 'dots',
  };
  it.each([
    ['plain/path', { ok: true, path: 'plain/path' }],
    ['${inputs.repo}/sub', { ok: true, path: '/srv/repo/sub' }],
    ['x-${inputs.a.b}-${inputs.a.b}', { ok: true, path: 'x-dots-dots' }],
    ['$HOME/$x', { ok: true, path: '$HOME/$x' }],
    ['${inputs.two}', { ok: false, reason: 'the input "two" has more than one line' }],
    ['${inputs.pad}', { ok: false, reason: 'the input "pad" begins or ends with white space' }],
    ['${inputs.none}', { ok: false, reason: 'the input "none" is empty' }],
    ['${inputs.n}', { ok: false, reason: 'the input "n" is a number, not a string' }],
    ['${inputs.o}', { ok: false, reason: 'the input "o" is an object, not a string' }],
    ['${inputs.toString}', { ok: false, reason: 'the input "toString" was not given' }],
    ['${other}', { ok: false, reason: '"${other}" is unknown: only "${inputs.<key>}" is' }],
    ['${inputs.x', { ok: false, reason: '"${" without "}" in "${inputs.x"' }],
  ])('%s', (template, expected) => {
    expect(resolvePathTemplate(template, values)).toEqual(expected);
  });

  it('drops one line break at the end, no more', () => {
    expect(cleanString('a\r\n')).toEqual({ ok: true, text: 'a' });
    expect(cleanString('a\n\n').ok).toBe(false);
    expect(cleanString('a\0').ok).toBe(false);
    expect(cleanString('\n').ok).toBe(false);
  });
});

describe('4. Starting a run: selection', () => {
  const program = (): string =>
    sampleProgram({
      'tasks/base.yaml': task('base'),
      'tasks/work.yaml': task('work', 'labels: [l]\ndepends_on: [{task: base, kind: order}]\n'),
      'tasks/gate.yaml': task(
        'gate',
        'depends_on: [{task: work, kind: order}]\nkind: controller\ncontrol: {mode: loop, continue_targets: [work], stop_targets: [next]}\n',
      ),
      'tasks/next.yaml': task(
        'next',
        'depends_on: [{task: gate, kind: order}, {task: side, kind: order}]\n',
      ),
      'tasks/side.yaml': task('side'),
      'tasks/other.yaml': task('other', 'labels: [l]\n'),
    });
  function select(roots: string[], labels: string[]): ReturnType<typeof selectTasks> {
    const source = directorySource(program());
    const tasks = loadTasks(source, loadProject(source).project).flatMap((one) =>
      one.task ? [one.task] : [],
    );
    return selectTasks(tasks, { roots, labels });
  }

  it('adds dependencies, and targets of controllers with theirs', () => {
    expect(select(['work'], [])).toEqual({ ok: true, roots: ['work'], taskIds: ['base', 'work'] });
    expect(select(['gate'], [])).toEqual({
      ok: true,
      roots: ['gate'],
      taskIds: ['base', 'gate', 'next', 'side', 'work'],
    });
    expect(select([], ['l'])).toMatchObject({
      roots: ['other', 'work'],
      taskIds: ['base', 'other', 'work'],
    });
  });

  it('refuses what it does not know', () => {
    expect(select([], [])).toMatchObject({ ok: false, code: 'nothing-selected' });
    expect(select(['wrok'], [])).toMatchObject({
      code: 'unknown-root',
      hint: 'did you mean "work"?',
    });
    expect(select(['work'], ['zzz'])).toMatchObject({ code: 'unknown-label' });
  });
});

describe('config.toml', () => {
  it('is found where the environment says', () => {
    expect(globalRootFrom({ HOME: '/home/x' }, '/cwd')).toBe('/home/x/.codex-orch');
    expect(globalRootFrom({ HOME: '/h', CODEX_ORCH_GLOBAL_ROOT: 'g' }, '/cwd')).toBe('/cwd/g');
  });

  async function load(text: string): ReturnType<typeof loadGlobalConfig> {
    const root = temporaryDirectory();
    writeFiles(root, { 'config.toml': text });
    return loadGlobalConfig(root);
  }

  it('need not be there', async () => {
    const loaded = await loadGlobalConfig(path.join(temporaryDirectory(), 'none'));
    expect(loaded).toMatchObject({
      config: { sections: {}, web: { port: null } },
      diagnostics: [],
    });
  });

  it('gives its values, and reports what it does not know', async () => {
    const { config, diagnostics } = await load(
      '[codex]\npath = "/opt/codex"\npaht = "x"\n[web]\nport = 8080\n[wbe]\n',
    );
    expect(config).toMatchObject({
      sections: { codex: { path: '/opt/codex' } },
      web: { port: 8080 },
      prices: null,
      notify: null,
    });
    expect(
      diagnostics.map(({ code, severity, location, hint }) => [severity, code, location, hint]),
    ).toEqual([
      ['error', 'config.unknown_key', 'config.codex.paht', 'Did you mean "codex.path"?'],
      ['error', 'config.unknown_key', 'config.wbe', 'Did you mean "web"?'],
    ]);
  });

  it.each([
    ['[web]\nport = "x"', 'config.wrong_type'],
    ['[web]\nport = 70000', 'config.wrong_type'],
    ['codex = 1', 'config.wrong_type'],
    ['depot = {listen = "[fe80::1%eth0]:7300"}', 'config.wrong_type'],
    ['depot = {listen = "a<b:80"}', 'config.wrong_type'],
    ['[temporal]\naddress = "depot%zz:7300"', 'config.wrong_type'],
    ['[codex]\npath = ', 'config.syntax'],
  ])('reports %j', async (text, code) => {
    const { diagnostics } = await load(text);
    expect(diagnostics).toEqual([expect.objectContaining({ severity: 'error', code })]);
  });
});
