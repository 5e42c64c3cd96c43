/** Section 17 of the contract: the same task for every item of a list, and what gathers the items. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { codexOrch } from '../support/built-program.ts';
import { standInCodex } from '../support/stand-in-codex.ts';
import { after, dir, instancesOf, orch, program, show, statuses } from './shell-program.ts';

const result = (json: unknown): string =>
  `printf '%s' '${JSON.stringify(json)}' > "$CODEX_ORCH_ATTEMPT_DIR/result.json"`;
const input = (name: string): string =>
  `$(cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/${name}")`;
const ref = (words: string) => ({ kind: 'ref', ref: words });
const gather = (task: string, how = 'settled', consume: string[] = []) => ({
  task,
  kind: consume.length === 0 ? 'order' : 'context',
  consume,
  gather: how,
});
const copyResult = (scope: string): string =>
  `cp "$CODEX_ORCH_ATTEMPT_DIR/context/refs/deps/${scope}/result.json" "$CODEX_ORCH_ATTEMPT_DIR/result.json"`;

interface Entry {
  index: number;
  key: string;
  item: unknown;
  status: string;
  result: unknown;
  error: string | null;
}

/** The result of the one instance of a task, as the run keeps it. */
async function resultOf(task: string): Promise<unknown> {
  const run = await show();
  const [instance] = instancesOf(run, task);
  const file = path.join(dir, '.runs', run.id, 'state', 'results', `${instance?.instance_id}.json`);
  return JSON.parse(readFileSync(file, 'utf8'));
}

/** `find` gives the list; the item `c.ts` fails until `mended` is there. */
function fixes(forEach: object = {}, end: object = gather('check', 'settled', ['final.md'])) {
  program({
    find: { run: result({ failures: [{ file: 'a/b.ts' }, { file: 'c.ts' }, { file: 'd.ts' }] }) },
    fix: {
      run: `f=${input('failure/file.txt')}; echo "fixed $f"; [ "$f" != c.ts ] || [ -e mended ]`,
      for_each: { items: 'deps.find.result.failures', as: 'failure', key: 'file', ...forEach },
      depends_on: after('find'),
      compose: [ref('inputs.failure.file'), ref('inputs.failure_index')],
    },
    check: { run: result({ ok: true }), depends_on: after('fix') },
    summary: { run: copyResult('check'), depends_on: [end], compose: [ref('deps.check.result')] },
  });
}

describe('17. Items', () => {
  it('does a task and what descends from it for every item, and gathers them', async () => {
    fixes();
    const started = await orch('run', 'start', '--root', 'summary');
    expect(started.code, started.stderr).toBe(1);
    const run = await show();
    expect(statuses(run)).toEqual([
      'check done',
      'check done',
      'check skipped',
      'find done',
      'fix done',
      'fix done',
      'fix failed',
      'summary done',
    ]);
    const entries = (await resultOf('summary')) as Entry[];
    expect(entries.map(({ index, key, status }) => [index, key, status])).toEqual([
      [0, 'a/b.ts', 'done'],
      [1, 'c.ts', 'skipped'],
      [2, 'd.ts', 'done'],
    ]);
    expect(entries[0]).toMatchObject({
      item: { file: 'a/b.ts' },
      result: { ok: true },
      error: null,
    });
    expect(entries[1]?.error).toContain('failed');
    const [summary] = instancesOf(run, 'summary');
    const artifacts = path.join(
      ...[dir, '.runs', run.id, 'instances', summary?.instance_id ?? '', 'attempts', '0001'],
      ...['context', 'refs', 'deps', 'check', 'artifacts'],
    );
    const keys = readdirSync(artifacts).sort();
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(/^a_b\.ts-[0-9a-f]+$/);
    expect(keys[1]).toBe('d.ts');
    expect(existsSync(path.join(artifacts, 'd.ts', 'final.md'))).toBe(true);
    const scopes = readdirSync(path.join(dir, '.runs', run.id, 'state', 'inputs')).map(
      (file) =>
        JSON.parse(
          readFileSync(path.join(dir, '.runs', run.id, 'state', 'inputs', file), 'utf8'),
        ) as { item?: object; created_by_instance_id: string | null; values: object },
    );
    const [find] = instancesOf(run, 'find');
    expect(scopes).toContainEqual(
      expect.objectContaining({
        item: { task: 'fix', index: 1, key: 'c.ts' },
        created_by_instance_id: find?.instance_id,
        values: { failure: { file: 'c.ts' }, failure_index: 1 },
      }),
    );
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('tells what gathers a loop of the item in which it failed, with its reason', async () => {
    program({
      fix: {
        run: `[ ${input('one.txt')} != b ]`,
        compose: [ref('inputs.one')],
        for_each: { items: ['a', 'b'], as: 'one' },
      },
      judge: {
        kind: 'controller',
        run: result({ control: { kind: 'loop', action: 'stop' } }),
        depends_on: after('fix'),
        control: { mode: 'loop', continue_targets: ['fix'], stop_targets: ['fixed'] },
      },
      fixed: { run: ':', depends_on: after('judge') },
      summary: {
        run: copyResult('fixed'),
        depends_on: [gather('fixed')],
        compose: [ref('deps.fixed.result')],
      },
    });
    const started = await orch('run', 'start', '--root', 'summary');
    expect(started.code, started.stderr).toBe(1);
    const entries = (await resultOf('summary')) as Entry[];
    expect(entries.map(({ key, status }) => [key, status])).toEqual([
      ['0', 'done'],
      ['1', 'failed'],
    ]);
    expect(entries[1]?.error).toMatch(/^fix \(fix-.*\) failed: .*exit status 1/);
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('tries an item again, and leaves what was gathered as it is', async () => {
    fixes();
    await orch('run', 'start', '--root', 'summary');
    const failed = instancesOf(await show(), 'fix').find(({ status }) => status === 'failed');
    writeFileSync(path.join(dir, 'mended'), '');
    const retried = await orch('run', 'retry-instance', 'latest', failed?.instance_id ?? '');
    expect(retried.code, retried.stderr).toBe(0);
    const run = await show();
    expect(run.status).toBe('done');
    const [summary] = instancesOf(run, 'summary');
    expect(summary).toMatchObject({ status: 'done', attempt: 1 });
    expect(retried.stderr).toContain(`${summary?.instance_id} has gathered the item as it was`);
    expect(((await resultOf('summary')) as Entry[])[1]?.status).toBe('skipped');
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('needs all with "all", and goes on once the item that failed is done', async () => {
    fixes({}, gather('check', 'all'));
    expect((await orch('run', 'start', '--root', 'summary')).code).toBe(1);
    const before = await show();
    expect(instancesOf(before, 'summary')).toMatchObject([
      { status: 'skipped', skip_reason: 'upstream' },
    ]);
    const failed = instancesOf(before, 'fix').find(({ status }) => status === 'failed');
    writeFileSync(path.join(dir, 'mended'), '');
    expect((await orch('run', 'retry-instance', 'latest', failed?.instance_id ?? '')).code).toBe(0);
    const run = await show();
    expect(run.status).toBe('done');
    const entries = (await resultOf('summary')) as Entry[];
    expect(entries.map(({ status }) => status)).toEqual(['done', 'done', 'done']);
  });

  it.each([
    ['no list', { failures: 'none' }, 'is a string, not a list: "none"'],
    ['two keys that differ by case', { failures: [{ file: 'A' }, { file: 'a' }] }, 'of item 0'],
    ['an item without its key', { failures: [{ file: 'a' }, 7] }, 'item 1 of deps.find.result'],
    ['too many', { failures: [1, 2, 3, 4].map((n) => ({ file: `${n}` })) }, 'max_items is 3'],
    ['nothing', {}, 'deps.find.result.failures is missing'],
  ])('fails the task for a list that cannot be used: %s', async (_name, found, says) => {
    program({
      find: { run: result(found) },
      fix: {
        run: ':',
        for_each: { items: 'deps.find.result.failures', as: 'failure', key: 'file', max_items: 3 },
        depends_on: after('find'),
      },
      end: { run: ':', depends_on: [gather('fix')] },
    });
    expect((await orch('run', 'start', '--root', 'end')).code).toBe(1);
    const run = await show();
    expect(statuses(run)).toEqual(['end skipped', 'find done', 'fix failed']);
    const [fix] = instancesOf(run, 'fix');
    expect(fix).toMatchObject({ failure_kind: 'items', attempt: 0 });
    expect(fix?.error).toContain(says);
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('gathers an empty list of an empty list', async () => {
    program({
      fix: { run: ':', for_each: { items: [], as: 'one' } },
      end: {
        run: copyResult('fix'),
        depends_on: [gather('fix', 'all')],
        compose: [ref('deps.fix.result')],
      },
    });
    const started = await orch('run', 'start', '--root', 'end');
    expect(started.code, started.stderr).toBe(0);
    expect(statuses(await show())).toEqual(['end done']);
    expect(await resultOf('end')).toEqual([]);
  });

  it('asks a person above ask_above, and does as many as they want', async () => {
    program({
      fix: { run: ':', for_each: { items: [1, 2, 3], as: 'one', ask_above: 2 } },
      end: {
        run: copyResult('fix'),
        depends_on: [gather('fix', 'all')],
        compose: [ref('deps.fix.result')],
      },
    });
    const started = await orch('run', 'start', '--root', 'end');
    expect(started.code, started.stderr).toBe(3);
    expect((await show()).status).toBe('waiting');
    const listed = await orch('inbox', 'list', '--unresolved-only');
    const [question = ''] = /int-\w+/.exec(listed.stdout) ?? [];
    for (const wrong of ['first', 'first 0', 'first 1.5', 'perhaps']) {
      expect((await orch('inbox', 'reply', question, '--text', wrong)).code).not.toBe(0);
    }
    const replied = await orch('inbox', 'reply', question, '--text', 'first 2', '--resume');
    expect(replied.code, replied.stderr).toBe(0);
    const run = await show();
    expect(statuses(run)).toEqual(['end done', 'fix done', 'fix done', 'fix skipped']);
    expect(instancesOf(run, 'fix')[2]).toMatchObject({ skip_reason: 'first_n', attempt: 0 });
    const entries = (await resultOf('end')) as Entry[];
    expect(entries.map(({ status }) => status)).toEqual(['done', 'done', 'skipped']);
    // Nothing brings it back, and so no command is named that would be refused.
    const explained = (await orch('run', 'explain', 'latest')).stdout;
    expect(explained).toContain('skipped: a person wanted only the items before it');
    expect(explained).not.toContain('retry-instance');
    const retried = await orch('run', 'retry-instance', 'latest', 'fix:2');
    expect(retried.code).not.toBe(0);
    expect(retried.stderr).toContain('a person wanted only the items before it');
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
    expect((await orch('run', 'start', '--root', 'end', '--yes-items', '3')).code).toBe(0);
    expect(instancesOf(await show(), 'fix').map(({ status }) => status)).toEqual([
      'done',
      'done',
      'done',
    ]);
  });

  it('gathers what the items have changed, each in a directory of its own', async () => {
    const staged = '$CODEX_ORCH_ATTEMPT_DIR/context/refs/deps/fix/changes';
    program(
      {
        fix: {
          run: `n=${input('name.txt')}; [ "$n" != bad ] || exit 1; echo "$n" > "$n.txt"`,
          compose: [ref('inputs.name')],
          publish: [],
          for_each: { items: ['a', 'b', 'bad'], as: 'name' },
        },
        end: {
          run: `ls "${staged}" > names; cat "${staged}"/*/changes.diff > all; cat names all`,
          publish: ['final.md'],
          compose: [ref('deps.fix.changes')],
          depends_on: [gather('fix')],
        },
      },
      { workspace: 'ws', isolation: 'tree', edition: 2 },
    );
    repository();
    expect((await orch('run', 'start', '--root', 'end')).code).toBe(1);
    const run = await show();
    const [end] = instancesOf(run, 'end');
    const said = readFileSync(
      path.join(dir, '.runs', run.id, 'instances', end?.instance_id ?? '', 'published/final.md'),
      'utf8',
    );
    expect(said.split('\n').slice(0, 2)).toEqual(['0', '1']);
    expect(said).toContain('+++ b/a.txt');
    expect(said).toContain('+++ b/b.txt');
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });

  it('says with the question who works on the items, and what one has used in earlier runs', async () => {
    const compose = [{ kind: 'literal', text: 'Say something.' }];
    const items = ['careful', 'quick', 'careful'].map((who) => ({ who }));
    const tasks = {
      fix: {
        agent: '${inputs.one.who}',
        compose,
        for_each: { items, as: 'one', ask_above: 2 },
      },
      look: { run: ':', publish: [], depends_on: after('fix') },
      end: { run: ':', publish: [], depends_on: [gather('look')] },
    };
    const agents = {
      careful: { backend: 'codex', model: 'gpt-x' },
      quick: { backend: 'codex' },
    };
    const price = { input: 1_000_000, cached_input: 0, output: 2_000_000 };
    program(tasks, { edition: 2, agents, prices: { '*': price } });
    const { env } = standInCodex(path.join(dir, 'agent'), { fix: 'echo fixed' });
    const cli = (...words: string[]) => codexOrch(words, { cwd: dir, env });
    const question = async () => {
      expect((await cli('run', 'start', '--root', 'end')).code).toBe(3);
      const [asked] = JSON.parse(
        (await cli('inbox', 'list', '--unresolved-only', '--json')).stdout,
      ) as { interrupt: { question: string; metadata: object } }[];
      return asked?.interrupt;
    };
    const first = await question();
    expect(first?.question).toContain('3 items, 2 at a time, by careful (gpt-x), quick, shell. ');
    expect(first?.question).toContain('What an item costs is not known.');
    expect(first?.metadata).toMatchObject({ earlier_per_item: null });
    await cli('run', 'abort', 'latest');
    expect((await cli('run', 'start', '--root', 'end', '--yes-items', '3')).code).toBe(0);
    const second = await question();
    expect(second?.question).toContain(
      'In earlier runs an item has used 2 tokens, $3.00 (the mean of 3); 3 would use 6 tokens, $9.00.',
    );
    expect(second?.metadata).toMatchObject({
      agents: [
        { agent: 'careful', model: 'gpt-x' },
        { agent: 'quick', model: null },
        { agent: 'shell', model: null },
      ],
      earlier_per_item: { instances: 3, tokens: 2, cost_usd: 3 },
    });
    expect((await cli('run', 'verify', 'latest')).code).toBe(0);
  });

  it('begins no item once too many have failed, and goes on when they are mended', async () => {
    program(
      {
        fix: {
          run: '[ -e mended ]',
          for_each: { items: ['a', 'b', 'c', 'd'], as: 'one', stop_after: 2, max_parallel: 1 },
        },
        end: { run: ':', depends_on: [gather('fix')] },
      },
      { max_concurrency: 4 },
    );
    expect((await orch('run', 'start', '--root', 'end')).code).toBe(1);
    const run = await show();
    expect(instancesOf(run, 'fix').map(({ status }) => status)).toEqual([
      'failed',
      'failed',
      'skipped',
      'skipped',
    ]);
    expect(instancesOf(run, 'fix')[2]).toMatchObject({ skip_reason: 'stop_after' });
    writeFileSync(path.join(dir, 'mended'), '');
    const [first] = instancesOf(run, 'fix');
    await orch('run', 'retry-instance', 'latest', first?.instance_id ?? '');
    expect(instancesOf(await show(), 'fix').map(({ status }) => status)).toEqual([
      'done',
      'failed',
      'done',
      'done',
    ]);
  });

  it('nests regions in each other, in loops, and loops in them', { timeout: 240_000 }, async () => {
    const loop = (until: number): string =>
      `n=${input('n.json')}; if [ "$n" -lt ${until} ]; then ${result({
        control: { kind: 'loop', action: 'continue', next_inputs: { n: 'N' } },
      }).replace(
        '"N"',
        `'$((n + 1))'`,
      )}; else ${result({ control: { kind: 'loop', action: 'stop' } })}; fi`;
    program(
      {
        outer: { run: ':', for_each: { items: ['x', 'y'], as: 'letter' } },
        inner: {
          run: ':',
          for_each: { items: [1, 2], as: 'number' },
          depends_on: after('outer'),
        },
        again: {
          kind: 'controller',
          run: loop(1),
          compose: [ref('inputs.n')],
          depends_on: after('inner'),
          control: {
            mode: 'loop',
            continue_targets: ['inner'],
            stop_targets: ['settled'],
          },
        },
        settled: { run: result('ok'), depends_on: after('again') },
        each: {
          run: copyResult('settled'),
          depends_on: [gather('settled', 'all')],
          compose: [ref('deps.settled.result')],
        },
        all: {
          run: copyResult('each'),
          depends_on: [gather('each', 'all')],
          compose: [ref('deps.each.result')],
        },
        repeat: {
          kind: 'controller',
          run: loop(1),
          compose: [ref('inputs.n')],
          depends_on: after('all'),
          control: { mode: 'loop', continue_targets: ['outer'], stop_targets: [] },
        },
      },
      { max_concurrency: 4, user_inputs: { n: 'n.json' } },
    );
    writeFileSync(path.join(dir, 'n.json'), '0');
    const started = await orch('run', 'start', '--root', 'repeat');
    expect(started.code, started.stderr).toBe(0);
    const run = await show();
    // With n = 0 each inner item twice; with n = 1 `again` holds it to once.
    expect(instancesOf(run, 'all')).toHaveLength(2);
    expect(instancesOf(run, 'each')).toHaveLength(4);
    expect(instancesOf(run, 'settled')).toHaveLength(8);
    expect(instancesOf(run, 'inner')).toHaveLength(12);
    expect((await orch('run', 'verify', 'latest')).code).toBe(0);
  });
});

/** Makes the workspace `ws` a repository of one commit. */
function repository(): void {
  const ws = path.join(dir, 'ws');
  mkdirSync(ws);
  writeFileSync(path.join(ws, 'README.md'), 'hello\n');
  const git = (...words: string[]) => execFileSync('git', ['-C', ws, ...words]);
  git('init', '-q');
  git('add', '.');
  git('-c', 'user.name=p', '-c', 'user.email=p@x', 'commit', '-q', '-m', 'first');
}
