/** Who writes a program on the page, in a real browser: completion, problems in place, dry run, start; and what edits keep. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page, Route } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { testDirectory, writeFiles } from '../support/built-program.ts';
import { seriousIn } from './axe.ts';
import { browse, browserTest, findChromium, leave, patience, type Browsing } from './browser.ts';
import { serveProgram, type ServedProgram } from './served-program.ts';

const chromium = findChromium();

const first = 'id: first # why\ntitle:   First\nstatus: ready\nagent: shell\nrun: "true"\n';
const prompt = '# What to do\r\n\r\nLook at **it**.\r\n';

describe.skipIf(chromium === null)('who writes a program on the page', browserTest, () => {
  let directory: string;
  let program: string;
  let browsing: Browsing;
  let served: ServedProgram;
  let page: Page;

  beforeAll(async () => {
    directory = testDirectory('editing');
    program = path.join(directory, 'program');
    writeFiles(program, {
      'project.yaml': 'name: writing\nworkspace: .\nedition: 2\n',
      'tasks/first.yaml': first,
      'prompts/look.md': prompt,
      'inputs/topic.json': '{"name": "fish"}\n',
      'prompts/a+b,c&d.md': 'Of any name.\n',
    });
    served = await serveProgram(program);
    browsing = await browse(chromium ?? '', directory);
    await browsing.signIn(served);
    page = await browsing.open();
  });

  afterAll(() => leave(browsing, served, directory));

  const read = (file: string): string => readFileSync(path.join(program, file), 'utf8');

  it('is offered fields and names, sees problems in place, looks at a dry run, and starts', async () => {
    // Who types before the page knows what may stand there is made an offer once it does.
    let hasTyped = (): void => {};
    const typed = new Promise<void>((resolve) => {
      hasTyped = resolve;
    });
    const late = async (route: Route): Promise<void> => {
      await typed;
      await route.continue();
    };
    await page.route('**/api/program/schemas/task', late, { times: 1 });
    await page.goto(`${served.url}/program/new`);
    const field = editor(page, 'The new task as YAML');
    await field.click();
    await page.keyboard.press('Control+a');
    // It is checked once it rests, which is after it is asked what may stand there.
    const checked = page.waitForRequest((each) => each.postData()?.includes('\\nag"') ?? false);
    await page.keyboard.type('id: second\ntitle: Second\nag');
    await checked;
    hasTyped();
    await take(page, 'agent');
    await take(page, 'shell');
    await page.keyboard.type('\nrun: echo it is done\nstat');
    await take(page, 'status');
    await take(page, 'ready');
    await page.keyboard.type('\ndep');
    await take(page, 'depends_on');
    await page.keyboard.type('ta');
    await take(page, 'task');
    await take(page, 'first');
    await page.keyboard.type('\nki');
    await take(page, 'kind');
    // Said where it stands while it is written, before anything is saved.
    await page.keyboard.type('ordr');
    const problems = page.getByRole('list', { name: 'Problems' });
    const place = problems.getByRole('button', { name: 'Line 8, column 11' });
    await place.waitFor();
    await page.locator('.cm-lintRange-error', { hasText: 'ordr' }).waitFor();
    await page.locator('.cm-said-error').waitFor();
    await place.click();
    await page.keyboard.press('End');
    await page.keyboard.press('Backspace');
    await page.keyboard.type('er');
    await expect.poll(() => problems.count(), patience).toBe(0);
    await page.getByRole('button', { name: 'Add the task' }).click();
    await page.waitForURL(/\/program\/tasks\/second$/);
    expect(parse(read('tasks/second.yaml'))).toEqual({
      ...{ id: 'second', title: 'Second', agent: 'shell', run: 'echo it is done' },
      ...{ status: 'ready', depends_on: [{ task: 'first', kind: 'order' }] },
    });
    await page.getByRole('link', { name: 'Run up to here' }).click();
    await expect.poll(() => page.locator('.planned').count(), patience).toBe(2);
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.waitForURL(/\/runs\/\d{14}-/);
    await page.locator('h1 .status', { hasText: 'Done' }).waitFor(patience);
  });

  it('keeps every byte that is not edited, undoes, finds, and saves by a key', async () => {
    await page.goto(`${served.url}/program/files`);
    await page.getByRole('link', { name: 'prompts/look.md' }).click();
    const field = editor(page, 'prompts/look.md');
    await field.getByText('What to do').waitFor();
    await field.click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('One more.');
    await page.keyboard.press('Control+s');
    await page.getByText(/^Saved\./).waitFor();
    expect(read('prompts/look.md')).toBe(`${prompt}One more.\r\n`);
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect.poll(() => field.textContent(), patience).not.toContain('One more.');
    await page.getByRole('button', { name: 'Redo', exact: true }).click();
    await expect.poll(() => field.textContent(), patience).toContain('One more.');
    await field.press('Control+f');
    await page.getByRole('textbox', { name: 'Find' }).pressSequentially('look at');
    await expect.poll(() => page.locator('.cm-searchMatch').count(), patience).toBe(1);
    await page.keyboard.press('Escape');
    await page.goto(`${served.url}/program/tasks/first/yaml`);
    await editor(page, 'tasks/first.yaml').click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('labels: [x]');
    await page.getByText('Valid. Not saved yet.').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/^Saved\./).waitFor();
    expect(read('tasks/first.yaml')).toBe(`${first}labels: [x]\n`);
  });

  it('loses nothing: edits outlast a reload, and nobody else is written over', async () => {
    const asked: string[] = [];
    page.on('dialog', (dialog) => {
      asked.push(dialog.type());
      void dialog.accept();
    });
    await page.goto(`${served.url}/program/files/inputs/topic.json`);
    const field = editor(page, 'inputs/topic.json');
    await field.click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('\n');
    await page.getByText('Valid. Not saved yet.').waitFor();
    await page.goto(`${served.url}/program/files`);
    expect(asked).toContain('beforeunload');
    const row = page.getByRole('listitem').filter({ hasText: 'inputs/topic.json' });
    await row.getByText('not saved').waitFor();
    await row.getByRole('link').click();
    await page.getByText('What you had not saved is back.').waitFor();
    writeFileSync(path.join(program, 'inputs/topic.json'), '{"name": "birds"}\n');
    await page.getByText('The file has changed since you began.').waitFor(patience);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('alert').getByText('was changed since this edit began').waitFor();
    expect(read('inputs/topic.json')).toBe('{"name": "birds"}\n');
    await page.getByRole('button', { name: 'Begin again with what is there' }).click();
    await expect.poll(() => field.textContent(), patience).toContain('birds');
  });

  it('opens a file of any name, saves nothing by a key that its button would not, and lists what has no file', async () => {
    await page.goto(`${served.url}/program/files`);
    await page.getByRole('link', { name: 'prompts/a+b,c&d.md' }).click();
    await editor(page, 'prompts/a+b,c&d.md').getByText('Of any name.').waitFor();
    await page.goto(`${served.url}/program/files/prompts/later.md`);
    const field = editor(page, 'prompts/later.md');
    await field.click();
    await page.keyboard.press('Control+s');
    await page.keyboard.type('Later.');
    await page.getByText('Valid. Not saved yet.').waitFor();
    expect(existsSync(path.join(program, 'prompts/later.md'))).toBe(false);
    await page.goto(`${served.url}/program/files`);
    const row = page.getByRole('listitem').filter({ hasText: 'prompts/later.md' });
    await row.getByText('not saved').waitFor();
    await row.getByRole('link').click();
    await page.getByText('What you had not saved is back.').waitFor();
    await page.getByRole('button', { name: 'Discard' }).click();
  });

  it('works on a telephone, says nothing against the policy, and axe finds nothing serious', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const found: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await page.goto(`${served.url}/program/tasks/first/yaml`);
      const field = editor(page, 'tasks/first.yaml');
      await field.click();
      await page.keyboard.press('Control+End');
      await page.keyboard.type('depends_on: [{task: fi');
      const offered = page.locator('.cm-tooltip-autocomplete li', { hasText: 'first' });
      await offered.click();
      await page.getByRole('list', { name: 'Problems' }).waitFor();
      found.push(...(await seriousIn(page)));
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      expect(wide).toBeLessThanOrEqual(0);
      await page.getByRole('button', { name: 'Discard' }).click();
    }
    expect(found).toEqual([]);
    // The refused save above; and a browser asks nobody who has not touched the page.
    const known = /409|beforeunload/;
    expect(browsing.complaints.filter((each) => !known.test(each))).toEqual([]);
  });
});

function editor(page: Page, label: string): Locator {
  return page.getByRole('textbox', { name: label, exact: true });
}

/** Takes what is offered, as soon as it is. */
async function take(page: Page, label: string): Promise<void> {
  const offers = page.locator('.cm-tooltip-autocomplete li');
  await offers.filter({ has: page.getByText(label, { exact: true }) }).click();
}
