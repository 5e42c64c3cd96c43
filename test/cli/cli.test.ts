import { describe, expect, it } from 'vitest';
import { commandTable } from '../../src/cli/command-table.ts';
import { captureCli } from './captured-context.ts';

describe('finding the command', () => {
  it.each<{ argv: string[]; error: string; hint: string }>([
    { argv: ['rnu'], error: 'unknown command "rnu"', hint: 'codex-orch run' },
    { argv: ['xyzzy'], error: 'unknown command "xyzzy"', hint: 'codex-orch --help' },
    { argv: ['constructor'], error: 'unknown command', hint: 'codex-orch --help' },
    { argv: ['--hepl'], error: 'unknown option "--hepl"', hint: '--help' },
    { argv: ['run', 'strat', '.'], error: 'no command "strat"', hint: 'codex-orch run start .' },
    { argv: ['run'], error: 'which command?', hint: 'codex-orch run --help' },
    { argv: ['run', 'list', '--jsn'], error: 'unknown option "--jsn"', hint: '--json' },
    { argv: ['run', 'start', '--root'], error: 'argument missing', hint: 'run start --help' },
    { argv: ['run', 'logs', '--attempt', '0'], error: 'a whole number from 1', hint: '' },
    { argv: ['run', 'start', '--input', 'x'], error: 'key=value, not "x"', hint: '--input topic=' },
    { argv: ['completion'], error: 'missing required argument', hint: 'completion --help' },
    { argv: ['completion', 'bsh'], error: 'the shell "bsh"', hint: 'bash' },
  ])('$argv', async ({ argv, error, hint }) => {
    const { stdout, stderr, code } = await captureCli(argv);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    const [first = '', second = '', ...more] = stderr.split('\n');
    expect(first).toMatch(/^error: /);
    expect(first).toContain(error);
    if (hint !== '') {
      expect(second).toMatch(/^hint: /);
      expect(second).toContain(hint);
    }
    expect(more.filter((line) => line !== '')).toEqual([]);
  });

  it.each([
    ['rnu --json', 'unknown-command'],
    ['run list --jsn --json', 'unknown-option'],
    ['run show --json /nowhere latest', null],
    ['run events --json /nowhere', null],
  ])('%s prints the error as JSON, and nothing else', async (line, code) => {
    const captured = await captureCli(line.split(' '));
    const plain = await captureCli(line.split(' ').filter((word) => word !== '--json'));
    expect(captured.stderr).toBe('');
    expect(captured.code).toBe(plain.code);
    const { error } = JSON.parse(captured.stdout) as { error: Record<string, string | null> };
    expect(Object.keys(error)).toEqual(['code', 'message', 'hint']);
    if (code !== null) expect(error['code']).toBe(code);
    expect(plain.stderr).toContain(error['message']);
  });

  it('without a word prints help to standard error, as wrong usage', async () => {
    const { stdout, stderr, code } = await captureCli([]);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('Usage: codex-orch');
  });
});

describe('help', () => {
  it.each(['help run bogus', 'run bogus --help', 'run help bogus', 'help bogus'])(
    '%s is wrong usage',
    async (line) => {
      const { stdout, stderr, code } = await captureCli(line.split(' '));
      expect([stdout, code]).toEqual(['', 2]);
      expect(stderr).toContain('bogus');
    },
  );

  it.each([[['--help']], [['-h']], [['help']]])(
    '%j lists every group with a line',
    async (argv) => {
      const { stdout, code } = await captureCli(argv);
      expect(code).toBe(0);
      for (const [name, { summary }] of Object.entries(commandTable)) {
        expect(stdout).toContain(`  ${name} `);
        expect(stdout).toContain(summary);
      }
      for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(80);
    },
  );

  it.each(['run start --help', 'help run start', 'run help start'])(
    '%s is the help of run start',
    async (line) => {
      const { stdout, code } = await captureCli(line.split(' '));
      expect(code).toBe(0);
      expect(stdout).toContain('Usage: codex-orch run start');
    },
  );

  it('of every command has examples, and fits 80 columns', async () => {
    for (const [name, entry] of Object.entries(commandTable)) {
      const loaded = await entry.load();
      await check([name]);
      // `inspect task` is `task show`, whose help it prints.
      const verbs = 'noun' in loaded ? Object.keys(loaded.noun.verbs) : [];
      for (const verb of verbs) await check([name, verb]);
    }

    async function check(words: string[]): Promise<void> {
      const { stdout, code } = await captureCli([...words, '--help']);
      expect(code, words.join(' ')).toBe(0);
      expect(stdout, words.join(' ')).toContain('Examples:\n  codex-orch ');
      for (const line of stdout.split('\n')) {
        if (!line.startsWith('  codex-orch')) expect(line.length, line).toBeLessThanOrEqual(80);
      }
    }
  });
});
