/** What the completion scripts are told: `codex-orch __complete …`, the word at the cursor last. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testDirectory, writeFiles } from '../support/built-program.ts';
import { captureCli } from './captured-context.ts';

const root = testDirectory('complete');
const program = path.join(root, 'prog');
const run = '20260101000000-00000000';
const items = '20250101000000-00000000';
beforeAll(() => {
  writeFiles(program, {
    'project.yaml': 'name: p\nworkspace: .\n',
    'tasks/build.yaml': 'id: build\nlabels: [nightly, "slow"]\n',
    'tasks/ship.yaml': 'id: ship\nlabels:\n  - nightly\n',
    'presets/twin.yaml': 'id: twin\n',
    [`.runs/${run}/events.jsonl`]: '{}\n',
    [`.runs/${run}/instances/build-0a1b2c3d/x`]: '',
    [`.runs/${run}/inbox/interrupts/int-000000000001.json`]: { question: 'Why?' },
    [`.runs/${run}/inbox/interrupts/int-000000000002.json`]: { question: 'Answered.' },
    [`.runs/${run}/inbox/replies/int-000000000002.json`]: {},
    [`.runs/${items}/events.jsonl`]: '{}\n',
    [`.runs/${items}/instances/fix-00000001/x`]: '',
    [`.runs/${items}/instances/check-00000002/x`]: '',
    [`.runs/${items}/state/inputs/scope-1.json`]: {
      ...{ parent_input_scope_id: 'scope-0', item: { task: 'fix', index: 0, key: 'src/a b.ts' } },
    },
    [`.runs/${items}/state/inputs/scope-2.json`]: { parent_input_scope_id: 'scope-1' },
    [`.runs/${items}/state/instances/check-00000002.json`]: {
      ...{ task_id: 'check', input_scope_id: 'scope-2' },
    },
    [`.runs/${run}/proposals/prop-int-000000000001-01.json`]: {},
  });
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function completed(cwd: string, ...words: string[]): Promise<string[]> {
  const { stdout, stderr, code } = await captureCli(['__complete', ...words], { cwd });
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  return stdout.split('\n').slice(0, -1);
}

describe('inside a program', () => {
  it.each<{ words: string[]; offers: string[] }>([
    { words: ['ta'], offers: ['task\tlist, show and edit tasks'] },
    { words: ['task', 'sh'], offers: ['show\tshow a task, with defaults filled in'] },
    { words: ['run', 'dr'], offers: [] },
    { words: ['task', 'show', ''], offers: ['build', 'ship'] },
    { words: ['task', 'show', 'b'], offers: ['build'] },
    { words: ['task', 'update', 'build', ''], offers: [':files'] },
    { words: ['inspect', 'task', 's'], offers: ['ship'] },
    { words: ['edge', 'add', 'build', 'ship', ''], offers: ['order', 'context'] },
    { words: ['preset', 'apply', ''], offers: ['twin'] },
    { words: ['task', 'list', '--status', 're'], offers: ['ready'] },
    { words: ['task', 'list', '--label', ''], offers: ['nightly', 'slow'] },
    { words: ['run', 'start', '--root', 'build', ''], offers: ['build', 'ship'] },
    { words: ['run', 'show', ''], offers: ['latest', run, items] },
    { words: ['run', 'show', '--json', 'l'], offers: ['latest'] },
    { words: ['run', 'logs', 'latest', ''], offers: ['build-0a1b2c3d'] },
    { words: ['run', 'logs', items, 'f'], offers: ['fix-00000001', 'fix:src/a b.ts'] },
    { words: ['run', 'logs', items, 'check:s'], offers: ['check:src/a b.ts'] },
    { words: ['run', 'logs', '--f'], offers: ['--follow\tgo on as more is written'] },
    {
      words: ['run', 'start', '--no'],
      offers: ['--no-wait\tleave the run going in the background'],
    },
    { words: ['inbox', 'reply', ''], offers: ['int-000000000001\tWhy?'] },
    { words: ['interrupt', 'show', ''], offers: ['int-000000000001\tWhy?'] },
    { words: ['proposal', 'diff', ''], offers: ['prop-int-000000000001-01'] },
    { words: ['schema', 't'], offers: ['task'] },
    { words: ['completion', ''], offers: ['bash', 'zsh', 'fish'] },
    { words: ['project', 'init', ''], offers: [':dirs'] },
    { words: ['project', 'init', 'a', ''], offers: [] },
    { words: ['skill', 'export', 'operate-codex-orch', ''], offers: [':dirs'] },
    { words: ['skill', 'list', ''], offers: [] },
    { words: ['nonsense', ''], offers: [] },
  ])('$words', async ({ words, offers }) => {
    expect(await completed(program, ...words)).toEqual(offers);
  });
});

it('elsewhere, asks for the program first, and then looks into it', async () => {
  expect(await completed(root, 'task', 'show', '')).toEqual([':dirs']);
  expect(await completed(root, 'task', 'show', 'prog', 's')).toEqual(['ship']);
});

it('in bash, an item stays one word, though it holds a colon', async () => {
  const { stdout: script } = await captureCli(['completion', 'bash'], { cwd: root });
  const asked = path.join(root, 'asked');
  const completing = (...words: string[]): string =>
    execFileSync(
      'bash',
      [
        ...['--norc', '-c'],
        `codex-orch() { printf '%s\\n' "$@" > "${asked}"; printf 'fix:a\\tone\\nfix:b\\n'; }
        ${script}
        COMP_WORDS=(codex-orch "$@"); COMP_CWORD=$#; _codex_orch; printf '%s\\n' "\${COMPREPLY[@]}"`,
        ...['bash', ...words],
      ],
      { encoding: 'utf8' },
    );
  expect(completing('run', 'logs', 'latest', 'fix', ':', '')).toBe('a\nb\n');
  expect(readFileSync(asked, 'utf8')).toBe('__complete\nrun\nlogs\nlatest\nfix:\n');
  expect(completing('run', 'logs', 'latest', 'fix', ':')).toBe('a\nb\n');
  expect(completing('run', 'logs', 'latest', 'f')).toBe('fix:a\nfix:b\n');
});
