/** The page in a real browser, from opening it to a finished run. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtEntry, codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { seriousIn } from './axe.ts';
import { browse, browserTest, findChromium, leave, patience, type Browsing } from './browser.ts';
import { copyExample, serveProgram, type ServedProgram } from './served-program.ts';

const page350Kb = 350_000;

describe('the built page', () => {
  it('is at most 350 kB besides the editor, compressed', () => {
    const directory = path.join(path.dirname(builtEntry), 'web');
    // The editor is read where somebody edits.
    const names = pageFiles(directory).filter((name) => !name.includes('code-editor'));
    const total = names
      .map((name) => gzipSync(readFileSync(path.join(directory, name))).length)
      .reduce((sum, each) => sum + each, 0);
    process.stderr.write(`the page: ${(total / 1000).toFixed(0)} kB compressed\n`);
    expect(total).toBeGreaterThan(50_000);
    expect(total).toBeLessThanOrEqual(page350Kb);
  });

  it('asks for less than 250 kB before the first view, compressed', () => {
    const directory = path.join(path.dirname(builtEntry), 'web');
    const read = (name: string): string => readFileSync(path.join(directory, name), 'utf8');
    const found = new Set(['index.html']);
    for (const name of found) {
      // What is imported at once; what is imported on demand comes later.
      const named = name.endsWith('.html')
        ? /assets\/([\w-]+\.(?:js|css))/g
        : /(?:from|import)["']\.\/([\w-]+\.js)/g;
      if (!/\.(html|js)$/.test(name)) continue;
      for (const [, asset] of read(name).matchAll(named)) found.add(`assets/${asset ?? ''}`);
    }
    const bytes = [...found].reduce((sum, name) => sum + gzipSync(read(name)).length, 0);
    process.stderr.write(`the first view: ${(bytes / 1000).toFixed(0)} kB compressed\n`);
    expect(found.size).toBeGreaterThan(3);
    expect(bytes).toBeLessThan(250_000);
  });
});

/** The files that the page is made of, found from `index.html` on: earlier builds may lie beside them. */
function pageFiles(directory: string): string[] {
  const found = new Set(['index.html']);
  for (const name of found) {
    if (!/\.(html|js)$/.test(name)) continue;
    const text = readFileSync(path.join(directory, name), 'utf8');
    for (const [, asset] of text.matchAll(/["'`](?:\.\/|\/?assets\/)([\w-]+\.(?:js|css))/g)) {
      if (asset !== undefined) found.add(`assets/${asset}`);
    }
  }
  return [...found, 'icon.svg', 'theme.js'];
}

const chromium = findChromium();

describe.skipIf(chromium === null)('the page in a browser', browserTest, () => {
  let directory: string;
  let browsing: Browsing;
  let program: string;
  let served: ServedProgram;

  beforeAll(async () => {
    directory = testDirectory('page');
    program = copyExample(directory);
    writeFiles(program, hostile);
    served = await serveProgram(program);
    browsing = await browse(chromium ?? '', directory);
  });

  afterAll(() => leave(browsing, served, directory));

  it('starts the example, waits, answers by form, and sees it finish, over a restart and in two tabs', async () => {
    const page = await browsing.open();
    await page.goto(served.address());
    await page.getByText('No run yet').waitFor();
    expect(page.url()).toBe(`${served.url}/`);
    expect(await page.evaluate('document.cookie')).toBe('');

    // Start, by the graph.
    await page.getByRole('main').getByRole('link', { name: 'Start a run' }).first().click();
    await page.getByRole('button', { name: /A person accepts the work/ }).click();
    await page.locator('.planned', { hasText: 'publish_summary' }).waitFor();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.waitForURL(/\/runs\/\d{14}-/);
    const runUrl = page.url();

    // A second tab, that nobody touches any more.
    const other = await browsing.open();
    await other.goto(served.url);

    // The run works, loops, and waits.
    await page.getByText('Pass 2 of 2').waitFor();
    await page.getByRole('link', { name: 'Answer', exact: true }).waitFor();
    await other.getByRole('link', { name: /Is this change good enough/ }).waitFor();
    await expect.poll(() => other.title(), patience).toMatch(/^\(1\)/);

    // A loop is one frame with a stepper.
    await page.getByRole('button', { name: 'Earlier pass' }).click();
    await page.getByText('Pass 1 of 2').waitFor();
    expect(page.url()).toContain('pass=');

    // The server dies and comes back; the page does too, by itself.
    await served.kill();
    await page.getByText('Reconnecting…').waitFor();
    await served.restart();
    await browsing.signIn(served);
    await page.getByText(/^(Live|Back, and up to date)$/).waitFor();

    // Answer by the form; what is missing stands at its field.
    await page.getByRole('link', { name: 'Answer', exact: true }).click();
    await page.getByRole('button', { name: 'Answer and resume' }).click();
    await page.getByText('An answer needs words, or a filled form.').waitFor();
    await page.getByLabel('In words').fill('Looks right.');
    await page.getByText('This is needed').waitFor();
    await page.getByRole('radio', { name: 'accept' }).check();
    await page.getByText('This is needed').waitFor({ state: 'detached' });
    await page.getByText('What the worker will get').click();
    await page.locator('.preview-body', { hasText: '"decision": "accept"' }).waitFor();
    await page.reload();
    expect(await page.getByRole('radio', { name: 'accept' }).isChecked()).toBe(true);
    await page.getByRole('button', { name: 'Answer only' }).click();
    await page.getByRole('button', { name: 'Resume the run' }).click();
    await page.getByText(/Attempt 2 of/).waitFor();

    // It finishes, in both tabs.
    await page.goto(runUrl);
    await page.locator('h1 .status', { hasText: 'Done' }).waitFor();
    await other.getByText('Nothing needs you').waitFor();
    await other.locator('section', { hasText: 'Done last' }).locator('.run-row').waitFor();

    // An attempt, and what it left.
    await page.getByRole('region', { name: 'What came out', exact: true }).waitFor();
    await page.locator('.task-node', { hasText: 'Sum up what was done' }).click();
    await page.getByRole('link', { name: 'Open', exact: true }).click();
    await page.locator('.log-line').first().waitFor();
    await page.getByRole('link', { name: 'Prompt' }).click();
    await page.getByText('What the agent was told').waitFor();
    expect(browsing.complaints).toEqual([]);
    await page.close();
    await other.close();
  });

  it('lets in by a link from another site who has the cookie, and asks all others', async () => {
    const page = await browsing.open();
    await page.route('http://elsewhere.example/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<a href="${served.url}/runs?status=done">see</a>`,
      }),
    );
    await page.goto('http://elsewhere.example/');
    await page.getByText('see').click();
    await page.getByRole('heading', { name: 'Runs' }).waitFor();
    expect(page.url()).toBe(`${served.url}/runs?status=done`);
    await page.close();

    await browsing.context.clearCookies();
    const stranger = await browsing.open();
    await stranger.goto(`${served.url}/runs?token=${served.token()}`);
    await stranger.getByText('This page asks for its token').waitFor();
    expect(stranger.url()).toBe(`${served.url}/runs`);
    await stranger.getByLabel('Address or token').fill('not the token of this server');
    await stranger.getByRole('button', { name: 'Sign in' }).click();
    await stranger.getByText('that is not the token').waitFor();
    // In the same tab an address that differs by its end alone loads nothing.
    await stranger.goto(`${served.url}/runs#token=${served.token()}`);
    await stranger.getByRole('heading', { name: 'Runs' }).waitFor();
    expect(stranger.url()).toBe(`${served.url}/runs`);
    expect(browsing.complaints).toEqual([]);
    await stranger.close();
  });

  it('shows hostile text as text, and makes a form of a rich schema', async () => {
    const page = await browsing.open();
    await codexOrch(['run', 'start', program, '--root', 'hostile'], { cwd: directory });
    await page.goto(`${served.url}/inbox`);
    await page.getByRole('link', { name: /Is this safe/ }).click();
    await page.locator('.question-text').waitFor();
    expect(await page.locator('.question-text img, .question-text script').count()).toBe(0);
    expect(await page.locator('a[href^="javascript:" i], a[href^="data:" i]').count()).toBe(0);
    const outside = page.getByRole('link', { name: 'outside' });
    expect(await outside.getAttribute('rel')).toContain('noopener');
    // The form asks for the options: they are not asked for twice.
    expect(await page.getByRole('button', { name: 'minor', exact: true }).count()).toBe(0);
    await page.getByRole('radio', { name: 'minor' }).check();
    await page.getByLabel('Candidates').fill('9');
    await page.getByLabel('Candidates').blur();
    await page.locator('.field-error', { hasText: '5' }).waitFor();
    await page.getByLabel('Candidates').fill('2');
    await page
      .locator('fieldset', { hasText: 'Announce' })
      .getByRole('radio', { name: 'Yes' })
      .check();
    await page.getByRole('checkbox', { name: 'stable' }).check();
    await page.getByRole('button', { name: 'Add' }).click();
    await page.getByLabel('Reviewers 1', { exact: true }).fill('ann');
    await page.getByLabel('Headline').fill('Whole words');
    await page.getByRole('button', { name: 'Answer and resume' }).click();
    await page
      .getByText(/Attempt 2 of|The run goes on with it/)
      .first()
      .waitFor();
    const shown = await page.locator('article .json').first().textContent();
    for (const part of ['minor', 'true', 'stable', 'ann', 'Whole words', '2']) {
      expect(shown).toContain(part);
    }
    expect(browsing.complaints).toEqual([]);
    await page.close();
  });

  it('asks for the token of a server that was started again, and keeps what was typed', async () => {
    await browsing.signIn(served);
    await codexOrch(['run', 'start', program, '--root', 'hostile'], { cwd: directory });
    const page = await browsing.open();
    await page.goto(`${served.url}/inbox`);
    await page.getByRole('link', { name: /Is this safe/ }).click();
    await page.getByLabel('In words').fill('Half an ans');
    await served.kill();
    await served.restart();
    const asked = page.getByText(/has a new token/);
    await asked.waitFor();
    await page.getByLabel('In words').fill('Half an answer.');
    await page.getByLabel('Address or token').fill('not the token of this server');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('that is not the token').waitFor();
    await page.getByLabel('Address or token').fill(served.address());
    await page.getByRole('button', { name: 'Sign in' }).click();
    await asked.waitFor({ state: 'detached' });

    // Another one, for which another tab signs in.
    await served.kill();
    await served.restart();
    await asked.waitFor();
    await browsing.signIn(served);
    await asked.waitFor({ state: 'detached' });
    expect(await page.getByLabel('In words').inputValue()).toBe('Half an answer.');
    expect(browsing.complaints).toEqual([]);
    await page.close();
  });

  it('edits a task, with the messages at their lines', async () => {
    await browsing.signIn(served);
    const page = await browsing.open();
    await page.goto(`${served.url}/program/tasks/quality_attempt/yaml`);
    const file = path.join(program, 'tasks', 'quality_attempt.yaml');
    const before = readFileSync(file, 'utf8');
    const text = page.getByRole('textbox', { name: 'tasks/quality_attempt.yaml' });
    await text.fill(before.replace('task: baseline_run,', 'task: baseline_ran,'));
    await page
      .getByRole('button', { name: /^Line \d+, column \d+$/ })
      .first()
      .waitFor();
    expect(await page.getByRole('button', { name: 'Save' }).isDisabled()).toBe(true);
    await text.fill(before.replace('Mend what fails', 'Mend one thing'));
    await page.getByText('Valid. Not saved yet.').waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Mend one thing' }).waitFor();
    expect(readFileSync(file, 'utf8')).toBe(before.replace('Mend what fails', 'Mend one thing'));

    // As a form; only what was changed is written.
    await page.getByRole('link', { name: 'Edit as a form' }).click();
    await page.getByLabel('Title').fill('Mend what fails');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByText(/^Saved/).waitFor();
    expect(readFileSync(file, 'utf8')).toContain('title: Mend what fails');
    expect(readFileSync(file, 'utf8')).toContain(before.split('\n')[0]);
    expect(browsing.complaints).toEqual([]);
    await page.close();
  });

  it('has every view at 390 pixels, none wider than the window or with anything serious for axe to find', async () => {
    const page = await browsing.open();
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await signInPage(browsing, served)).toBeLessThanOrEqual(0);
    const found: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      // Widths and names are the same in both themes; dark is looked at for complaints and colours only.
      for (const address of colorScheme === 'light' ? everyView : everyView.slice(0, 3)) {
        await page.goto(served.url + address);
        await page.locator('main').waitFor();
        await expect.poll(() => page.locator('.skeleton').count(), patience).toBe(0);
        const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
        expect(over, `${address} is wider than the window`).toBeLessThanOrEqual(0);
        found.push(...(await seriousIn(page)).map((each) => `${address}: ${each}`));
      }
    }
    expect(found).toEqual([]);
    expect(browsing.complaints).toEqual([]);
    await page.close();
  });
});

/** By how much it is wider than the window, at 390 pixels. */
async function signInPage({ context, open }: Browsing, { url }: ServedProgram): Promise<number> {
  const cookies = await context.cookies();
  await context.clearCookies();
  const page = await open();
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(url);
  await page.getByText('This page asks for its token').waitFor();
  const over = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
  await page.close();
  await context.addCookies(cookies);
  return over;
}

const everyView = [
  '/',
  '/runs',
  '/runs/latest',
  '/runs/latest/timeline',
  '/runs/latest/instances',
  '/runs/latest/log',
  '/runs/latest/inputs',
  '/program',
  '/program/tasks',
  '/program/edges',
  '/program/inputs',
  '/program/roles',
  '/program/presets',
  '/program/problems',
  '/program/project',
  '/program/new',
  '/program/tasks/acceptance_gate',
  '/program/tasks/acceptance_gate/edit',
  '/program/tasks/acceptance_gate/yaml',
  '/program/files',
  '/program/files/project.yaml',
  '/start?root=acceptance_gate',
  '/inbox',
  '/inbox?status=answered',
  '/proposals',
  '/nowhere',
];

const hostile = {
  'tasks/hostile.yaml': {
    id: 'hostile',
    title: '<b>Ask</b> with <script>alert(1)</script>',
    status: 'ready',
    agent: 'shell',
    run:
      'test "$(cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/runtime/latest_reply.json")" != null || ' +
      'codex-orch interrupt create --audience human --kind question --question-file ' +
      '"$CODEX_ORCH_PROGRAM_DIR/prompts/hostile.md" --option major --option minor ' +
      '--reply-schema schemas/release.schema.json',
    compose: [{ kind: 'ref', ref: 'runtime.latest_reply' }],
    publish: [],
  },
  'prompts/hostile.md': [
    'Is this safe? <img src=x onerror="document.title=\'taken\'">',
    '',
    '<script>document.title = "taken"</script>',
    '',
    '[run](javascript:alert(1)) [data](data:text/html,x) [outside](https://example.invalid/)',
    '',
    '![picture](https://example.invalid/spy.png)',
  ].join('\n'),
  'schemas/release.schema.json': {
    type: 'object',
    properties: {
      version: { enum: ['major', 'minor'], type: 'string' },
      announce: { type: 'boolean' },
      candidates: { type: 'integer', minimum: 0, maximum: 5 },
      channels: { type: 'array', items: { type: 'string', enum: ['stable', 'next'] } },
      reviewers: { type: 'array', items: { type: 'string' } },
      changelog: {
        type: 'object',
        properties: { headline: { type: 'string', maxLength: 80 } },
        required: ['headline'],
      },
    },
    required: ['version', 'announce', 'channels'],
    additionalProperties: false,
  },
};
