/** Contract 20, "Again": a run like another, and runs that go. */
import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';

describe('again, and away', () => {
  let directory: string;
  const run = async (...words: string[]) => {
    const { stdout, stderr, code } = await codexOrch(['run', ...words], { cwd: directory });
    return { out: stdout.trim(), stderr, code };
  };
  const start = async (...words: string[]): Promise<string> => {
    const { out } = await run('start', '.', ...words);
    return out.split('\n')[0] ?? '';
  };

  beforeEach(() => {
    directory = testDirectory('again');
    writeFiles(directory, {
      'project.yaml': { name: 'again', workspace: '.', user_inputs: { topic: 'topic.txt' } },
      'topic.txt': 'birds',
      'tasks/look.yaml': {
        ...{ id: 'look', title: 'Look', status: 'ready', agent: 'shell', publish: [] },
        ...{ run: 'true', labels: ['nightly'], depends_on: [] },
      },
      'tasks/other.yaml': {
        ...{ id: 'other', title: 'Other', status: 'ready', agent: 'shell', publish: [] },
        ...{ run: 'true', depends_on: [] },
      },
    });
  });

  afterEach(() => rmSync(directory, { recursive: true, force: true, maxRetries: 5 }));

  const shown = async (id: string): Promise<Record<string, unknown>> =>
    JSON.parse((await run('show', '.', id, '--json')).out) as Record<string, unknown>;

  it('starts a run like another, with its inputs, or others', async () => {
    const first = await start('--label', 'nightly', '--input', 'topic=fish', '--input', 'depth=2');
    const second = await start('--like', first);
    expect(await shown(second)).toMatchObject({
      ...{ roots: ['look'], labels: ['nightly'], status: 'done' },
      user_inputs: { topic: 'fish', depth: '2' },
    });
    const third = await start('--like', second, '--root', 'other', '--input', 'topic=moss');
    expect(await shown(third)).toMatchObject({
      ...{ roots: ['other'], labels: [], user_inputs: { topic: 'moss', depth: '2' } },
    });
    expect((await run('start', '.', '--like', '1999')).code).toBe(4);
  });

  it('deletes a run that is over, and says how large it was', async () => {
    const id = await start('--root', 'look');
    const place = path.join(directory, '.runs', id);
    const dry = await run('delete', '.', id, '--dry-run');
    expect(dry.out).toMatch(/\tdone\twould be deleted\t[\d.]+ KiB$/);
    expect(existsSync(place)).toBe(true);
    expect((await run('delete', '.', id)).out).toMatch(/\tdone\tdeleted\t/);
    expect(existsSync(place)).toBe(false);
    expect((await run('list', '.')).out).toBe('');
  });

  it('prunes what is over for long, and leaves the rest', async () => {
    const id = await start('--root', 'look');
    expect((await run('prune', '.', '--older-than', '30d')).out).toBe('');
    expect(existsSync(path.join(directory, '.runs', id))).toBe(true);
    expect((await run('prune', '.', '--older-than', '0s', '--json')).out).toContain(id);
    expect(existsSync(path.join(directory, '.runs', id))).toBe(false);
  });
});
