/** Section 12: what `run show --json` and `run list --json --full` print, with all that counts resolved. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { codexOrch } from '../support/built-program.ts';
import { after, dir, instancesOf, orch, program, show, type ShownRun } from './shell-program.ts';

describe('run show --json', () => {
  it('tells the workspaces, sandbox and model that count, and how they were written', async () => {
    for (const each of ['repo/sub', 'repo/extra', 'cache']) {
      mkdirSync(path.join(dir, each), { recursive: true });
    }
    const compose = [{ kind: 'literal', text: 'Go.' }];
    program(
      {
        plain: { run: 'true' },
        own: {
          run: 'true',
          workspace: '${inputs.part}',
          extra_writable_roots: ['../extra', path.join(dir, 'cache')],
          model: 'large',
        },
        coded: { agent: 'tool', compose, depends_on: after('later') },
        closed: { agent: 'plain', model: 'large', compose, depends_on: after('later') },
        later: { run: 'true', workspace: '${inputs.nobody_gave}' },
        // Which might give it.
        gate: {
          run: 'true',
          kind: 'controller',
          depends_on: after('later'),
          control: { mode: 'loop', continue_targets: ['later'] },
        },
      },
      {
        workspace: '${inputs.repo}',
        default_model: 'small',
        default_sandbox: 'read-only',
        agents: {
          tool: { backend: 'codex', sandbox: 'danger-full-access' },
          plain: { backend: 'codex' },
        },
      },
    );
    const inputs = ['--input', 'repo=repo', '--input', 'part=sub'];
    const roots = ['plain', 'own', 'gate', 'coded', 'closed'];
    await codexOrch(['run', 'start', '--root', ...roots, ...inputs], {
      cwd: dir,
      // They never start, but their program must be there.
      env: { CODEX_ORCH_CODEX_BIN: '/bin/true' },
    });
    const run = await show();
    const repo = path.join(dir, 'repo');
    expect(run.project['workspace']).toBe(repo);
    expect(run.project_workspace_template).toBe('${inputs.repo}');
    expect(run.tasks['plain']).toMatchObject({
      workspace: repo,
      extra_writable_roots: [],
      // Commands run without the two.
      sandbox: null,
      model: null,
    });
    expect(run.tasks['own']).toMatchObject({
      workspace: path.join(repo, 'sub'),
      extra_writable_roots: [path.join(repo, 'extra'), path.join(dir, 'cache')],
      sandbox: null,
      model: null,
    });
    expect(run.tasks['coded']).toMatchObject({ sandbox: 'danger-full-access', model: 'small' });
    expect(run.tasks['closed']).toMatchObject({ sandbox: 'read-only', model: 'large' });
    expect(run.task_path_templates['own']).toEqual({
      workspace: '${inputs.part}',
      extra_writable_roots: ['../extra', path.join(dir, 'cache')],
    });
    expect(run.tasks['later']).toMatchObject({
      workspace: '${inputs.nobody_gave}',
      sandbox: null,
    });
  });

  it('names the tasks that a label chose, sorted, each once', async () => {
    program({
      c: { run: 'true', labels: ['nightly'] },
      b: { run: 'true', labels: ['nightly'], depends_on: [{ task: 'dep', kind: 'order' }] },
      dep: { run: 'true' },
      a: { run: 'true' },
    });
    await orch('run', 'start', '--label', 'nightly', '--root', 'c', '--root', 'a', '--no-wait');
    const run = await show();
    expect(run.roots).toEqual(['a', 'b', 'c']);
    const { stdout } = await orch('run', 'list');
    expect(stdout).toContain('\troots=a,b,c\t');
  });

  it('keys upstream instances by task, and by alias beside', async () => {
    program({
      up: { run: 'true', publish: ['final.md', 'stderr.log'] },
      down: {
        run: 'true',
        depends_on: [
          { task: 'up', kind: 'context', consume: ['final.md'], as: 'one' },
          { task: 'up', kind: 'context', consume: ['stderr.log'], as: 'two' },
          { task: 'other', kind: 'order' },
        ],
      },
      other: { run: 'true' },
    });
    await orch('run', 'start', '--root', 'down');
    const run = await show();
    const [up, other] = ['up', 'other'].map((task) => instancesOf(run, task)[0]?.instance_id);
    const [down] = instancesOf(run, 'down');
    expect(down?.dependency_instances).toEqual({ up, other });
    expect(down?.dependency_scopes).toEqual({ one: up, two: up, other });
  });
});

describe('run list --json', () => {
  it('with --full prints all of each run', async () => {
    program({ a: { run: 'true' } });
    await orch('run', 'start', '--root', 'a');
    await orch('run', 'start', '--root', 'a');
    const { stdout } = await orch('run', 'list', '--json', '--full');
    const runs = JSON.parse(stdout) as ShownRun[];
    expect(runs).toHaveLength(2);
    expect(runs[0]).toEqual(await show());
    const { code, stderr } = await orch('run', 'list', '--full');
    expect({ code, stderr }).toMatchObject({ code: 2, stderr: expect.stringContaining('--json') });
  });
});
