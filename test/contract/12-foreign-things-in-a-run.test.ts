/**
 * What a run directory holds is replaced by what nobody may read as a file: a pipe that would be waited for, a device
 * without an end, a directory, a circle. Commands say so by name, or go by the log, and the next engine mends what it can.
 */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';

const harms: [string, (at: string) => void][] = [
  ['pipes', (at) => execFileSync('mkfifo', [at])],
  ['links to a device without end', (at) => symlinkSync('/dev/zero', at)],
  ['directories', (at) => mkdirSync(path.join(at, 'full'), { recursive: true })],
];

const dir = testDirectory('foreign-things');
const orch = (...words: string[]) => codexOrch(words, { cwd: dir });
const runs = path.join(dir, '.runs');
/** What is there before anything is replaced: a run that is over, and one that waits for an answer. */
const whole = path.join(dir, 'whole');

beforeAll(async () => {
  const asks = 'codex-orch interrupt create --audience human --kind question --question "May I?"';
  writeFiles(dir, {
    'project.yaml': { name: 'p', workspace: '.', default_agent: 'shell' },
    'tasks/a.yaml': {
      ...{ id: 'a', title: 'a', status: 'ready', run: `echo '{"x": 1}'` },
      ...{ publish: ['final.md', 'result.json'], result_schema: 'schemas/a.json' },
    },
    'schemas/a.json': { type: 'object' },
    'tasks/asks.yaml': {
      ...{ id: 'asks', title: 'asks', status: 'ready' },
      run: `[ "$(basename "$CODEX_ORCH_ATTEMPT_DIR")" != 0001 ] || ${asks}`,
    },
  });
  expect((await orch('run', 'start', '--root', 'a')).code).toBe(0);
  expect((await orch('run', 'start', '--root', 'a', '--root', 'asks')).code).toBe(3);
  cpSync(runs, whole, { recursive: true, verbatimSymlinks: true });
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** Both runs as they were, with some of their files replaced. */
function replaced(below: string, isMeant: (name: string) => boolean, put: (at: string) => void) {
  rmSync(runs, { recursive: true });
  cpSync(whole, runs, { recursive: true, verbatimSymlinks: true });
  let count = 0;
  for (const run of readdirSync(runs)) {
    const entries = readdirSync(path.join(runs, run, below), {
      recursive: true,
      withFileTypes: true,
    });
    for (const entry of entries) {
      if (!entry.isFile() || !isMeant(entry.name)) continue;
      const at = path.join(entry.parentPath, entry.name);
      rmSync(at);
      put(at);
      count += 1;
    }
  }
  expect(count).toBeGreaterThan(0);
}

async function ends(...words: string[]): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await orch(...words);
  expect(stderr, words.join(' ')).not.toContain('defect');
  expect([0, 1, 2, 3, 4, 5], `${words.join(' ')}: ${stderr}`).toContain(code);
  return { code, text: stdout + stderr };
}

describe('where the records of runs are', { timeout: 240_000 }, () => {
  it.each(harms)('%s, the log tells all, and the next engine writes them anew', async (_, put) => {
    replaced('state', () => true, put);
    expect((await ends('run', 'list')).text).toMatch(
      /\tdone\t[^]*\twaiting\t|\twaiting\t[^]*\tdone\t/,
    );
    expect((await ends('run', 'show', 'latest')).text).toContain('May I?');
    await ends('run', 'explain', 'latest');
    await ends('inbox', 'list');
    await ends('run', 'cost', 'latest');
    expect((await ends('run', 'verify', 'latest')).code).not.toBe(0);
    const [question] = JSON.parse((await orch('inbox', 'list', '--json')).stdout) as {
      interrupt: { interrupt_id: string };
    }[];
    const id = question?.interrupt.interrupt_id ?? '';
    expect((await ends('inbox', 'reply', id, '--text', 'yes')).code).toBe(0);
    expect((await ends('run', 'resume', 'latest')).code).toBe(0);
    await ends('run', 'verify', 'latest', '--repair');
    expect((await ends('run', 'verify', 'latest')).text).toContain('sound');
  });
});

describe('where messages are', { timeout: 240_000 }, () => {
  it.each(harms)('%s, a run goes on', async (_, put) => {
    replaced('inbox', (name) => name.endsWith('.json'), put);
    await ends('inbox', 'list');
    await ends('run', 'show', 'latest');
    await ends('run', 'verify', 'latest');
    await ends('run', 'resume', 'latest');
    expect((await ends('run', 'abort', 'latest')).code).toBeLessThan(4);
  });
});

describe('where what an instance left is', { timeout: 240_000 }, () => {
  it.each(harms)('%s, it is named', async (_, put) => {
    replaced('instances', () => true, put);
    await ends('run', 'show', 'latest');
    await ends('run', 'logs', 'latest');
    await ends('run', 'resume', 'latest');
    const { code, text } = await ends('run', 'verify', 'latest');
    expect(code).not.toBe(0);
    expect(text).toContain('published/final.md');
  });
});

describe('where the log, or what a run has frozen, is', { timeout: 240_000 }, () => {
  it.each(harms)('%s, the run is refused by name, and others are listed', async (_, put) => {
    for (const [below, name] of [
      ['.', 'events.jsonl'],
      ['program/schemas', 'a.json'],
    ]) {
      replaced(below ?? '', (each) => each === name, put);
      await ends('run', 'list');
      await ends('run', 'show', 'latest');
      await ends('run', 'resume', 'latest');
      expect((await ends('run', 'verify', 'latest')).code).not.toBe(0);
    }
  });
});

describe('where locks are', { timeout: 240_000 }, () => {
  it.each(harms)('%s, nobody waits for one', async (_, put) => {
    replaced('lock', () => true, put);
    await ends('run', 'list');
    await ends('run', 'show', 'latest');
    await ends('run', 'resume', 'latest');
    await ends('run', 'abort', 'latest');
  });
});
