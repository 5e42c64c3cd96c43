/** Sections 2, 2.4, 3 and 13 of the contract, through the built program. */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const main = path.resolve('dist/main.js');
let home: string;

beforeAll(() => {
  mkdirSync('.test-tmp', { recursive: true });
  home = mkdtempSync(path.resolve('.test-tmp', 'e2e-program-'));
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

function run(args: string[], cwd = home): Promise<Ended> {
  const env = { PATH: process.env['PATH'], HOME: path.join(home, 'no-home') };
  return new Promise((resolve) => {
    execFile(process.execPath, [main, ...args], { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === 'number' ? error.code : 0, stdout, stderr });
    });
  });
}

async function created(name: string, template = 'basic'): Promise<string> {
  const made = await run(['project', 'init', name, 'Name', '..', '--template', template]);
  expect(made.code).toBe(0);
  return path.join(home, name);
}

describe('2. A program on disk', () => {
  it.each(['basic', 'backlog_drain', 'quality_convergence'])(
    '%s is valid from the start',
    async (template) => {
      const program = await created(`t-${template}`, template);
      expect(await run(['project', 'validate', program])).toMatchObject({
        code: 0,
        stdout: 'no issues\n',
      });
      expect(existsSync(path.join(program, '.runs'))).toBe(false);
      expect(existsSync(path.join(home, 'no-home'))).toBe(false);
      const again = await run(['project', 'init', program, 'Name', '..']);
      expect(again).toMatchObject({ code: 2, stdout: '' });
      expect(again.stderr).toContain('is a program already');
    },
  );

  it('init names the workspace as the shell sees it', async () => {
    mkdirSync(path.join(home, 'a-repository'));
    await run(['project', 'init', 'near', 'Name', 'a-repository']);
    expect(readFileSync(path.join(home, 'near/project.yaml'), 'utf8')).toContain(
      'workspace: ../a-repository\n',
    );
    await run(['project', 'init', 'bound', 'Name', '${inputs.repo}']);
    expect(readFileSync(path.join(home, 'bound/project.yaml'), 'utf8')).toContain('${inputs.repo}');
  });

  it('lists, shows and edits tasks and edges', async () => {
    const program = await created('edits');
    expect((await run(['task', 'list'], program)).stdout).toBe(
      'implement\tready\tdefault\tMake the change\nplan\tready\tdefault\tPlan the change\n',
    );
    const edges = await run(['edge', 'list', program, '--json']);
    expect(JSON.parse(edges.stdout)).toEqual([
      {
        source: 'plan',
        target: 'implement',
        kind: 'context',
        scope: 'plan',
        consume: ['final.md'],
      },
    ]);
    writeFileSync(
      path.join(program, 'new.yaml'),
      'id: check\ntitle: Check\nagent: shell\nrun: make check\n',
    );
    expect(await run(['task', 'add', program, path.join(program, 'new.yaml')])).toMatchObject({
      code: 0,
    });
    const added = await run(['edge', 'add', program, 'implement', 'check', 'order']);
    expect(added.stdout).toBe('implement -> check [order]\tscope=implement\tconsume=[]\n');
    const shown = await run(['task', 'show', 'check', '--json'], program);
    expect(JSON.parse(shown.stdout)).toMatchObject({
      id: 'check',
      run: 'make check',
      publish: ['final.md'],
    });
    expect((await run(['inspect', 'task', program, 'check'])).stdout).toContain('run: make check');
    const unknown = await run(['task', 'show', program, 'chekc']);
    expect(unknown).toMatchObject({ code: 4, stdout: '' });
    expect(unknown.stderr).toBe('error: there is no task "chekc"\nhint: did you mean "check"?\n');
    expect(await run(['edge', 'add', program, 'check', 'plan', 'order'])).toMatchObject({
      code: 2,
    });
    const graph = JSON.parse(
      (await run(['graph', 'show', program, '--format', 'json'])).stdout,
    ) as {
      tasks: unknown[];
      edges: unknown[];
    };
    expect([graph.tasks.length, graph.edges.length]).toEqual([3, 2]);
  });
});

describe('2.4 Presets', () => {
  it('previews and applies', async () => {
    const program = await created('presets');
    mkdirSync(path.join(program, 'presets'));
    writeFileSync(
      path.join(program, 'presets', 'review.yaml'),
      'id: review\ntitle: Review\nvariables: {of: {}}\ntasks: [{id: review_$of, title: Review $of, depends_on: [{task: $of, kind: order}]}]\n',
    );
    expect((await run(['preset', 'list', program])).stdout).toBe('review\tlocal\tReview\n');
    expect(JSON.parse((await run(['preset', 'list', program, '--json'])).stdout)).toMatchObject({
      review: { source: 'local', preset: { id: 'review', title: 'Review' } },
    });
    const preview = await run(['preset', 'preview', '--var', 'of=plan', program, 'review']);
    expect(preview.stdout).toContain('title: Review plan');
    expect(await run(['preset', 'apply', program, 'review', '--var', 'of=nothing'])).toMatchObject({
      code: 2,
    });
    expect(await run(['preset', 'apply', program, 'review', '--var', 'of=plan'])).toMatchObject({
      code: 0,
      stdout: 'review_plan\n',
    });
    expect(await run(['preset', 'apply', program, 'review', '--var', 'of=plan'])).toMatchObject({
      code: 2,
    });
  });
});

describe('3. Validation', () => {
  it('exits 0, 1 or 2, and reports at file, line and column', async () => {
    const program = await created('validated');
    writeFileSync(path.join(program, 'tasks', 'plan.yaml'), 'id: plan\ntitle: Plan\nlabel: [x]\n');
    const warned = await run(['project', 'validate', program]);
    expect(warned.code).toBe(1);
    expect(warned.stdout).toContain(
      'tasks/plan.yaml:3:1: warning task.unknown_field: the field "label" is unknown and ignored\n    hint: Did you mean "labels"?\n',
    );
    writeFileSync(path.join(program, 'tasks', 'plan.yaml'), 'id: plan\nstatus: redy\n');
    const failed = await run(['project', 'validate', program, '--json']);
    expect(failed.code).toBe(2);
    const report = JSON.parse(failed.stdout) as { errors: { code: string; line: number }[] };
    expect(report).toMatchObject({ ok: false, blocking: true, program_dir: program, warnings: [] });
    expect(report.errors.map(({ code, line }) => [code, line])).toEqual([
      ['task.missing_field', 1],
      ['task.bad_value', 2],
    ]);
  });

  it('says where there is no program', async () => {
    const missing = await run(['project', 'validate', 'nowhere']);
    expect(missing).toMatchObject({ code: 2, stdout: '' });
    expect(missing.stderr).toContain('nowhere');
  });
});

describe('13. schema', () => {
  it('prints JSON Schema', async () => {
    const printed = await run(['schema', 'task']);
    expect(JSON.parse(printed.stdout)).toMatchObject({ type: 'object', required: ['id', 'title'] });
    expect(await run(['schema', 'tasks'])).toMatchObject({ code: 2 });
  });
});
