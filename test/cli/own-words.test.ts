/** Command lines as scripts write them: options given again, the contrary of a flag, options before words. */
import { rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { commandTable } from '../../src/cli/command-table.ts';
import type { Command } from '../../src/cli/command.ts';
import { written } from '../../src/cli/options.ts';
import { shareWords } from '../../src/cli/own-words.ts';
import { testDirectory, writeFiles } from '../support/built-program.ts';
import { captureCli } from './captured-context.ts';

const home = testDirectory('own-words');
afterAll(() => rmSync(home, { recursive: true, force: true }));
const statuses = ['draft', 'ready', 'blocked', 'done'];
writeFiles(home, {
  'prog/project.yaml': 'name: p\nworkspace: .\ndefault_agent: shell\n',
  ...Object.fromEntries(
    statuses.map((status) => [
      `prog/tasks/${status}.yaml`,
      { id: status, title: status, status, run: 'true' },
    ]),
  ),
});
const program = path.join(home, 'prog');

async function commandOf(noun: string, verb: string): Promise<Command> {
  const loaded = await commandTable[noun]?.load();
  if (!loaded || !('noun' in loaded)) throw new Error(noun);
  const found = loaded.noun.verbs[verb];
  if (!found || !('load' in found)) throw new Error(verb);
  return (await found.load()).command;
}

describe('an option given again', () => {
  it.each([
    { given: ['ready'], ids: ['ready'] },
    { given: ['ready', 'draft'], ids: ['draft', 'ready'] },
    { given: ['draft', 'done', 'draft'], ids: ['done', 'draft'] },
    { given: [], ids: ['blocked', 'done', 'draft', 'ready'] },
  ])('task list --status $given: the union', async ({ given, ids }) => {
    const options = given.flatMap((status) => ['--status', status]);
    const { stdout, code } = await captureCli(['task', 'list', program, ...options]);
    expect(code).toBe(0);
    expect(stdout.split('\n').flatMap((line) => line.split('\t')[0] || [])).toEqual(ids);
  });

  it('checks each word of it', async () => {
    const line = ['task', 'list', program, '--status', 'ready', '--status', 'redy'];
    const { stderr, code } = await captureCli(line);
    expect(code).toBe(2);
    expect(stderr).toContain('--status');
    expect(stderr).toContain('redy');
  });

  it.each([
    { options: ['--input', 'a=1', '--input-json', 'a=2'], value: 2 },
    { options: ['--input-json', 'a=2', '--input', 'a=1'], value: '1' },
    { options: ['--input', 'a=1', '--input-json', 'a=2', '--input', 'a= x '], value: ' x ' },
    { options: ['--input-json-file', 'a=in.json', '--input-json', 'a=2'], value: 2 },
    { options: ['--input-json', 'a=2', '--input-json-file', 'a=in.json'], value: [3] },
  ])('of inputs for one key the last on the line counts: $options', async ({ options, value }) => {
    writeFiles(home, { 'in.json': [3] });
    const line = ['run', 'start', program, '--root', 'ready', ...options, '--dry-run', '--json'];
    const { stdout } = await captureCli(line, { cwd: home });
    expect((JSON.parse(stdout) as { inputs: unknown }).inputs).toEqual({ a: value });
  });
});

describe('the contrary of a flag', () => {
  it('is accepted for every flag of every command', async () => {
    let flags = 0;
    for (const [name, entry] of Object.entries(commandTable)) {
      const loaded = await entry.load();
      const all: [string[], Command][] =
        'command' in loaded
          ? [[[name], loaded.command]]
          : await Promise.all(
              Object.keys(loaded.noun.verbs)
                .filter((verb) => 'load' in (loaded.noun.verbs[verb] ?? {}))
                .map(async (verb): Promise<[string[], Command]> => [
                  [name, verb],
                  await commandOf(name, verb),
                ]),
            );
      for (const [words, { options }] of all) {
        for (const { flags: itsFlags } of Object.values(options)) {
          const { long, takesValue } = written(itsFlags);
          if (takesValue) continue;
          flags += 1;
          // What is complained of is neither the contrary, nor that something is missing.
          const line = [...words, `--no-${long.slice(2)}`, '--nonesuch'];
          const { stderr } = await captureCli(line, { cwd: home });
          expect(stderr, line.join(' ')).toMatch(/unknown option "--nonesuch"|required option/);
        }
      }
    }
    expect(flags).toBeGreaterThan(40);
  });

  it.each([
    { flags: ['--json', '--no-json'], json: false },
    { flags: ['--no-json', '--json'], json: true },
    { flags: ['--no-json'], json: false },
  ])('$flags: the last counts', async ({ flags, json }) => {
    const { stdout } = await captureCli(['task', 'list', program, ...flags]);
    expect(stdout.startsWith('[')).toBe(json);
  });

  it('stands in no help', async () => {
    const { stdout } = await captureCli(['run', 'start', '--help']);
    expect(stdout).toContain('--no-wait');
    expect(stdout).not.toContain('--no-json');
  });
});

describe('an option that takes several values', () => {
  it.each([
    { line: 'run start --root ready prog', own: ['prog'], several: { roots: ['ready'] } },
    {
      line: 'run start --root ready draft prog',
      own: ['prog'],
      several: { roots: ['ready', 'draft'] },
    },
    {
      line: 'run start --root ready --label a prog',
      own: ['prog'],
      several: { roots: ['ready'], labels: ['a'] },
    },
    {
      line: 'run start --root ready --root draft --json prog',
      own: ['prog'],
      several: { roots: ['ready', 'draft'] },
    },
    { line: 'run start --root=ready prog', own: ['prog'], several: { roots: ['ready'] } },
    {
      line: 'run start prog --root ready draft',
      own: ['prog'],
      several: { roots: ['ready', 'draft'] },
    },
    {
      line: 'inbox reply --citation a prog int-1',
      own: ['prog', 'int-1'],
      several: { citations: ['a'] },
    },
    {
      line: 'inbox reply --citation a b prog int-1',
      own: ['prog', 'int-1'],
      several: { citations: ['a', 'b'] },
    },
    {
      line: 'inbox reply prog --citation a int-1',
      own: ['prog', 'int-1'],
      several: { citations: ['a'] },
    },
    {
      line: 'inbox reply prog --text x int-1 --citation a b',
      own: ['prog', 'int-1'],
      several: { citations: ['a', 'b'] },
    },
    {
      line: 'edge add --consume final.md prog a b context',
      own: ['prog', 'a', 'b', 'context'],
      several: { consume: ['final.md'] },
    },
    {
      line: 'edge add prog a --consume x --consume y b context',
      own: ['prog', 'a', 'b', 'context'],
      several: { consume: ['x', 'y'] },
    },
    {
      line: 'preset apply --var a=b prog it',
      own: ['prog', 'it'],
      several: { variables: ['a=b'] },
    },
    {
      line: 'preset apply --var a=b prog --overwrite it',
      own: ['prog', 'it'],
      several: { variables: ['a=b'] },
    },
    {
      line: 'inbox reply --citation a -- prog int-1',
      own: ['prog', 'int-1'],
      several: { citations: ['a'] },
    },
  ])('gives back what the command lacks: $line', async ({ line, own, several }) => {
    const [noun = '', verb = '', ...rest] = line.split(' ');
    const command = await commandOf(noun, verb);
    const shared = shareWords(command, rest, { cwd: home, env: {} });
    expect(shared.own).toEqual(own);
    expect(shared.several).toMatchObject(several);
  });

  it('inside a program, words that could be its values stay with it', async () => {
    const command = await commandOf('run', 'start');
    const shared = shareWords(command, ['--root', 'ready', 'draft'], { cwd: program, env: {} });
    expect(shared).toEqual({ own: [], several: { roots: ['ready', 'draft'], labels: [] } });
  });
});
