/** Sections 4 to 8, 11 and 12 of the contract, through the built program and real processes. */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  builtEntry,
  codexOrch,
  testDirectory,
  until,
  writeFiles,
} from '../support/built-program.ts';

const root = testDirectory('e2e-runs');
let dir: string;
let count = 0;
beforeEach(() => {
  count += 1;
  dir = path.join(root, String(count));
  mkdirSync(dir);
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

interface ShownInstance {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  status: string;
  attempt: number;
  error: string | null;
  failure_kind: string | null;
  termination_reason: string | null;
  resume_recommended: boolean;
  dependency_instances: Record<string, string>;
  activation_bindings: Record<string, string>;
  published: { relative_path: string }[];
  started_at: string;
  finished_at: string;
}
interface ShownRun {
  id: string;
  status: string;
  roots: string[];
  user_inputs: Record<string, unknown>;
  tasks: Record<string, unknown>;
  input_scopes: Record<string, { values: Record<string, unknown>; parent_input_scope_id: string }>;
  instances: Record<string, ShownInstance>;
}

interface TaskFields {
  run: string;
  [field: string]: unknown;
}

/** A program of shell tasks in the test's own directory. */
function program(tasks: Record<string, TaskFields>, project: Record<string, unknown> = {}): void {
  const files: Record<string, unknown> = {
    'project.yaml': { name: 'p', workspace: '.', default_agent: 'shell', ...project },
  };
  for (const [id, fields] of Object.entries(tasks)) {
    files[`tasks/${id}.yaml`] = { id, title: id, status: 'ready', ...fields };
  }
  writeFiles(dir, files);
}

const orch = (...words: string[]) => codexOrch(words, { cwd: dir });
const show = async (): Promise<ShownRun> =>
  JSON.parse((await orch('run', 'show', 'latest', '--json')).stdout) as ShownRun;
const instancesOf = (run: ShownRun, task: string): ShownInstance[] =>
  Object.values(run.instances).filter((each) => each.task_id === task);
const statuses = (run: ShownRun): string[] =>
  Object.values(run.instances)
    .map((each) => `${each.task_id} ${each.status}`)
    .sort();
/** A zombie that nobody reaps does not live. */
const lives = (pid: string): boolean =>
  existsSync(`/proc/${pid}/stat`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
const after = (task: string) => [{ task, kind: 'order' }];

describe('4. Starting a run', () => {
  it('takes in what is named, what it needs, and the targets of controllers', async () => {
    program({
      a: { run: ':' },
      b: { run: ':', depends_on: after('a') },
      other: { run: ':' },
      gate: {
        run: `echo '{"control": {"kind": "route", "labels": []}}'`,
        kind: 'controller',
        depends_on: after('b'),
        control: { mode: 'route', routes: [{ label: 'x', targets: ['t'] }] },
      },
      t: { run: ':', depends_on: [...after('gate'), ...after('extra')] },
      extra: { run: ':' },
    });
    expect((await orch('run', 'start', '--root', 'gate')).code).toBe(0);
    const run = await show();
    expect(Object.keys(run.tasks).sort()).toEqual(['a', 'b', 'extra', 'gate', 't']);
    // A route that was not chosen leaves no instance.
    expect(statuses(run)).toEqual(['a done', 'b done', 'extra done', 'gate done']);
    expect(run.roots).toEqual(['gate']);
  });

  it('later inputs win, and a typed one keeps its type', async () => {
    writeFiles(dir, { 'in/n.json': '{"n": 1}', 'in/text.txt': 'as it stands\n', 'f.json': '[1]' });
    program(
      {
        a: {
          run: 'cat context/x 2>/dev/null; cat "$CODEX_ORCH_ATTEMPT_DIR"/context/refs/inputs/*',
          compose: [
            { kind: 'ref', ref: 'inputs.n' },
            { kind: 'ref', ref: 'inputs.text' },
          ],
        },
      },
      { user_inputs: { n: 'in/n.json', text: 'in/text.txt' } },
    );
    const words = ['--input', 'n=text', '--input-json', 'n={"n": 2}', '--input-json', 'p=./a/path'];
    const started = await orch(
      'run',
      'start',
      '--root',
      'a',
      ...words,
      '--input-json-file',
      'm=f.json',
    );
    expect(started).toMatchObject({ code: 0 });
    const run = await show();
    expect(run.user_inputs).toEqual({
      n: { n: 2 },
      text: 'as it stands\n',
      p: './a/path',
      m: [1],
    });
    const broken = await orch('run', 'start', '--root', 'a', '--input-json', 'n={"n": ');
    expect(broken.code).toBe(2);
  });

  it('freezes what it needs: later edits do not touch it', async () => {
    program({
      a: { run: 'while [ ! -e go ]; do sleep 0.05; done' },
      b: {
        run: 'cat',
        depends_on: after('a'),
        compose: [{ kind: 'file', path: 'prompts/b.md' }],
      },
    });
    writeFiles(dir, { 'prompts/b.md': 'BEFORE\n' });
    const started = await orch('run', 'start', '--root', 'b', '--no-wait');
    expect(started.stdout.trim()).toMatch(/^\d{14}-[0-9a-f]{8}$/);
    writeFiles(dir, { 'prompts/b.md': 'AFTER\n', 'tasks/b.yaml': 'id: [broken', go: '' });
    const run = await until(async () => {
      const shown = await show();
      return shown.status === 'done' ? shown : null;
    });
    const [b] = instancesOf(run, 'b');
    const published = path.join(dir, '.runs', run.id, 'instances', b!.instance_id, 'published');
    const final = readFileSync(path.join(published, 'final.md'), 'utf8');
    expect(final).toContain('BEFORE');
    expect(final).not.toContain('AFTER');
  });

  it.each([
    ['an unknown root', ['--root', 'nope'], /nope/, 4],
    ['a blocked task', ['--root', 'blocked'], /blocked/, 2],
    ['a workspace that is not there', ['--root', 'lost'], /no-such-directory/, 2],
  ])('%s starts nothing', async (_name, words, message, exit) => {
    program({
      a: { run: ':' },
      blocked: { run: ':', status: 'blocked' },
      lost: { run: ':', workspace: 'no-such-directory' },
    });
    const refused = await orch('run', 'start', ...words);
    expect(refused.code).toBe(exit);
    expect(refused.stderr).toMatch(message);
    expect(refused.stderr).not.toMatch(/^ +at /m);
    expect((await orch('run', 'list')).stdout).toBe('');
  });
});

describe('5. Scheduling', () => {
  it('starts a dependent the moment it can, and keeps to the slots', async () => {
    program(
      {
        quick: { run: ':' },
        follower: { run: 'touch followed', depends_on: after('quick') },
        slow: { run: 'until [ -e followed ]; do sleep 0.02; done' },
      },
      { max_concurrency: 2 },
    );
    const words = ['--root', 'slow', '--root', 'follower'];
    expect((await orch('run', 'start', ...words)).code).toBe(0);
  });

  it('skips below a failure, goes on beside it, and says both', async () => {
    program({
      bad: { run: 'echo "error: the moon is in the way" >&2; exit 3' },
      below: { run: ':', depends_on: after('bad') },
      lower: { run: ':', depends_on: after('below') },
      beside: { run: ':' },
    });
    const ended = await orch('run', 'start', '--root', 'lower', '--root', 'beside');
    expect(ended.code).toBe(1);
    const run = await show();
    expect(run.status).toBe('failed');
    expect(statuses(run)).toEqual(['bad failed', 'below skipped', 'beside done', 'lower skipped']);
    const [bad] = instancesOf(run, 'bad');
    expect(bad).toMatchObject({ failure_kind: 'task_runtime', termination_reason: 'nonzero_exit' });
    expect(bad!.error).toContain('the moon is in the way');
    const explained = await orch('run', 'explain', 'latest');
    expect(explained.stdout).toContain('run retry-instance');
  });
});

describe('6. Controllers', () => {
  it('a loop opens a scope per iteration and carries typed values along', async () => {
    writeFiles(dir, { 'state.json': '{"left": ["a", "b", "c"], "seen": []}' });
    const drain = `
const fs = require('node:fs');
const at = process.env.CODEX_ORCH_ATTEMPT_DIR;
const { left: [item, ...left], seen } = JSON.parse(fs.readFileSync(at + '/context/refs/inputs/state.json'));
const state = { left, seen: [...seen, item] };
const control = left.length
  ? { kind: 'loop', action: 'continue', next_inputs: { state } }
  : { kind: 'loop', action: 'stop' };
fs.writeFileSync(at + '/result.json', JSON.stringify({ control, state }));`;
    writeFileSync(path.join(dir, 'drain.cjs'), drain);
    program(
      {
        before: { run: ':' },
        item: {
          run: ':',
          depends_on: after('before'),
          compose: [{ kind: 'ref', ref: 'inputs.state' }],
        },
        gate: {
          run: 'node drain.cjs',
          kind: 'controller',
          depends_on: after('item'),
          compose: [{ kind: 'ref', ref: 'inputs.state' }],
          control: { mode: 'loop', continue_targets: ['item'], stop_targets: ['sum'] },
        },
        sum: {
          run: 'cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/deps/gate/result.json"',
          depends_on: after('gate'),
          compose: [{ kind: 'ref', ref: 'deps.gate.result' }],
        },
      },
      { user_inputs: { state: 'state.json' } },
    );
    expect((await orch('run', 'start', '--root', 'gate')).code).toBe(0);
    const run = await show();
    expect(statuses(run)).toEqual([
      'before done',
      ...Array<string>(3).fill('gate done'),
      ...Array<string>(3).fill('item done'),
      'sum done',
    ]);
    expect(Object.values(run.input_scopes).map((scope) => scope.values['state'])).toEqual([
      { left: ['a', 'b', 'c'], seen: [] },
      { left: ['b', 'c'], seen: ['a'] },
      { left: ['c'], seen: ['a', 'b'] },
    ]);
    const [sum] = instancesOf(run, 'sum');
    const gates = instancesOf(run, 'gate');
    expect(sum!.activation_bindings).toEqual({ gate: gates.at(-1)!.instance_id });
    expect(sum!.input_scope_id).toBe(gates.at(-1)!.input_scope_id);
    const explained = await orch('run', 'explain', 'latest', '--json');
    expect(explained.stdout).toContain('"continue"');
  });

  it.each([
    [
      'an unknown label',
      '{"control": {"kind": "route", "labels": ["lft"]}}',
      /"lft".*Did you mean "left"/,
    ],
    [
      'an unknown key',
      '{"control": {"kind": "route", "labels": [], "why": 1}}',
      /unknown key "why"/,
    ],
    [
      'the wrong kind',
      '{"control": {"kind": "loop", "action": "stop"}}',
      /control.kind must be "route"/,
    ],
    ['no control', '{"labels": ["left"]}', /has no "control"/],
    ['no object', '["left"]', /it is a list/],
    ['no result', 'I would go left.', /must leave a result.json/],
  ])('%s fails the controller, and says so', async (_name, output, message) => {
    program({
      gate: {
        run: `cat <<'END'\n${output}\nEND`,
        kind: 'controller',
        control: { mode: 'route', routes: [{ label: 'left', targets: ['left'] }] },
      },
      left: { run: ':', depends_on: after('gate') },
    });
    expect((await orch('run', 'start', '--root', 'gate')).code).toBe(1);
    const [gate] = instancesOf(await show(), 'gate');
    expect(gate!.error).toMatch(message);
  });

  it('max_iterations bounds a loop, and the operator may grant more', async () => {
    program(
      {
        work: { run: ':' },
        gate: {
          run: 'echo x >> turns; if [ "$(wc -l < turns)" -ge 5 ]; then a=stop; else a=continue; fi; if [ $a = stop ]; then echo \'{"control":{"kind":"loop","action":"stop"}}\'; else echo \'{"control":{"kind":"loop","action":"continue","next_inputs":{"n":1}}}\'; fi',
          kind: 'controller',
          depends_on: after('work'),
          control: { mode: 'loop', continue_targets: ['work'], max_iterations: 2 },
        },
      },
      {},
    );
    const limited = await orch('run', 'start', '--root', 'gate');
    expect(limited.code).toBe(1);
    const failed = Object.values((await show()).instances).find((each) => each.status === 'failed');
    expect(failed).toMatchObject({ task_id: 'gate', failure_kind: 'loop_limit' });
    const words = ['latest', failed!.instance_id, '--grant-iterations', '3'];
    const granted = await orch('run', 'retry-instance', ...words);
    expect(granted).toMatchObject({ code: 0 });
    expect((await show()).status).toBe('done');
  });
});

describe('7. Agents', () => {
  it('a command gets prompt, environment and workspace; its output is its message', async () => {
    mkdirSync(path.join(dir, 'ws'));
    program(
      {
        a: {
          agent: 'mine',
          workspace: 'ws',
          compose: [{ kind: 'literal', text: 'THE PROMPT' }],
          run: 'cat; pwd; env | grep ^CODEX_ORCH_ | cut -d= -f1 | sort; echo "$FROM_AGENT"; command -v codex-orch',
        },
      },
      { agents: { mine: { backend: 'command', env: { FROM_AGENT: 'yes' } } } },
    );
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(0);
    const run = await show();
    const [a] = instancesOf(run, 'a');
    const attempt = path.join(
      dir,
      '.runs',
      run.id,
      'instances',
      a!.instance_id,
      'attempts',
      '0001',
    );
    const output = readFileSync(path.join(attempt, 'events.jsonl'), 'utf8');
    expect(output).toContain('THE PROMPT');
    expect(output).toContain(`\n${path.join(dir, 'ws')}\n`);
    expect(output).toContain(
      [
        'CODEX_ORCH_ATTEMPT_DIR',
        'CODEX_ORCH_INSTANCE_DIR',
        'CODEX_ORCH_INSTANCE_ID',
        'CODEX_ORCH_PROGRAM_DIR',
        'CODEX_ORCH_PROJECT_WORKSPACE_DIR',
        'CODEX_ORCH_RUN_ID',
        'CODEX_ORCH_TASK_ID',
        'CODEX_ORCH_WORKSPACE_DIR',
        'yes',
      ].join('\n'),
    );
    expect(output.trimEnd().endsWith('/codex-orch')).toBe(true);
    expect(readFileSync(path.join(attempt, 'final.md'), 'utf8')).toBe(output);
  });

  it('a missing codex fails the instance with what to do', async () => {
    program({}, { default_agent: 'default' });
    writeFiles(dir, { 'tasks/a.yaml': { id: 'a', title: 'a', status: 'ready' } });
    const ended = await codexOrch(['run', 'start', '--root', 'a'], {
      cwd: dir,
      env: { CODEX_ORCH_CODEX_BIN: '/nowhere/codex' },
    });
    expect(ended.code).toBe(1);
    const [a] = instancesOf(await show(), 'a');
    expect(a).toMatchObject({ failure_kind: 'runner_invocation' });
    expect(a!.error).toMatch(/codex/i);
  });
});

describe('8. An attempt', () => {
  it('what cannot be staged fails the instance before any process starts', async () => {
    program({ a: { run: 'touch ran', compose: [{ kind: 'ref', ref: 'inputs.never' }] } });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    const [a] = instancesOf(await show(), 'a');
    expect(a!.error).toContain('inputs.never');
    expect(existsSync(path.join(dir, 'ran'))).toBe(false);
  });

  it('a file to publish that is missing fails it, and is named', async () => {
    program({ a: { run: 'echo hi', publish: ['final.md', 'report.txt'] } });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    expect(instancesOf(await show(), 'a')[0]!.error).toContain('report.txt');
  });

  it.each([
    ['attempt directory', 'rm -rf "$CODEX_ORCH_ATTEMPT_DIR"'],
    [
      'attempt directory, and puts a file there',
      'rm -rf "$CODEX_ORCH_ATTEMPT_DIR"; : > "$CODEX_ORCH_ATTEMPT_DIR"',
    ],
    ['instance directory', 'rm -rf "$CODEX_ORCH_INSTANCE_DIR"'],
  ])('a worker that removes its %s fails, alone', async (_name, destroy) => {
    program({
      vandal: { run: destroy },
      other: { run: 'echo hi' },
      next: { run: 'echo hi', depends_on: [{ task: 'other', kind: 'order' }] },
    });
    expect((await orch('run', 'start', '--root', 'vandal', 'next')).code).toBe(1);
    const run = await show();
    // Its exit status was kept in that directory, too: what is said depends on what was seen of it.
    expect(instancesOf(run, 'vandal')[0]).toMatchObject({
      status: 'failed',
      error: expect.stringContaining(' ') as string,
    });
    expect(instancesOf(run, 'next')[0]).toMatchObject({ status: 'done' });
  });

  it('a result against its schema fails it, and the field is named', async () => {
    writeFiles(dir, {
      'schemas/r.json': {
        type: 'object',
        properties: { n: { type: 'integer' } },
        required: ['n'],
        additionalProperties: false,
      },
    });
    program({ a: { run: `echo '{"n": "three"}'`, result_schema: 'schemas/r.json' } });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    const [a] = instancesOf(await show(), 'a');
    expect(a).toMatchObject({ failure_kind: 'output_schema' });
    expect(a!.error).toContain('/n');
  });

  it('a required decision that nobody asked for fails it', async () => {
    program({
      a: { run: ':', required_decisions: [{ decision_kind: 'review', description: 'the plan' }] },
    });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    expect(instancesOf(await show(), 'a')[0]).toMatchObject({
      failure_kind: 'decision_obligation',
    });
  });

  it('limits end it, its whole group with it', async () => {
    program(
      { a: { run: 'sleep 60 & echo $! > child; sleep 60' } },
      { node_idle_timeout_sec: 0.3, node_terminate_grace_sec: 1 },
    );
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(1);
    expect(instancesOf(await show(), 'a')[0]).toMatchObject({ termination_reason: 'idle_timeout' });
    const child = readFileSync(path.join(dir, 'child'), 'utf8').trim();
    expect(lives(child)).toBe(false);
  });
});

describe('11. Recovery', () => {
  const slow = {
    a: { run: 'echo begun >> begun; until [ -e go ]; do sleep 0.05; done; echo worked' },
    b: { run: ':', depends_on: after('a') },
  };
  const begun = () =>
    until(() => (existsSync(path.join(dir, 'begun')) ? true : null)).then(() => undefined);

  it('agents outlive a killed engine, and the next one takes them up', async () => {
    program(slow);
    const engine = spawn(process.execPath, [builtEntry, 'run', 'start', '--root', 'b'], {
      cwd: dir,
    });
    await begun();
    engine.kill('SIGKILL');
    await new Promise((resolve) => engine.once('exit', resolve));
    const before = await show();
    expect(before.status).toBe('running');
    const resumed = orch('run', 'resume', 'latest');
    writeFileSync(path.join(dir, 'go'), '');
    expect((await resumed).code).toBe(0);
    expect(statuses(await show())).toEqual(['a done', 'b done']);
    expect(readFileSync(path.join(dir, 'begun'), 'utf8')).toBe('begun\n');
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('what ended while no engine lived is harvested', async () => {
    program(slow);
    const engine = spawn(process.execPath, [builtEntry, 'run', 'start', '--root', 'b'], {
      cwd: dir,
    });
    await begun();
    engine.kill('SIGKILL');
    await new Promise((resolve) => engine.once('exit', resolve));
    writeFileSync(path.join(dir, 'go'), '');
    const runs = path.join(dir, '.runs');
    const [run] = readdirSync(runs);
    const [a] = readdirSync(path.join(runs, run!, 'instances')).filter((id) => id.startsWith('a-'));
    const exit = path.join(runs, run!, 'instances', a!, 'attempts/0001/.process/exit');
    await until(() => (existsSync(exit) ? true : null));
    expect((await orch('run', 'reconcile', 'latest')).code).toBe(0);
    expect(statuses(await show())).toEqual(['a done', 'b runnable']);
    expect((await orch('run', 'resume', 'latest')).code).toBe(0);
    expect(readFileSync(path.join(dir, 'begun'), 'utf8')).toBe('begun\n');
  });

  it('Ctrl-C stops the agents, and leaves them resumable', async () => {
    program(slow);
    const engine = spawn(process.execPath, [builtEntry, 'run', 'start', '--root', 'b'], {
      cwd: dir,
    });
    await begun();
    engine.kill('SIGINT');
    const code = await new Promise((resolve) => engine.once('exit', resolve));
    expect(code).toBe(130);
    const [a] = instancesOf(await show(), 'a');
    expect(a).toMatchObject({
      status: 'failed',
      failure_kind: 'interrupted',
      termination_reason: 'terminated',
      resume_recommended: true,
    });
    writeFileSync(path.join(dir, 'go'), '');
    expect((await orch('run', 'resume', 'latest')).code).toBe(0);
    expect(statuses(await show())).toEqual(['a done', 'b done']);
  });

  it('one engine at a time; a second one is told who it is; abort reaches it', async () => {
    program(slow);
    const started = await orch('run', 'start', '--root', 'b', '--no-wait');
    expect(started.code).toBe(0);
    await begun();
    const second = await orch('run', 'resume', 'latest');
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(/pid \d+/);
    expect((await orch('run', 'abort', 'latest')).code).toBe(0);
    const run = await show();
    expect(run.status).toBe('failed');
    expect(statuses(run)).toEqual(['a failed', 'b skipped']);
    expect(instancesOf(run, 'a')[0]!.error).toBe('run aborted by user');
  });

  it('resume leaves a real failure alone, and names what forces it', async () => {
    program({ a: { run: '[ -e mended ]' }, b: { run: ':', depends_on: after('a') } });
    expect((await orch('run', 'start', '--root', 'b')).code).toBe(1);
    const resumed = await orch('run', 'resume', 'latest');
    expect(resumed.code).toBe(1);
    const [a] = instancesOf(await show(), 'a');
    expect(resumed.stderr).toContain('retry-instance');
    expect(resumed.stderr).toContain(a!.instance_id);
    writeFileSync(path.join(dir, 'mended'), '');
    expect((await orch('run', 'retry-instance', 'latest', 'a')).code).toBe(0);
    expect(statuses(await show())).toEqual(['a done', 'b done']);
  });
});

describe('12. A run on disk', () => {
  it('has the files of the contract, and a log that tells all', async () => {
    program({
      a: { run: `echo '{"x": 1}'`, publish: ['final.md', 'result.json'] },
      b: {
        run: ':',
        depends_on: [{ task: 'a', kind: 'context', consume: ['result.json'], as: 'from_a' }],
      },
    });
    expect((await orch('run', 'start', '--root', 'b')).code).toBe(0);
    const run = await show();
    const at = path.join(dir, '.runs', run.id);
    const [a] = instancesOf(run, 'a');
    const [b] = instancesOf(run, 'b');
    expect(b!.dependency_instances).toEqual({ from_a: a!.instance_id });
    for (const file of [
      'events.jsonl',
      'state/run.json',
      'state/tasks/a.json',
      `state/instances/${a!.instance_id}.json`,
      `state/results/${a!.instance_id}.json`,
      `instances/${a!.instance_id}/published/result.json`,
      `instances/${a!.instance_id}/attempts/0001/prompt.md`,
      `instances/${a!.instance_id}/attempts/0001/context/manifest.json`,
      `instances/${a!.instance_id}/attempts/0001/context/interrupt/requesting-help.md`,
      `instances/${a!.instance_id}/attempts/0001/scratch`,
    ]) {
      expect(existsSync(path.join(at, file)), file).toBe(true);
    }
    const events = readFileSync(path.join(at, 'events.jsonl'), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; event_id: string; event_type: string });
    expect(events.map((event) => event.seq)).toEqual(events.map((_, index) => index + 1));
    expect(events[0]!.event_id).toBe('000001-run_created');
    expect(events.at(-1)!.event_type).toBe('run_completed');
  });

  it('state/ is a cache: gone or garbled, it is rebuilt', async () => {
    program({ a: { run: 'echo hi' } });
    expect((await orch('run', 'start', '--root', 'a')).code).toBe(0);
    const before = await show();
    const state = path.join(dir, '.runs', before.id, 'state');
    const [instance] = readdirSync(path.join(state, 'instances'));
    writeFileSync(path.join(state, 'instances', instance!), '{');
    const garbled = await orch('run', 'verify', 'latest');
    expect(garbled.code).toBe(1);
    expect(garbled.stdout).toContain(`state/instances/${instance}`);
    rmSync(state, { recursive: true });
    expect(await show()).toEqual(before);
    expect((await orch('run', 'list')).stdout).toContain('\tdone\t');
    // What a crash leaves too: worth a word, but nothing is wrong.
    const gone = await orch('run', 'verify', 'latest');
    expect(gone).toMatchObject({ code: 0 });
    expect(gone.stdout).toMatch(/^warning\tstate\/run.json\tis missing/);
    expect((await orch('run', 'verify', 'latest', '--repair')).code).toBe(0);
    expect(existsSync(path.join(state, 'run.json'))).toBe(true);
  });

  it('damage in the middle of the log is reported with its place, never guessed over', async () => {
    program({ a: { run: 'echo hi' } });
    await orch('run', 'start', '--root', 'a');
    const { id } = await show();
    const log = path.join(dir, '.runs', id, 'events.jsonl');
    const lines = readFileSync(log, 'utf8').split('\n');
    lines[2] = lines[2]!.replace('a', 'b');
    writeFileSync(log, lines.join('\n'));
    const verified = await orch('run', 'verify', 'latest');
    expect(verified.code).not.toBe(0);
    expect(`${verified.stdout}${verified.stderr}`).toMatch(/line [34]/);
    expect((await orch('run', 'resume', 'latest')).code).not.toBe(0);
  });

  it('damage that hides from the chain is no defect of ours, whoever reads the log', async () => {
    program({ a: { run: 'echo hi' } });
    await orch('run', 'start', '--root', 'a');
    const { id } = await show();
    const log = path.join(dir, '.runs', id, 'events.jsonl');
    const lines = readFileSync(log, 'utf8').split('\n');
    // The last line that is left has no follower whose "prev" would tell.
    const changed = lines[3]!.replace(
      /"instance_id":"a-[0-9a-f]{8}"/,
      '"instance_id":"a-00000000"',
    );
    writeFileSync(log, [...lines.slice(0, 3), changed, ''].join('\n'));
    const rows = [['resume'], ['reconcile'], ['abort'], ['retry-instance', 'a'], ['explain']];
    for (const [verb = '', ...rest] of [...rows, ['events'], ['watch'], ['show']]) {
      const refused = await orch('run', verb, 'latest', ...rest);
      expect([verb, refused.code]).toEqual([verb, 1]);
      expect(refused.stderr).toMatch(/event log is damaged: .*line 4 \(.*run verify/s);
    }
  });
});
