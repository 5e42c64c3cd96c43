/** Section 2 of the contract: programs from templates, and edits by command. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { created, home, run } from './new-program.ts';

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

  it('init writes the edition of new programs, unless told otherwise', async () => {
    const project = (name: string) => readFileSync(path.join(home, name, 'project.yaml'), 'utf8');
    await created('second');
    expect(project('second')).toContain('edition: 2\n');
    await run(['project', 'init', 'first', 'Name', '..', '--edition', '1']);
    expect(project('first')).not.toContain('edition');
    writeFileSync(path.join(home, 'first', 'project.yaml'), `${project('first')}edition: 3\n`);
    const { code, stdout } = await run(['project', 'validate', 'first']);
    expect(code).toBe(2);
    expect(stdout).toContain('"edition" must be a whole number, at least 1 and at most 2');
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
