/** What each kind of person comes to the page for, from the first look to the last click, in a real browser. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { standInCodex } from '../support/stand-in-codex.ts';
import { seriousIn } from './axe.ts';
import { browse, browserTest, findChromium, leave, patience, type Browsing } from './browser.ts';
import { releaseProgram } from './release-program.ts';
import { serveProgram, type ServedProgram } from './served-program.ts';

const chromium = findChromium();
const itemCount = 500;

describe.skipIf(chromium === null)('round trips', browserTest, () => {
  let directory: string;
  let program: string;
  let browsing: Browsing;
  let served: ServedProgram;
  let page: Page;
  let env: NodeJS.ProcessEnv;

  beforeAll(async () => {
    directory = testDirectory('round-trips');
    program = path.join(directory, 'release');
    const repo = path.join(directory, 'repo');
    writeFiles(repo, { 'app.txt': 'original\n' });
    const git = (...words: string[]) =>
      execFileSync('git', ['-c', 'user.name=t', '-c', 'user.email=t@example.invalid', ...words], {
        cwd: repo,
        stdio: 'ignore',
      });
    git('init', '-q');
    git('add', '.');
    git('commit', '-qm', 'Begin');
    writeFiles(program, releaseProgram(itemCount));
    const scripts = { mend: 'echo mended > app.txt; echo "The cut is mended."' };
    env = standInCodex(path.join(directory, 'agent'), scripts).env;
    served = await serveProgram(program, env);
    browsing = await browse(chromium ?? '', directory);
    await browsing.signIn(served);
    page = await browsing.open();
  });

  afterAll(() => leave(browsing, served, directory));

  const orch = async (...words: string[]): Promise<string> => {
    const { stdout, stderr, code } = await codexOrch(words, { cwd: directory, env });
    expect(code, stderr).not.toBe(2);
    return stdout;
  };
  const start = async (...words: string[]): Promise<string> =>
    (await orch('run', 'start', program, ...words)).split('\n')[0] ?? '';
  const question = async (run: string): Promise<string> => {
    const words = ['inbox', 'list', program, '--run-id', run, '--unresolved-only', '--json'];
    const [first] = JSON.parse(await orch(...words)) as { interrupt: { interrupt_id: string } }[];
    return first?.interrupt.interrupt_id ?? '';
  };

  const holder = async (run: string): Promise<unknown> => {
    const response = await page.request.get(`${served.url}/api/runs/${run}`);
    return ((await response.json()) as { holder: unknown }).holder;
  };

  it('approves from a phone: question, difference, checks, cost, and two taps', async () => {
    const run = await start('--root', 'ship', '--title', 'Ship the mended cut');
    const id = await question(run);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${served.url}/inbox/${run}/${id}`);
    const asked = page.getByRole('article', { name: 'Question' });
    await asked.getByText('May the mended cut go out?').waitFor();
    const changes = asked.getByRole('region', { name: 'Changes' });
    await changes.locator('.diff-line.add', { hasText: 'mended' }).waitFor();
    await asked.getByRole('region', { name: 'Checks' }).getByText('grep -q mended').waitFor();
    await asked
      .getByText(/2 tokens, \$2\.00/)
      .first()
      .waitFor();
    expect(await overflow(page)).toBeLessThanOrEqual(0);
    for (const colorScheme of ['dark', 'light'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      expect(await seriousIn(page), colorScheme).toEqual([]);
    }

    await page.getByRole('button', { name: 'ship it', exact: true }).click();
    await page.getByRole('button', { name: 'Answer and resume' }).click();
    await page.getByText(/Attempt 2 of|The run goes on with it/).waitFor();
    await page.goto(`${served.url}/runs/${run}`);
    await page.locator('h1 .status', { hasText: 'Done' }).waitFor();
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('comes back after a week: what came out, changed and cost, and the same once more', async () => {
    await page.goto(served.url);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.goto(`${served.url}/runs?status=done`);
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    // A week goes by, as far as this browser knows.
    await page.evaluate(`localStorage.setItem('codex-orch.visits', JSON.stringify(Object.fromEntries(
      Object.keys(JSON.parse(localStorage.getItem('codex-orch.visits'))).map((place) =>
        [place, new Date(Date.now() - 7 * 86400e3).toISOString()]))))`);
    await page.goto(served.url);
    await page.getByText(/Since you were here 7 days ago: 1 run done/).waitFor();
    await page.getByRole('link', { name: /Ship the mended cut/ }).click();
    const outcome = page.getByRole('region', { name: 'What came out', exact: true });
    await outcome.getByText('The mended cut is out').waitFor();
    await outcome.getByText('1 check passed').waitFor();
    await outcome.locator('.diff-line.add', { hasText: 'mended' }).waitFor();
    await page.locator('.run-facts').getByText('2 tokens, $2.00').waitFor();
    await page.locator('.run-facts').getByText('2 of 1k tokens').waitFor();

    await page.getByRole('link', { name: 'Run again' }).click();
    await page.locator('.planned', { hasText: 'mend' }).waitFor();
    expect(await page.getByLabel('topic', { exact: true }).inputValue()).toBe('fish');
    await page.getByLabel('Title').fill('Once more');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.waitForURL(/\/runs\/\d{14}-/);
    await page.getByRole('heading', { name: /Once more/ }).waitFor();
    await page.getByRole('link', { name: 'Answer', exact: true }).waitFor();
  });

  it('wonders at night why it stands: what waits, since when, for what, and the button', async () => {
    // Answered, and nobody went on with it.
    const [answered = ''] = (await orch('run', 'list', program)).split('\t');
    // An engine that is about to leave would go on with the answer.
    await expect.poll(() => holder(answered), patience).toBeNull();
    await orch('inbox', 'reply', program, await question(answered), '--text', 'ship it');
    const later = await start('--root', 'later', '--max-wait', '1');
    await page.goto(served.url);
    const needs = page.getByRole('region', { name: /^Needs you/ });
    await needs.getByText(/Once more: all is answered, and nobody drives the run: since/).waitFor();
    await needs.getByRole('button', { name: 'Resume' }).click();
    const done = page.getByRole('region', { name: /^Done last/ });
    await done.getByRole('link', { name: /Once more/ }).waitFor();

    const waiting = page
      .getByRole('region', { name: /^Waiting/ })
      .getByRole('link', { name: /later/ });
    await waiting.getByText(/tries again at/).waitFor();
    await waiting.click();
    await page.getByText(/is tried again later, until/).waitFor();
    await page.getByText('Nobody drives the run: it does not go on by itself.').waitFor();
    await page.getByRole('button', { name: 'Try now' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Try now' }).click();
    await page.locator('h1 .status', { hasText: 'Done' }).waitFor();
    expect(page.url()).toContain(later);
  });

  it('looks for the attempt that spoilt it, and has it tried again in a fresh tree', async () => {
    const run = await start('--root', 'report');
    await page.goto(`${served.url}/runs`);
    await page.getByLabel('Search the runs').fill('report');
    await page.locator('.run-row', { hasText: 'report' }).click();
    await page.getByRole('link', { name: 'Timeline' }).click();
    await page.locator('.timeline-row', { hasText: 'spoil' }).click();
    await page.locator('.log-line.bad', { hasText: 'AssertionError: the cut is gone' }).waitFor();
    await page.getByRole('link', { name: 'Changes', exact: true }).click();
    await page.locator('.diff-line.add', { hasText: 'spoilt' }).waitFor();
    await page.getByRole('button', { name: 'Retry' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('radio', { name: /Start over/ }).check();
    await dialog.getByText('--fresh').waitFor();
    await dialog.getByRole('button', { name: 'Retry' }).click();
    // Whoever leaves before the server has answered may take the request along.
    await dialog.waitFor({ state: 'detached' });
    await page.goto(`${served.url}/runs/${run}`);
    await page.locator('h1 .status', { hasText: 'Done' }).waitFor();
    await page.goto(`${served.url}/runs/${run}/instances?q=spoil`);
    await page.locator('.instance-row', { hasText: 'spoil' }).click();
    // What the first attempt had spoilt was not there any more; it says so in the second one only.
    await page.locator('.log-line', { hasText: 'found: original' }).waitFor();
  });

  it(`watches ${itemCount} items: bar, failures first, one item, its log`, async () => {
    const run = await start('--root', 'panel');
    await page.goto(`${served.url}/runs/${run}`);
    const node = page.locator('.task-node', { hasText: 'Look at one' });
    await node.getByText(/498 of 500 done/).waitFor();
    await node.click();
    await page.locator('.instance-row').first().waitFor();
    await page.getByLabel('In which order').selectOption('urgent');
    await page.waitForURL(/sort=urgent/);
    const first = page.locator('.instance-row').first();
    await first.locator('.status', { hasText: 'Failed' }).waitFor();
    await first.getByText(/^item-/).waitFor();
    expect(await page.locator('.instance-row').count()).toBeLessThan(120);
    await first.getByRole('link').click();
    await page.locator('.log-line', { hasText: 'this one does not hold' }).waitFor();
  });

  it('has met no error on the way', () => {
    expect(browsing.complaints).toEqual([]);
    expect(readFileSync(path.join(directory, 'repo', 'app.txt'), 'utf8')).toBe('original\n');
    expect(existsSync(path.join(directory, 'no-home', '.codex-orch'))).toBe(true);
  });
});

function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
}
