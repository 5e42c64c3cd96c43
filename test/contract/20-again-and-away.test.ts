/** Contract 20, "Again": a run like another, and runs that go. */
import { execFileSync } from 'node:child_process';
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

  it('has the title that the person gives it, in lists and in its head', async () => {
    const id = await start('--root', 'look', '--title', ' Whole words ');
    expect((await shown(id))['title']).toBe('Whole words');
    const [listed] = JSON.parse((await run('list', '.', '--json')).out) as { title?: string }[];
    expect(listed?.title).toBe('Whole words');
    // Another run is another one's: no title is taken over.
    expect(await shown(await start('--like', id))).not.toHaveProperty('title');
    const refused = await run('start', '.', '--root', 'look', '--title', 'two\nlines');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('a title is one line of at most 200 characters');
    expect((await run('verify', '.', id)).code).toBe(0);
  });

  it('shows what has come since the last question that was answered', async () => {
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=p', '-c', 'user.email=p@x', ...words], {
        cwd: path.join(directory, 'ws'),
        stdio: 'ignore',
      });
    const ask = 'codex-orch interrupt create --audience human --kind approval --question "On?"';
    const task = (id: string, line: string, ...before: string[]) => ({
      ...{ id, title: id, status: 'ready', agent: 'shell', publish: [], changes: true, run: line },
      depends_on: before.map((each) => ({ task: each, kind: 'order' })),
    });
    writeFiles(directory, {
      'ws/README': 'begun\n',
      'project.yaml': { name: 'again', workspace: 'ws' },
      'tasks/before.yaml': task('before', 'echo before > before.txt'),
      'tasks/asks.yaml': task(
        'asks',
        `[ "$(basename "$CODEX_ORCH_ATTEMPT_DIR")" != 0001 ] || ${ask}`,
        'before',
      ),
      'tasks/after.yaml': task('after', 'echo after > after.txt', 'asks'),
    });
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'Begin');
    const id = await start('--root', 'after');
    const none = await run('changes', '.', id, '--since', 'question');
    expect(none.code).toBe(1);
    expect(none.stderr).toContain('has asked no person anything that was answered');
    const words = ['inbox', 'list', '.', '--unresolved-only', '--json'];
    const [asked] = JSON.parse((await codexOrch(words, { cwd: directory })).stdout) as {
      interrupt: { interrupt_id: string };
    }[];
    const reply = ['inbox', 'reply', '.', asked?.interrupt.interrupt_id ?? '', '--text', 'yes'];
    await codexOrch([...reply, '--resume'], { cwd: directory });
    const names = async (...more: string[]): Promise<string[]> =>
      (await run('changes', '.', id, '--name-only', ...more)).out.split('\n');
    expect(await names()).toEqual(['after.txt', 'before.txt']);
    expect(await names('--since', 'question')).toEqual(['after.txt']);
    const unasked = await run('changes', '.', id, 'after', '--since', 'question');
    expect(unasked.code).toBe(1);
    expect(unasked.stderr).toMatch(/after-\w+ has asked no person anything that was answered/);
    const wrong = await run('changes', '.', id, '--since', 'yesterday-ish');
    expect(wrong.code).toBe(2);
    expect(wrong.stderr).toContain('is neither a time nor "question"');
  });

  it.each([
    ['in its own tree', { isolation: 'tree' }],
    ['in a shared one', { changes: true }],
  ])('shows what an instance has changed since it was answered last, %s', async (_, more) => {
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=p', '-c', 'user.email=p@x', ...words], {
        cwd: path.join(directory, 'ws'),
        stdio: 'ignore',
      });
    const ask = 'codex-orch interrupt create --audience human --kind approval --question "Good?"';
    writeFiles(directory, {
      'ws/README': 'begun\n',
      'project.yaml': { name: 'again', workspace: 'ws' },
      'tasks/draft.yaml': {
        ...{ id: 'draft', title: 'Draft', status: 'ready', agent: 'shell', publish: [] },
        ...more,
        run:
          'at=$(basename "$CODEX_ORCH_ATTEMPT_DIR"); echo "$at" > "in-$at.txt"; ' +
          `[ "$at" = 0003 ] || ${ask}`,
      },
    });
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'Begin');
    const id = await start('--root', 'draft');
    const since = async (): Promise<string[]> =>
      (await run('changes', '.', id, 'draft', '--name-only', '--since', 'question')).out.split(
        '\n',
      );
    const answer = async (): Promise<void> => {
      const words = ['inbox', 'list', '.', '--unresolved-only', '--json'];
      const [asked] = JSON.parse((await codexOrch(words, { cwd: directory })).stdout) as {
        interrupt: { interrupt_id: string };
      }[];
      const reply = ['inbox', 'reply', '.', asked?.interrupt.interrupt_id ?? '', '--text', 'no'];
      await codexOrch([...reply, '--resume'], { cwd: directory });
    };
    await answer();
    expect(await since()).toEqual(['in-0002.txt']);
    await answer();
    expect(await since()).toEqual(['in-0003.txt']);
    const all = await run('changes', '.', id, 'draft', '--name-only');
    expect(all.out.split('\n')).toEqual(['in-0001.txt', 'in-0002.txt', 'in-0003.txt']);
    const later = ['--name-only', '--since', '2100-01-01T00:00:00Z'];
    expect((await run('changes', '.', id, 'draft', ...later)).out).toBe('');
    expect((await run('verify', '.', id)).code).toBe(0);
  });
});
