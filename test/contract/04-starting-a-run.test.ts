/** Section 4 of the contract: what a run is of, its inputs, and what is frozen. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { until, writeFiles } from '../support/built-program.ts';
import { after, dir, instancesOf, orch, program, show, statuses } from './shell-program.ts';

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

  it('counts as many errors as validation, workspaces that are missing included', async () => {
    program({ a: { run: ':', workspace: 'nowhere' }, b: { run: ':', depends_on: after('none') } });
    const start = await orch('run', 'start', '--root', 'a');
    expect(start.code).toBe(2);
    expect(start.stderr).toContain('nowhere');
    expect(start.stderr).toContain('(and 1 more)');
    expect((await orch('project', 'validate')).stdout).toContain('2 errors');
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
