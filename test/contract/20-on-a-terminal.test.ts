/** Section 20 of the contract: what a person sees on a terminal, and what a pipe gets instead. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/cli.ts';
import { capturedContext } from '../cli/captured-context.ts';
import { builtEntry, codexOrch } from '../support/built-program.ts';
import { dir, program } from './shell-program.ts';

const asks = `
  [ -e "$CODEX_ORCH_ATTEMPT_DIR/../0001/asked" ] || {
    touch "$CODEX_ORCH_ATTEMPT_DIR/asked"
    codex-orch interrupt create --audience human --kind approval --decision-kind policy \\
      --option ship --option wait --question "$(printf '# Ship?\\n\\n- one\\n- two\\n')"
  }
  echo 'All of it was **shipped**.'`;

/** A command line of a person at a terminal of 80 columns, who types these lines when asked. */
async function atTerminal(words: string[], typed: string[] = []) {
  const env = { ...process.env, CODEX_ORCH_ENTRY: builtEntry };
  const { context, captured } = capturedContext({
    ...{ cwd: dir, env, terminal: { columns: 80, rows: 40 } },
  });
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  Object.assign(context, { stdin });
  const lines = [...typed];
  const steer = context.stderr.steer.bind(context.stderr);
  context.stderr.steer = (text) => {
    steer(text);
    if (!/(?:: |\] )$/.test(text.replace(/\u001b\[[0-9;]*[A-Za-z]/g, ''))) return;
    const next = lines.shift();
    setImmediate(() => (next === undefined ? stdin.end() : stdin.write(`${next}\r`)));
  };
  await runCli(words, context);
  return captured;
}

describe('at a terminal', () => {
  it(
    'a person goes through what is open, and sees what came out',
    { timeout: 60_000 },
    async () => {
      program({ ship: { title: 'Ship it', run: asks, publish: ['final.md'] } });
      const started = await codexOrch(['run', 'start', '--root', 'ship'], { cwd: dir });
      expect(started.code).toBe(3);
      const runId = started.stdout.trim();

      const shown = await atTerminal(['run', 'show', 'latest']);
      expect(shown.stdout).toMatch(new RegExp(`^Run ${runId} waits for replies`));
      expect(shown.stdout).toContain('    Ship?\n\n    - one\n    - two\n    options: ship | wait');
      const piped = await codexOrch(['run', 'show', 'latest'], { cwd: dir });
      const yaml = await atTerminal(['run', 'show', 'latest', '--yaml']);
      expect(yaml.stdout).toBe(piped.stdout);
      expect(piped.stdout).toMatch(/^id: /);

      const question = await atTerminal(['inbox', 'show', 'int-']);
      expect(question.stdout).toContain('  Ship?\n\n  - one\n  - two\n\n  1) ship\n  2) wait');
      expect(question.stdout).toContain('--resume');

      const later = await atTerminal(['inbox', '.'], ['', 'n']);
      expect(later.stderr).toContain('Question 1 of 1');
      expect(later.stderr).not.toContain('sent');
      const answered = await atTerminal(['inbox'], ['1', 'y', 'y']);
      expect(answered.stderr).toContain('Answer: ship');
      expect(answered.stderr).toContain('has all its answers. Go on with it?');
      expect(answered.stderr).toContain('All of it was shipped.');
      expect(answered.code).toBe(0);

      const answer = await atTerminal(['inbox', 'show', 'int-']);
      expect(answer.stdout).toContain('answered by a person');
      const done = await atTerminal(['run', 'show', 'latest']);
      expect(done.stdout).toContain('Results\n');
      for (const line of `${done.stdout}${question.stdout}${shown.stdout}`.split('\n')) {
        expect(line.length).toBeLessThanOrEqual(80);
      }
    },
  );

  it('run show tells what checks came to, and what was printed', { timeout: 60_000 }, async () => {
    const checks = [{ run: 'echo all is well' }, { run: 'echo it leaks; exit 3' }];
    program({ a: { run: 'true', checks } }, { edition: 2 });
    expect((await codexOrch(['run', 'start', '--root', 'a'], { cwd: dir })).code).toBe(1);
    const { stdout } = await atTerminal(['run', 'show', 'latest']);
    expect(stdout).toMatch(
      /Checks\n {2}✖ echo it leaks; exit 3 {2}exit 3 {2}a-\w+\n {6}it leaks\n/,
    );
    expect(stdout).toMatch(/ {2}✔ echo all is well {2}passed {2}a-/);
    const [, log = ''] = /^ {6}(\.runs\S*check-1\.log)$/m.exec(stdout) ?? [];
    expect(readFileSync(path.join(dir, log), 'utf8')).toBe('it leaks\n');
  });

  it('a pipe gets the id alone, and no dialogue', { timeout: 60_000 }, async () => {
    program({ one: { run: 'echo done', publish: ['final.md'] } });
    const started = await codexOrch(['run', 'start', '--root', 'one'], { cwd: dir });
    expect(started.stdout).toMatch(/^\S+\n$/);
    expect(started.stderr).toContain('Results\n');
    const inbox = await codexOrch(['inbox'], { cwd: dir });
    expect(inbox).toMatchObject({ code: 2, stdout: '' });
    const walk = await codexOrch(['inbox', 'walk'], { cwd: dir });
    expect(walk.code).toBe(2);
    expect(walk.stderr).toContain('this needs a terminal');
    const watch = await codexOrch(['run', 'list', '--watch'], { cwd: dir });
    expect(watch.code).toBe(2);
  });
});
