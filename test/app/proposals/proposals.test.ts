/** What a person does with proposals: every way in which applying one is refused, and what it writes. */
import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { reply, scriptedProgram, type Scripted } from '../../support/scripted-role.ts';

let scripted: Scripted;
let ids: string[] = [];

const task = () => path.join(scripted.program, 'tasks/one.yaml');
const guide = () => path.join(scripted.program, 'guide.sh');
const originals = new Map<string, string>();

const suggestions = [
  ['program_asset_update', 'full_replacement', 'echo new\n', { program_asset_path: 'guide.sh' }],
  ['program_asset_update', 'snippet', 'echo more', { program_asset_path: 'guide.sh' }],
  ['program_asset_update', 'full_replacement', 'id: [\n', { program_asset_path: 'tasks/one.yaml' }],
  [
    'routing_policy_update',
    'full_replacement',
    'allowed_assistant_roles: [one]\n',
    { task_id: 'one', routing_section: 'interaction_policy' },
  ],
  [
    'routing_policy_update',
    'snippet',
    'assistant_hints:\n  preferred_roles: [one]\n',
    { task_id: 'one', routing_section: 'assistant_hints' },
  ],
  ['program_asset_update', 'full_replacement', 'new file', { program_asset_path: 'notes/new.md' }],
  ['instruction_update', 'full_replacement', 'nothing else', { role_id: 'one' }],
] as const;

beforeAll(async () => {
  scripted = scriptedProgram({ one: {} });
  writeFileSync(guide(), 'echo old\n');
  chmodSync(guide(), 0o755);
  const proposed_updates = suggestions.map(([kind, mode, content, target]) => ({
    kind,
    summary: `Change ${kind}`,
    rationale: 'Because',
    suggested_content_mode: mode,
    suggested_content: content,
    target,
  }));
  scripted.says('one', reply({ proposed_updates }));
  const run = await scripted.cli('run', 'start', '.', '--root', 'one', '--assistants');
  expect(run.code, run.stderr).toBe(0);
  const listed = JSON.parse((await scripted.cli('proposal', 'list', '--json')).stdout) as {
    proposal_id: string;
  }[];
  ids = listed.map(({ proposal_id }) => proposal_id);
  expect(ids).toHaveLength(suggestions.length);
  for (const file of [guide(), task()]) originals.set(file, readFileSync(file, 'utf8'));
});
beforeEach(() => {
  for (const [file, text] of originals) writeFileSync(file, text);
});
afterAll(() => rmSync(scripted.root, { recursive: true, force: true }));

const apply = (number: number, ...options: string[]) =>
  scripted.cli('proposal', 'apply', '.', ids[number - 1] ?? '', ...options);

async function statusOf(number: number): Promise<string> {
  const { stdout } = await scripted.cli('proposal', 'show', '.', ids[number - 1] ?? '', '--json');
  return (JSON.parse(stdout) as { status: string }).status;
}

describe('10 proposal apply', () => {
  it('refuses a file that has changed since, unless told otherwise', async () => {
    writeFileSync(guide(), 'echo mine\n');
    const refused = await apply(1);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toMatch(/changed since.*\n.*--force/);
    expect(readFileSync(guide(), 'utf8')).toBe('echo mine\n');
    expect(await statusOf(1)).toBe('proposed');
    const diff = await scripted.cli('proposal', 'diff', '.', ids[0] ?? '');
    expect(diff.stdout).toContain('-echo mine\n+echo new\n');
    expect(diff.stderr).toContain('has changed since');
    expect((await apply(1, '--force')).code).toBe(0);
    expect(readFileSync(guide(), 'utf8')).toBe('echo new\n');
    expect(statSync(guide()).mode & 0o777).toBe(0o755);
    expect(await statusOf(1)).toBe('applied');
  });

  it('shows a snippet, and adds it only when told to', async () => {
    const shown = await apply(2);
    expect(shown.code).toBe(2);
    expect(shown.stdout).toBe('echo more\n');
    expect(shown.stderr).toContain('--append');
    expect(readFileSync(guide(), 'utf8')).toBe('echo old\n');
    expect((await apply(2, '--append')).code).toBe(0);
    expect(readFileSync(guide(), 'utf8')).toBe('echo old\necho more\n');
    // Once more, as after a crash before it was marked: it is not added twice.
    expect((await apply(2, '--append')).code).toBe(0);
    expect(readFileSync(guide(), 'utf8')).toBe('echo old\necho more\n');
  });

  it('refuses what would break the program, also by force', async () => {
    for (const options of [[], ['--force']]) {
      const refused = await apply(3, ...options);
      expect(refused.code).toBe(2);
      expect(refused.stderr).toContain('would break the program');
    }
    expect(readFileSync(task(), 'utf8')).toBe(originals.get(task()));
    expect(await statusOf(3)).toBe('proposed');
  });

  it('writes a section of the asking task, and leaves the rest of it alone', async () => {
    const applied = await apply(4);
    expect(applied.code, applied.stderr).toBe(0);
    const before = parse(originals.get(task()) ?? '') as Record<string, unknown>;
    expect(parse(readFileSync(task(), 'utf8'))).toEqual({
      ...before,
      interaction_policy: { allowed_assistant_roles: ['one'] },
    });
  });

  it('merges a snippet into a section', async () => {
    expect((await apply(5, '--append')).code).toBe(0);
    const after = parse(readFileSync(task(), 'utf8')) as Record<string, unknown>;
    expect(after['assistant_hints']).toEqual({ preferred_roles: ['one'] });
  });

  it('creates a file that was not there', async () => {
    const diff = await scripted.cli('proposal', 'diff', '.', ids[5] ?? '');
    expect(diff.stdout).toContain('--- /dev/null\n+++ b/notes/new.md\n');
    expect((await apply(6)).code).toBe(0);
    expect(readFileSync(path.join(scripted.program, 'notes/new.md'), 'utf8')).toBe('new file\n');
  });

  it('respects what was decided before', async () => {
    const id = ids[6] ?? '';
    const marked = await scripted.cli(
      'proposal',
      'mark',
      '.',
      id,
      '--status',
      'rejected',
      '--note',
      'too short',
    );
    expect(marked.stdout).toBe(`${id}\trejected\n`);
    const refused = await apply(7);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('is marked rejected');
    const plain = await scripted.cli('proposal', 'mark', '.', id, '--status', 'accepted');
    expect(plain.code, plain.stderr).toBe(0);
    expect((await apply(7)).code).toBe(0);
  });

  it('says which proposal is meant, or that there is none', async () => {
    expect((await scripted.cli('proposal', 'show', '.', 'prop-int-')).stderr).toContain(
      'fits 7 proposals',
    );
    expect((await scripted.cli('proposal', 'show', '.', 'nothing')).code).toBe(4);
    expect(
      (await scripted.cli('proposal', 'mark', '.', ids[0] ?? '', '--status', 'done')).code,
    ).toBe(2);
    expect((await scripted.cli('proposal', 'mark', '.', ids[0] ?? '')).code).toBe(2);
    const listed = await scripted.cli('proposal', 'list', '--kind', 'instruction_update');
    expect(listed.stdout.trim().split('\n')).toHaveLength(1);
  });
});
