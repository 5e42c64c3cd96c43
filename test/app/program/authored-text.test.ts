import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  authoredFiles,
  checkText,
  inspectText,
  saveText,
} from '../../../src/app/program/authored-text.ts';
import { ownWorld } from '../../support/world.ts';
import { placeOf, sampleProgram, snapshot, task } from '../../program/sample-program.ts';

const files = {
  'tasks/a.yaml': task('a', 'result_schema: shapes/a.json\n'),
  'shapes/a.json': '{"type": "object"}',
  'shapes/other.json': '{}',
  'prompts/deep/more.md': 'a\r\nb\nc\r\n',
};

function sample(): ReturnType<typeof placeOf> {
  return placeOf(sampleProgram(files));
}

describe('files that people write', () => {
  it('are those of the folders of a program, and what its tasks name elsewhere', async () => {
    const found = await authoredFiles(sample());
    expect(found.map(({ file, kind }) => [file, kind])).toEqual(
      expect.arrayContaining([
        ['project.yaml', 'project'],
        ['prompts/deep/more.md', null],
        ['shapes/a.json', null],
        ['tasks/a.yaml', 'task'],
      ]),
    );
    expect(found.map(({ file }) => file)).not.toContain('shapes/other.json');
  });

  it('are saved on what the edit began with, lines that stay with their line breaks', async () => {
    const place = sample();
    const { text, hash } = await inspectText(place, 'prompts/deep/more.md');
    expect(text).toBe(files['prompts/deep/more.md']);
    const saved = await saveText(ownWorld, place, 'prompts/deep/more.md', 'a\nx\nb\nc\n', hash);
    expect(saved.text).toBe('a\r\nx\r\nb\nc\r\n');
    expect(readFileSync(path.join(place.programDir, 'prompts/deep/more.md'), 'utf8')).toBe(
      saved.text,
    );
    const late = saveText(ownWorld, place, 'prompts/deep/more.md', 'z\n', hash);
    await expect(late).rejects.toMatchObject({ code: 'edit-conflict' });
  });

  it('are none where a link leads to what a run or a tool keeps', async () => {
    const place = sample();
    mkdirSync(path.join(place.programDir, '.git'));
    writeFileSync(path.join(place.programDir, '.git/hook'), 'x\n');
    symlinkSync('../.git/hook', path.join(place.programDir, 'prompts/hook.md'));
    symlinkSync('a.json', path.join(place.programDir, 'shapes/b.json'));
    await expect(inspectText(place, 'prompts/hook.md')).rejects.toMatchObject({
      code: 'path-refused',
    });
    const names = (await authoredFiles(place)).map(({ file }) => file);
    expect(names).not.toContain('prompts/hook.md');
    expect(await inspectText(place, 'shapes/b.json')).toMatchObject({ text: '{"type": "object"}' });
  });

  it('are made where there is none, but over none that came meanwhile', async () => {
    const place = sample();
    expect(await inspectText(place, 'prompts/new.md')).toMatchObject({ text: '', hash: null });
    await saveText(ownWorld, place, 'prompts/new.md', 'New.\n', null);
    expect(await inspectText(place, 'prompts/new.md')).toMatchObject({ text: 'New.\n' });
    const again = saveText(ownWorld, place, 'prompts/new.md', 'Newer.\n', null);
    await expect(again).rejects.toMatchObject({ code: 'edit-conflict' });
  });

  it('are not written where that would break the program', async () => {
    const place = sample();
    const before = snapshot(place.programDir);
    const broken = 'name: x\nworkspace: .\nmax_concurrency: none\n';
    const { ok, diagnostics } = await checkText(place, 'project.yaml', broken);
    expect(ok).toBe(false);
    expect(diagnostics[0]).toMatchObject({ file: 'project.yaml', line: 3, column: 18 });
    const { hash } = await inspectText(place, 'project.yaml');
    const saving = saveText(ownWorld, place, 'project.yaml', broken, hash);
    await expect(saving).rejects.toMatchObject({ code: 'edit-breaks-program' });
    expect(snapshot(place.programDir)).toEqual(before);
  });

  it('are no others: nothing hidden, nothing outside, no folder', async () => {
    const place = sample();
    symlinkSync('/etc', path.join(place.programDir, 'prompts', 'etc'));
    for (const file of ['.runs/x', 'prompts/.git/config', '../x', '/etc/passwd', 'prompts/etc/x']) {
      await expect(inspectText(place, file), file).rejects.toMatchObject({ code: 'path-refused' });
      const saving = saveText(ownWorld, place, file, 'x', null);
      await expect(saving, file).rejects.toMatchObject({ code: 'path-refused' });
    }
    await expect(inspectText(place, 'prompts')).rejects.toMatchObject({ code: 'text-unreadable' });
    await expect(inspectText(place, 'prompts//a.md')).rejects.toMatchObject({
      code: 'file-not-found',
    });
  });
});
