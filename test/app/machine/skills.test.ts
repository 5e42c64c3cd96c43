/**
 * The skill for outside agents: every command in it is one that the command line takes. Commands that end
 * by themselves are run, in a scratch program; of the others the words and options are looked up in help.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseControl } from '../../../src/core/judge/control.ts';
import type { Json } from '../../../src/model/json.ts';
import type { ControlSpec } from '../../../src/model/program.ts';
import { failureKinds, proposalKinds } from '../../../src/model/run.ts';
import { backlogDrain } from '../../../src/program/templates/backlog-drain.ts';
import { qualityConvergence } from '../../../src/program/templates/quality-convergence.ts';
import { captureCli } from '../../cli/captured-context.ts';
import { testDirectory } from '../../support/built-program.ts';

const skill = path.resolve('src/app/skills/operate-codex-orch');
const root = testDirectory('skill');
const program = path.join(root, 'program');
const env = { CODEX_ORCH_GLOBAL_ROOT: path.join(root, 'global'), HOME: root };

const pages = readdirSync(skill, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => path.relative(skill, path.join(entry.parentPath, entry.name)));

const commands = pages.flatMap((page) =>
  [...readFileSync(path.join(skill, page), 'utf8').matchAll(/^```sh\n([\s\S]*?)^```/gm)].flatMap(
    (block) =>
      (block[1] ?? '')
        .trim()
        .split('\n')
        .map((line) => ({ page, line })),
  ),
);

/** These start agents or servers, or follow something until a person ends it. */
const neverRun = [
  'doctor',
  'web',
  'run start',
  'run resume',
  'run retry-instance',
  'run watch',
  'inbox worker',
];
/** Said where the words themselves are wrong, whatever the program holds. */
const wrongUsage =
  /unknown (command|option)|unexpected argument|an argument is missing|which command|usage:|is invalid|required option/;

beforeAll(async () => {
  const made = await captureCli(['project', 'init', program, 'Scratch', root], { cwd: root, env });
  expect(made, made.stderr).toMatchObject({ code: 0 });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The words of a POSIX command line with plain and quoted words. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map((m) => m[1] ?? m[2] ?? m[3] ?? '');
}

describe('the skill operate-codex-orch', () => {
  it('has commands to check', () => {
    expect(commands.length).toBeGreaterThan(50);
  });

  it.each(commands)('$page: $line', async ({ line }) => {
    const [first, ...words] = wordsOf(line);
    expect(first).toBe('codex-orch');
    const given = words.map((word) =>
      word === 'my-program' ? '.' : word.replace(/^<(.*)>$/, '$1'),
    );
    const depth = given[1] === undefined || /^[.-]/.test(given[1]) ? 1 : 2;
    const name = given.slice(0, depth).join(' ');
    const help = await captureCli([...given.slice(0, depth), '--help'], { cwd: program, env });
    expect(help, help.stderr).toMatchObject({ code: 0 });
    for (const option of given.filter((word) => word.startsWith('--'))) {
      expect(help.stdout, `${option} of ${name}`).toContain(option);
    }
    if (neverRun.includes(name) || given.includes('init')) return;
    const { stderr } = await captureCli(given, { cwd: program, env });
    expect(stderr).not.toMatch(wrongUsage);
  });

  it('refers to pages that are there, and has the front matter that agents read', () => {
    const text = readFileSync(path.join(skill, 'SKILL.md'), 'utf8');
    expect(text).toMatch(/^---\nname: operate-codex-orch\ndescription: \S.*\n---\n/);
    expect(text.split('\n').length).toBeLessThan(60);
    for (const page of pages) {
      const links = readFileSync(path.join(skill, page), 'utf8').matchAll(/\]\(([^)]+\.md)\)/g);
      for (const [, link = ''] of links) {
        expect(existsSync(path.join(skill, path.dirname(page), link)), `${page}: ${link}`).toBe(
          true,
        );
      }
    }
    for (const page of pages.filter((one) => one !== 'SKILL.md')) expect(text).toContain(page);
  });
});

describe('what the skill says is true of this program', () => {
  const text = (page: string): string =>
    readFileSync(path.join(skill, 'references', `${page}.md`), 'utf8');
  const blocks = pages.flatMap((page) =>
    [
      ...readFileSync(path.join(skill, page), 'utf8').matchAll(/^```(yaml|json)\n([\s\S]*?)^```/gm),
    ].map(([, kind, block = '']) => ({ page, kind, block })),
  );

  it.each(pages.filter((page) => page !== 'SKILL.md'))('%s ends with mistakes', (page) => {
    const headings = readFileSync(path.join(skill, page), 'utf8').match(/^## .*/gm);
    expect(headings?.at(-1)).toBe('## Mistakes');
  });

  it('its YAML and schemas make a program that is sound', async () => {
    const scratch = path.join(root, 'yaml');
    await captureCli(['project', 'init', scratch, 'Scratch', root], { cwd: root, env });
    const put = (file: string, content: string): void => {
      mkdirSync(path.dirname(path.join(scratch, file)), { recursive: true });
      writeFileSync(path.join(scratch, file), content);
    };
    const written = blocks.flatMap(({ kind, block }) => {
      const [, file] = /^# (\S+\.yaml)\n/.exec(block) ?? [];
      if (kind === 'yaml' && file !== undefined) put(file, block);
      if (block.includes('"additionalProperties"')) put('schemas/result.json', block);
      return file ?? [];
    });
    expect(written.sort()).toEqual(['assistant_roles/reviewer/role.yaml', 'tasks/build.yaml']);
    const fields = blocks.find(({ block }) => block.startsWith('# fields of a task'));
    put(
      'tasks/plan.yaml',
      `id: plan\ntitle: Plan\nstatus: ready\npublish: [plan.md, final.md]\ncompose: [{kind: literal, text: Plan.}]\nresult_schema: schemas/result.json\n${fields?.block}`,
    );
    put('prompts/build.md', 'Build it.\n');
    for (const file of ['instructions.md', 'naming.md'])
      put(`assistant_roles/reviewer/${file}`, 'x\n');
    const { stdout } = await captureCli(['project', 'validate', scratch, '--json'], {
      cwd: root,
      env,
    });
    const { errors, warnings } = JSON.parse(stdout) as { errors: unknown[]; warnings: unknown[] };
    expect({ errors, warnings }).toEqual({ errors: [], warnings: [] });
  });

  it('its controls are what a controller may leave', () => {
    const controls = blocks.filter(
      ({ kind, block }) => kind === 'json' && block.includes('"control"'),
    );
    expect(controls).toHaveLength(3);
    const route: ControlSpec = { mode: 'route', routes: [{ label: 'docs', targets: ['t'] }] };
    const loop: ControlSpec = {
      ...{ mode: 'loop', continue_targets: ['t'], stop_targets: ['s'], max_iterations: null },
    };
    for (const { block } of controls) {
      const spec = block.includes('"route"') ? route : loop;
      expect(parseControl(spec, JSON.parse(block) as Json)).toMatchObject({ ok: true });
    }
  });

  it('names every node of the templates, and no other', () => {
    for (const template of [backlogDrain, qualityConvergence]) {
      const tasks = Object.keys(template.files).flatMap(
        (file) => /^tasks\/(.*)\.yaml$/.exec(file)?.[1] ?? [],
      );
      for (const task of tasks)
        expect(text('patterns')).toMatch(new RegExp(`^\\| \`${task}\``, 'm'));
    }
    const named = [...text('patterns').matchAll(/^\| `(\w+)`/gm)].map(([, node]) => node);
    expect(named).toHaveLength(11);
  });

  it('knows the failures, the kinds of proposals and the reasons by their names', () => {
    for (const kind of proposalKinds) expect(text('assistants')).toContain(`\`${kind}\``);
    const failures = [...text('recovery').matchAll(/^\| `failed`, `(\w+)`/gm)].map(
      ([, kind]) => kind,
    );
    expect(failures.length).toBeGreaterThan(2);
    for (const kind of failures) expect(failureKinds).toContain(kind);
  });
});

describe('15 skill install', () => {
  const cli = (...argv: string[]) => captureCli(argv, { cwd: root, env });
  const places = (base: string): string[] =>
    ['.agents', '.claude'].map((place) =>
      path.join(base, place, 'skills/operate-codex-orch/SKILL.md'),
    );

  it('puts it where Codex and Claude Code look, for a repository or a user', async () => {
    const repository = path.join(root, 'repository');
    mkdirSync(repository);
    expect(
      await cli('skill', 'install', 'operate-codex-orch', '--repo-dir', 'repository'),
    ).toMatchObject({ code: 0 });
    for (const file of places(repository)) expect(existsSync(file)).toBe(true);
    expect(await cli('skill', 'install', 'operate-codex-orch', '--user')).toMatchObject({
      code: 0,
    });
    for (const file of places(root)) expect(existsSync(file)).toBe(true);

    const [file = ''] = places(repository);
    writeFileSync(path.join(path.dirname(file), 'old.md'), 'old');
    const again = await cli('skill', 'install', 'operate-codex-orch', '--repo-dir', 'repository');
    expect(again.code).toBe(2);
    expect(again.stderr).toContain('--overwrite');
    expect(
      await cli(
        'skill',
        'install',
        'operate-codex-orch',
        '--repo-dir',
        'repository',
        '--overwrite',
      ),
    ).toMatchObject({ code: 0 });
    expect(existsSync(path.join(path.dirname(file), 'old.md'))).toBe(false);
  });

  it('lists and exports', async () => {
    const listed = await cli('skill', 'list');
    expect(listed.stdout).toMatch(/^operate-codex-orch\tOperate codex-orch/);
    expect(await cli('skill', 'export', 'operate-codex-orch', 'out')).toMatchObject({ code: 0 });
    expect(existsSync(path.join(root, 'out/operate-codex-orch/references/recovery.md'))).toBe(true);
  });

  it('says what is wrong', async () => {
    expect((await cli('skill', 'install', 'operate-codex-orc', '--user')).stderr).toContain(
      'did you mean',
    );
    expect((await cli('skill', 'install', 'operate-codex-orch')).stderr).toContain('either');
    expect(
      (await cli('skill', 'install', 'operate-codex-orch', '--user', '--repo-dir', '.')).code,
    ).toBe(2);
    expect(
      (await cli('skill', 'install', 'operate-codex-orch', '--repo-dir', 'nowhere')).code,
    ).toBe(2);
  });
});
