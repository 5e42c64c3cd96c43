/** A log that has lost what it held: nothing is done again without a person's word, and nothing hangs. */
import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles, type Ended } from '../support/built-program.ts';

let root: string;
let log: string;

function run(...words: string[]): Promise<Ended> {
  return codexOrch(words, { cwd: root });
}

async function isRefused(words: string[], reason: RegExp): Promise<void> {
  const { code, stdout, stderr } = await run(...words);
  expect(code, words.join(' ')).toBe(1);
  expect(stdout + stderr, words.join(' ')).toMatch(reason);
}

beforeEach(async () => {
  root = testDirectory('lost-log');
  writeFiles(root, {
    'project.yaml': 'name: lost\nworkspace: .\ndefault_agent: shell\n',
    'tasks/first.yaml': {
      id: 'first',
      title: 'first',
      status: 'ready',
      run: 'echo first >> begun',
    },
    'tasks/second.yaml': {
      id: 'second',
      title: 'second',
      status: 'ready',
      depends_on: [{ task: 'first', kind: 'order' }],
      run: 'echo second >> begun',
    },
  });
  expect((await run('run', 'start', '.', '--root', 'second')).code).toBe(0);
  const [runId = ''] = readdirSync(path.join(root, '.runs'));
  log = path.join(root, '.runs', runId, 'events.jsonl');
});
afterEach(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));

it('is refused by name where state/ has seen more, until a person takes what is left for the truth', async () => {
  const lines = readFileSync(log, 'utf8').split('\n');
  // Up to before the second task's attempt.
  const kept = lines.findIndex(
    (line) => line.includes('"attempt_started"') && line.includes('second-'),
  );
  writeFileSync(log, `${lines.slice(0, kept).join('\n')}\n`);
  const before = readFileSync(log);
  for (const words of [
    ['run', 'resume', '.', 'latest'],
    ['run', 'abort', '.', 'latest'],
    ['run', 'reconcile', '.', 'latest'],
    ['run', 'show', '.', 'latest'],
    ['run', 'explain', '.', 'latest'],
    ['run', 'events', '.', 'latest'],
    ['run', 'watch', '.', 'latest'],
    ['run', 'verify', '.', 'latest'],
  ]) {
    await isRefused(words, /missing/);
  }
  expect(readFileSync(log)).toEqual(before);

  await run('run', 'verify', '.', 'latest', '--repair');
  const { code, stderr } = await run('run', 'resume', '.', 'latest');
  expect(code, stderr).toBe(0);
  // The attempt that the log has forgotten was begun, and is taken for what it is.
  expect(readFileSync(path.join(root, 'begun'), 'utf8')).toBe('first\nsecond\n');
});

it('is named by every command where it is empty', async () => {
  writeFileSync(log, '');
  for (const words of [
    ['run', 'show', '.', 'latest'],
    ['run', 'explain', '.', 'latest'],
    ['run', 'events', '.', 'latest'],
    ['run', 'watch', '.', 'latest'],
    ['run', 'verify', '.', 'latest'],
    ['run', 'verify', '.', 'latest', '--repair'],
    ['run', 'resume', '.', 'latest'],
    ['run', 'reconcile', '.', 'latest'],
    ['run', 'abort', '.', 'latest'],
  ]) {
    await isRefused(words, /is empty/);
  }
});
