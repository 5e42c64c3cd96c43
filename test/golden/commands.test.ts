/** What every command prints, and its exit status, as it is today: see command-lines.ts for what is typed. */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { sessions, type Session } from './command-lines.ts';
import { copyFixture } from './fixture-runs.ts';
import { expectGolden } from './golden.ts';
import { inParallel } from './in-parallel.ts';
import { neutral } from './neutral.ts';

/** Sessions at a time. */
const SLOTS = 3;

const root = testDirectory('commands');
const outputs = new Map<string, string>();

beforeAll(async () => {
  await inParallel(SLOTS, Object.entries(sessions), async ([name, session]) => {
    outputs.set(name, await play(path.join(root, name), session));
  });
}, 600_000);
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

describe('commands', () => {
  it.each(Object.keys(sessions))('%s', (name) => {
    expectGolden(`commands/${name}.txt`, outputs.get(name) ?? '');
  });

  it('leave out no command', () => {
    const page = readFileSync('docs/commands.md', 'utf8');
    const documented = [...page.matchAll(/^#{2,3} ([a-z- ]+)$/gm)].map(([, words = '']) => words);
    const typed = Object.values(sessions)
      .flatMap(({ lines }) => lines)
      .map((each) => (typeof each === 'string' ? each : each.line));
    const groups = documented.filter((words) => documented.some((w) => w.startsWith(`${words} `)));
    const commands = documented.filter((words) => !groups.includes(words));
    expect(commands.length).toBeGreaterThan(40);
    expect(
      commands.filter(
        (words) => !typed.some((line) => new RegExp(`(^| )${words}( |$)`).test(line)),
      ),
    ).toEqual([]);
  });
});

async function play(directory: string, session: Session): Promise<string> {
  writeFiles(directory, { 'home/.keep': '' });
  const run = session.fixture === null ? null : copyFixture(session.fixture, directory);
  writeFiles(directory, session.files ?? {});
  if (run) session.prepare?.(run);
  const names: Record<string, string> = {
    run: run?.runId ?? '',
    instance: run?.instanceIds()[0] ?? '',
    int: run?.interruptIds().at(-1) ?? '',
    prop: `prop-${run?.interruptIds()[0] ?? ''}`,
  };
  const shown: string[] = [];
  for (const each of session.lines) {
    const { line, input } = typeof each === 'string' ? { line: each, input: '' } : each;
    const words = wordsOf(line.replace(/\{(\w+)\}/g, (text, name: string) => names[name] ?? text));
    const answer = await answerOf(directory, words, input);
    const places = { [directory]: '<DIR>', [path.resolve('dist')]: '<DIST>' };
    shown.push(neutral(`$ ${line}\n${machineless(answer)}`, places));
  }
  return shown.join('\n');
}

async function answerOf(directory: string, words: string[], input: string): Promise<string> {
  const [first, file = ''] = words;
  if (first === 'cat') return readFileSync(path.join(directory, file), 'utf8');
  if (first === 'ls') {
    const entries = readdirSync(path.join(directory, file), { recursive: true, encoding: 'utf8' });
    return `${entries.sort().join('\n')}\n`;
  }
  const env: NodeJS.ProcessEnv = { HOME: path.join(directory, 'home') };
  const from = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  for (const word of words.slice(0, from)) {
    const [name = '', value = ''] = word.split('=');
    env[name] = value;
  }
  const ended = await codexOrch(words.slice(from), { cwd: directory, env, input });
  const errors = ended.stderr === '' ? '' : `--- stderr\n${ended.stderr}`;
  return `${ended.stdout}${errors}--- exit ${ended.code}\n`;
}

/** As a shell takes a line apart; single quotes hold words together. */
function wordsOf(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? '');
}

/** What tells of the machine, and how quick it was. */
function machineless(text: string): string {
  return (
    text
      .replaceAll(process.versions.node, '<node version>')
      .replace(/^\d+\.\d+\.\d+$/m, '<version>')
      .replace(/(\btool_version"?: )"[^"]*"/g, '$1"<version>"')
      .replace(/\b\d+ MiB are free/g, '<number> MiB are free')
      // What a run takes on disk depends on how long the paths are that stand in it.
      .replace(/\b\d+(?:\.\d+)? KiB\b/g, '<size> KiB')
      .replace(/(instances? done.*?), (?:\d+m )?\d+s\)/g, '$1, <seconds>)')
      .replace(/^(\d\d:\d\d:\d\d .* )(?:\d+m )?\d+s$/gm, '$1<seconds>')
  );
}
