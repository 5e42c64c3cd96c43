/** The examples run to their end as their READMEs say, and so does the demo, through the built program. */
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATING_MODEL_FILE } from '../../src/model/program-files.ts';
import { operatingModel } from '../../src/program/templates/operating-model.ts';
import { codexOrch, testDirectory, type Ended } from '../support/built-program.ts';
import { claudeEnvironment, claudeSandboxProblem } from '../support/claude.ts';
import { codexHome, sandboxProblem } from '../support/codex.ts';
import { startModelServer, type ModelServer, type ModelStep } from '../support/model-server.ts';

// A blank and a quote in the path: programs and commands printed for people must stand them.
const root = path.join(testDirectory('examples'), "it's here");
mkdirSync(root);
afterAll(() => rmSync(path.dirname(root), { recursive: true, force: true }));

const examples = path.resolve('examples');

interface Question {
  question: string;
  options: string[];
  interrupt_id: string;
}

/** A copy of an example, with a repository where it has one. */
async function copied(name: string): Promise<string> {
  const program = path.join(root, name);
  cpSync(path.join(examples, name), program, { recursive: true });
  const repo = path.join(program, 'repo');
  if (readdirSync(program).includes('repo')) {
    const git = 'git -c user.name=test -c user.email=test@example.invalid';
    const made = await shell(`${git} init -q && git add . && ${git} commit -qm Start`, repo);
    expect(made).toMatchObject({ code: 0 });
  }
  return program;
}

function shell(line: string, cwd: string, env: NodeJS.ProcessEnv = {}): Promise<Ended> {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...process.env, NO_COLOR: '1', ...env } };
    execFile('sh', ['-c', line], options, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === 'number' ? error.code : -1;
      resolve({ code, stdout, stderr });
    });
  });
}

async function openQuestion(program: string): Promise<Question> {
  const list = await codexOrch(['inbox', 'list', '--unresolved-only', '--json'], { cwd: program });
  const entries = JSON.parse(list.stdout) as { interrupt: Question }[];
  expect(entries).toHaveLength(1);
  return (entries[0] as { interrupt: Question }).interrupt;
}

/** What the last instance of a task published as final.md. */
function finalOf(program: string, task: string): string {
  const runs = path.join(program, '.runs');
  const instances = path.join(runs, readdirSync(runs).at(-1) ?? '', 'instances');
  const instance = readdirSync(instances).find((id) => id.startsWith(`${task}-`)) ?? '';
  return readFileSync(path.join(instances, instance, 'published', 'final.md'), 'utf8');
}

describe('examples', () => {
  it.each(readdirSync(examples))('%s is valid, and has the operating model', async (name) => {
    const validated = await codexOrch(['project', 'validate', path.join(examples, name)], {
      cwd: root,
    });
    expect(validated).toMatchObject({ code: 0, stdout: 'no issues\n' });
    const model = readFileSync(path.join(examples, name, OPERATING_MODEL_FILE), 'utf8');
    expect(model).toBe(operatingModel);
  });

  it('backlog_drain_program drains, with a person at each item', async () => {
    const program = await copied('backlog_drain_program');
    const page = (name: string): string => readFileSync(path.join(program, 'site', name), 'utf8');
    const started = await codexOrch(['run', 'start', '.', '--label', 'backlog'], { cwd: program });
    expect(started).toMatchObject({ code: 3 });

    const answers = ['accept', 'accept', 'perhaps', 'reject'];
    const asked: string[] = [];
    for (const [at, text] of answers.entries()) {
      const { question, options, interrupt_id: id } = await openQuestion(program);
      expect(options).toEqual(['accept', 'reject']);
      asked.push(question.split('.')[0] ?? '');
      const reply = ['inbox', 'reply', '.', id, '--text', text, '--resume'];
      const ended = await codexOrch(reply, { cwd: program });
      expect(ended, ended.stderr).toMatchObject({ code: at === answers.length - 1 ? 0 : 3 });
    }
    expect(asked).toEqual([
      'index',
      'Skip title:usage',
      '"recieve" in install',
      '"perhaps" is neither accept nor reject',
    ]);
    expect(page('index.md')).toContain('[Install it](install.md)');
    expect(page('install.md')).toContain('recieve');
    expect(finalOf(program, 'drain_summary')).toBe(
      '# Done\n\n- index.md links to instal.md, which is missing\n\n' +
        '# Skipped: look at these\n\n- usage.md has no title\n- "recieve" in install.md\n',
    );

    const shown = await codexOrch(['run', 'show', 'latest', '--json'], { cwd: program });
    const run = JSON.parse(shown.stdout) as {
      input_scopes: Record<string, { values: { drain_state: unknown } }>;
    };
    expect(Object.values(run.input_scopes).map(({ values }) => values.drain_state)).toEqual([
      { iteration: 0, completed: [], skipped: [], notes: '' },
      { iteration: 1, completed: ['link:index.md:5'], skipped: [], notes: '' },
      { iteration: 2, completed: ['link:index.md:5'], skipped: ['title:usage.md:1'], notes: '' },
    ]);
    expect(await codexOrch(['run', 'verify', 'latest'], { cwd: program })).toMatchObject({
      code: 0,
    });
  });

  it('parallel_agents_program changes one file three times at once', async () => {
    const program = await copied('parallel_agents_program');
    const repo = path.join(program, 'repo');
    const git = (...args: string[]): string =>
      execFileSync('git', args, { cwd: repo, encoding: 'utf8' });
    const started = await codexOrch(['run', 'start', '.', '--root', 'check'], { cwd: program });
    expect(started, started.stderr).toMatchObject({ code: 0 });
    const integrated = await codexOrch(['run', 'integrate'], { cwd: program });
    expect(integrated, integrated.stderr).toMatchObject({ code: 0 });
    expect(git('show', 'HEAD:page.txt')).toBe(
      'WELCOME TO THE SHOP.\n\nToday: apples, 2 each.\n\nCome again: 9 to 5.\n',
    );
    const blamed = await codexOrch(['blame', 'repo/page.txt'], { cwd: program });
    const tasks = blamed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => line.split('\t')[1]);
    expect(tasks).toEqual(['greet', '-', 'prices', '-', 'hours']);
  });

  it('quality_convergence_program goes where the answer leads, and nowhere else', async () => {
    const program = await copied('quality_convergence_program');
    const start = ['run', 'start', '.', '--root', 'acceptance_gate'];
    expect(await codexOrch(start, { cwd: program })).toMatchObject({ code: 3 });
    const { question, interrupt_id: id } = await openQuestion(program);
    expect(question).toContain('3 tests pass, 0 fail.');
    const reply = ['inbox', 'reply', '.', id, '--text', 'Seen', '--resume', '--payload-json'];
    const ended = await codexOrch([...reply, '{"decision": "revise"}'], { cwd: program });
    expect(ended, ended.stderr).toMatchObject({ code: 0 });
    expect(finalOf(program, 'revision_requested')).toContain('# revise');
    expect(() => finalOf(program, 'publish_summary')).toThrow();
    expect(() => finalOf(program, 'scope_review')).toThrow();
  });
});

describe('npm run demo', () => {
  const demo = `'${process.execPath}' '${path.resolve('scripts/demo.mjs')}' --dir demo`;

  it('waits for a person in seconds, and what it says to type next works', async () => {
    const from = performance.now();
    const shown = await shell(demo, root);
    expect(shown, shown.stderr).toMatchObject({ code: 0 });
    expect(performance.now() - from).toBeLessThan(30_000);

    /** The command that the demo prints after some words, with its continuation line. */
    const command = (words: string): string => {
      const at = shown.stdout.indexOf(`   ${words}  `);
      const [line] = /^ {3,}\S.*?(?:\\\n.*)?$/m.exec(shown.stdout.slice(at)) ?? [''];
      return line.slice(words.length + 3).trim();
    };
    const diff = await shell(command('the change so far'), root);
    expect(diff.stdout).toContain("+    .normalize('NFD')");
    const attempts = await shell(`ls -d ${command('each attempt')}`, root);
    expect(attempts.stdout.trim().split('\n').length).toBeGreaterThan(4);
    const question = await shell(command('read the question'), root);
    expect(question.stdout).toContain('Is this change good enough');
    const accepted = await shell(command('accept the work'), root);
    expect(accepted, accepted.stderr).toMatchObject({ code: 0 });
    expect(finalOf(path.join(root, 'demo', '1', 'program'), 'publish_summary')).toContain(
      '# accept',
    );
  });

  const agents: {
    name: string;
    api: 'openai' | 'anthropic';
    problem: string | null;
    env(home: string, port: number): Record<string, string>;
    runs(line: string): ModelStep;
  }[] = [
    {
      name: 'codex',
      api: 'openai',
      problem: sandboxProblem(path.join(root, 'probe-home')),
      env: codexHome,
      runs: (line) => ({ exec: line, args: { yield_time_ms: 60_000 } }),
    },
    {
      name: 'claude',
      api: 'anthropic',
      problem: claudeSandboxProblem(),
      env: claudeEnvironment,
      runs: (line) => ({ bash: line }),
    },
  ];
  describe.each(agents)('-- --$name', ({ name, api, problem, env: environment, runs }) => {
    if (problem !== null)
      process.stderr.write(`\n*** SKIPPED: the demo with ${name}: ${problem}\n\n`);
    let server: ModelServer;
    beforeAll(async () => {
      server = await startModelServer(undefined, api);
    });
    afterAll(() => server.stop());

    it.skipIf(problem !== null)(
      'has the agent mend and ask',
      async () => {
        const mend = (from: string, to: string): ModelStep => {
          const change = `s.replace(${JSON.stringify(from)}, () => ${JSON.stringify(to)})`;
          const code = `const f = 'src/slug.js', s = fs.readFileSync(f, 'utf8'); fs.writeFileSync(f, ${change})`;
          const leave = 'git diff > "$CODEX_ORCH_ATTEMPT_DIR/changes.patch"';
          return runs(`node -e '${code.replaceAll("'", "'\\''")}' && ${leave}`);
        };
        const ask =
          'codex-orch interrupt create --audience human --kind approval --decision-kind review ' +
          '--question "Good enough?" --option accept --reply-schema schemas/acceptance-decision.schema.json';
        await server.script([
          mend("'-');", "'-').replace(/-+/g, '-');"),
          { text: 'Mended one.' },
          mend('.toLowerCase()', ".normalize('NFD').replace(/\\p{M}/gu, '').toLowerCase()"),
          { text: 'Mended the other.' },
          runs(ask),
          { text: 'Asked.' },
          { text: '{"control": {"kind": "route", "labels": ["accept"]}}' },
          { text: 'All is done.' },
        ]);
        const env = environment(path.join(root, `${name}-home`), server.port);
        const shown = await shell(`${demo}-${name} --${name}`, root, env);
        expect(shown, shown.stdout + shown.stderr).toMatchObject({ code: 0 });
        expect(shown.stdout).toContain('6. What to type next');

        const program = path.join(root, `demo-${name}`, '1', 'program');
        const validated = await codexOrch(['project', 'validate', program], { cwd: root });
        expect(validated).toMatchObject({ code: 0 });
        const { interrupt_id: id } = await openQuestion(program);
        const reply = ['inbox', 'reply', '.', id, '--text', 'accept', '--resume', '--payload-json'];
        const ended = await codexOrch([...reply, '{"decision": "accept"}'], { cwd: program, env });
        expect(ended, ended.stderr).toMatchObject({ code: 0 });
        expect(finalOf(program, 'publish_summary')).toBe('All is done.');
      },
      240_000,
    );
  });
});
