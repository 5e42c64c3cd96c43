/** What people do with the page, in a real browser: read a wide graph, find why something failed, start it again, by keys. */
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { seriousIn } from './axe.ts';
import { browse, browserTest, findChromium, leave, patience, type Browsing } from './browser.ts';
import { serveProgram, type ServedProgram } from './served-program.ts';

const chromium = findChromium();

describe.skipIf(chromium === null)('people and the page', browserTest, () => {
  let directory: string;
  let program: string;
  let browsing: Browsing;
  let served: ServedProgram;
  let page: Page;
  let done: string;
  let failed: string;

  beforeAll(async () => {
    directory = testDirectory('people');
    program = path.join(directory, 'train');
    writeFiles(program, train());
    const start = async (root: string): Promise<string> => {
      const words = ['run', 'start', program, '--root', root, '--input', 'topic=fish'];
      return (await codexOrch(words, { cwd: directory })).stdout.split('\n')[0] ?? '';
    };
    done = await start('end');
    failed = await start('broken');
    served = await serveProgram(program);
    browsing = await browse(chromium ?? '', directory);
    await browsing.signIn(served);
    page = await browsing.open();
  });

  afterAll(() => leave(browsing, served, directory));

  it('reads 15 tasks in 8 columns, and uses a wide window', async () => {
    for (const address of [`/runs/${done}`, '/program']) {
      await page.goto(served.url + address);
      await page.locator('.task-node').first().waitFor();
      expect(await page.locator('.task-node').count()).toBeGreaterThanOrEqual(15);
      // What a person sees: the size in the style times the scale of the graph.
      const smallest = await page.evaluate<number>(`Math.min(
        ...[...document.querySelectorAll('.task-node .task-title, .task-node .task-sub > *')]
          .filter((each) => each.textContent !== '')
          .map((each) => parseFloat(getComputedStyle(each).fontSize) *
            new DOMMatrix(getComputedStyle(document.querySelector('.react-flow__viewport')).transform).a))`);
      expect(smallest).toBeGreaterThanOrEqual(12);
    }
    await page.setViewportSize({ width: 1920, height: 1080 });
    await page.goto(`${served.url}/runs/${done}`);
    await page.locator('.graph').waitFor();
    const used = await page.evaluate<number>(
      `document.querySelector('.graph').getBoundingClientRect().width / innerWidth`,
    );
    expect(used).toBeGreaterThanOrEqual(0.85);
    await page.setViewportSize({ width: 1280, height: 800 });
  });

  it('sees what came out of a run that is done, before how', async () => {
    await page.goto(`${served.url}/runs/${done}`);
    const outcome = page.getByRole('region', { name: 'What came out', exact: true });
    await outcome.getByText('All is shipped').waitFor();
    await outcome.getByText('report.md').first().waitFor();
    await page.locator('.task-node', { hasText: 'Part 3' }).hover();
    await page.locator('.node-tail', { hasText: 'part three is fine' }).waitFor();
  });

  it('sees a list as one node with a bar, opens its items, and finds one; and what checks came to', async () => {
    const words = ['run', 'start', program, '--root', 'panel', '--input', 'topic=fish'];
    const run = (await codexOrch(words, { cwd: directory })).stdout.split('\n')[0] ?? '';
    await page.goto(`${served.url}/runs/${run}`);
    const node = page.locator('.task-node', { hasText: 'Look at one' });
    await node.getByText('2 of 3 done').waitFor();
    expect(await node.locator('.folded-bar i').count()).toBe(2);
    await node.click();
    const rows = page.locator('.instance-row', { hasText: 'src/' });
    await rows.filter({ hasText: 'src/b.ts' }).waitFor();
    expect(await rows.count()).toBe(3);
    await page.getByLabel('Search the instances').fill('src/b.ts');
    await expect.poll(() => rows.count(), patience).toBe(1);
    await rows.first().getByRole('link').click();
    await page.getByRole('link', { name: 'Checks' }).click();
    const checks = page.getByRole('region', { name: 'Checks' });
    await checks.getByText('exit status 3').waitFor();
    await checks.getByText('b.ts leaks').waitFor();
  });

  it('sees what takes several tasks for each item as one node, opens it, and folds it again', async () => {
    const words = ['run', 'start', program, '--root', 'sum', '--input', 'topic=fish'];
    const run = (await codexOrch(words, { cwd: directory })).stdout.split('\n')[0] ?? '';
    await page.goto(`${served.url}/runs/${run}`);
    const region = page.locator('.frame-node.region');
    await region.getByText('2 of 3 done').waitFor();
    expect(await region.locator('.folded-bar i').count()).toBe(2);
    const fold = page.getByRole('button', { name: 'Port one' });
    const within = page.locator('.task-node', { hasText: 'Prove it' });
    expect(await fold.getAttribute('aria-expanded')).toBe('false');
    expect(await within.count()).toBe(0);
    await fold.click();
    await within.waitFor();
    expect(await fold.getAttribute('aria-expanded')).toBe('true');
    await fold.click();
    await within.waitFor({ state: 'detached' });
    await region.getByTitle('Show its items').click();
    const rows = page.locator('.instance-row', { hasText: 'lib/' });
    await rows.first().waitFor();
    await expect.poll(() => rows.count(), { timeout: 20_000 }).toBe(6);
  });

  it('sees why a run failed, in the order in which it was printed, and finds it in the log', async () => {
    await page.goto(`${served.url}/runs/${failed}`);
    const tail = page.getByRole('group', { name: 'Its last lines' }).first();
    await tail.getByText('AssertionError: expected 5 but got -1').waitFor();
    expect(await tail.locator('.log-line').count()).toBeGreaterThanOrEqual(20);
    expect(await page.locator('main .primary').count()).toBe(1);
    await page.getByRole('link', { name: 'All of its output' }).click();
    await page.locator('.log-line.bad', { hasText: 'AssertionError' }).waitFor();
    await page.getByLabel('Search the output').fill('module_17');
    await page.locator('mark', { hasText: 'module_17' }).waitFor();
    expect(page.url()).toContain('q=module_17');
    const times = await page.locator('.log-time').allTextContents();
    expect(times.some((each) => /^\d\d:\d\d:\d\d\.\d$/.test(each))).toBe(true);
  });

  it('goes by keys: to places, into the search, to anything by its name', async () => {
    await page.goto(served.url);
    await page.getByRole('heading', { name: 'Overview' }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('r');
    await page.waitForURL(/\/runs$/);
    await page.getByLabel('Search the runs').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('broken');
    await page.waitForURL(/q=broken/);
    await page.locator('.run-row').nth(1).waitFor({ state: 'detached' });
    await page.locator('.run-row').first().waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox', { name: 'Go to' }).fill('ship it');
    await page.getByRole('option', { name: /Ship it/ }).waitFor();
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/program\/tasks\/end$/);
    await page.keyboard.press('?');
    await page.getByRole('dialog', { name: 'Keys' }).waitFor();
    await page.keyboard.press('Escape');
  });

  it('starts a run again with its inputs, and deletes one', async () => {
    await page.goto(`${served.url}/runs/${done}`);
    await page.getByRole('link', { name: 'Run again' }).click();
    await page.locator('.planned').first().waitFor();
    expect(await page.getByLabel('topic', { exact: true }).inputValue()).toBe('fish');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.waitForURL(new RegExp(`/runs/\\d{14}-`));
    expect(page.url()).not.toContain(done);
    const again = new URL(page.url()).pathname;
    await page.locator('h1 .status', { hasText: 'Done' }).waitFor();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete' }).click();
    await page.waitForURL(/\/runs$/);
    await page.locator('.run-row').first().waitFor();
    await page.locator(`.run-row[href="${again}"]`).waitFor({ state: 'detached' });
  });

  it('has nothing serious for axe to find, in either theme', async () => {
    const views = [
      ...['/', '/runs', '/inbox', '/program', '/program/tasks/broken', '/start?root=end'],
      ...['/program/tasks/broken/edit', '/program/tasks/broken/yaml', '/program/problems'],
      ...['', '/timeline', '/instances', '/changes', '/log', '/inputs'].map(
        (part) => `/runs/${failed}${part}`,
      ),
      `/runs/${done}`,
      `/runs/${failed}/instances/broken`,
    ];
    const found: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      // Names and roles are the same in both themes; these views have all that has a colour of its own.
      const looked = [views[0], views[9], views[11], views.at(-1)];
      for (const view of colorScheme === 'light' ? views : looked) {
        await page.goto(served.url + (view ?? ''));
        await page.locator('main').waitFor();
        await expect.poll(() => page.locator('.skeleton').count(), patience).toBe(0);
        found.push(...(await seriousIn(page)).map((each) => `${view}: ${each}`));
      }
    }
    expect(found).toEqual([]);
    // The page may have asked once more for the run that was deleted above.
    expect(browsing.complaints.filter((each) => !each.includes('404'))).toEqual([]);
  });
});

/** 15 tasks in 8 columns, one of which fails with a long error. */
function train(): Record<string, unknown> {
  const shell = (
    id: string,
    title: string,
    run: string,
    before: string[],
    publish: string[] = [],
  ) => ({
    ...{ id, title, status: 'ready', agent: 'shell', run, publish },
    depends_on: before.map((task) => ({ task, kind: 'order' })),
  });
  const parts = [1, 2, 3, 4, 5, 6].map((each) => `part_${each}`);
  const tasks = [
    shell('begin', 'Begin', 'echo begun', []),
    ...parts.map((id, index) =>
      shell(id, `Part ${index + 1}`, index === 2 ? 'echo part three is fine' : 'true', ['begin']),
    ),
    shell('gather', 'Gather', 'true', parts),
    shell('mend', 'Mend', 'true', ['gather']),
    shell('check', 'Check', 'true', ['mend']),
    shell('notes', 'Notes', 'true', ['check']),
    shell('sizes', 'Sizes', 'true', ['check']),
    shell('links', 'Links', 'true', ['check']),
    shell('sign', 'Sign', 'true', ['notes', 'sizes', 'links']),
    shell(
      'end',
      'Ship it',
      'echo "# Report" > "$CODEX_ORCH_ATTEMPT_DIR/report.md"; ' +
        `echo '{"summary":"All is shipped","files":3}' > "$CODEX_ORCH_ATTEMPT_DIR/result.json"`,
      ['sign'],
      ['report.md'],
    ),
    shell(
      'broken',
      'Break',
      'echo collecting; for i in $(seq 1 30); do echo "  File module_$i.py, line $i" >&2; done; ' +
        'echo "AssertionError: expected 5 but got -1" >&2; exit 3',
      ['sign'],
    ),
    {
      ...shell('look', 'Look at one', 'echo looked', [], ['final.md']),
      for_each: {
        items: ['a', 'b', 'c'].map((name) => ({ path: `src/${name}.ts` })),
        ...{ as: 'file', key: 'path' },
      },
      compose: [{ kind: 'ref', ref: 'inputs.file.path' }],
      checks: [
        {
          run:
            'f=$(cat "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/file/path.txt"); ' +
            '[ "$f" != src/b.ts ] || { echo "$f leaks"; exit 3; }',
        },
      ],
    },
    {
      ...shell('panel', 'Panel', 'true', []),
      depends_on: [{ task: 'look', kind: 'order', gather: 'settled' }],
    },
    {
      ...shell('port', 'Port one', 'true', []),
      for_each: {
        items: ['a', 'b', 'c'].map((name) => ({ path: `lib/${name}.ts` })),
        ...{ as: 'file', key: 'path' },
      },
    },
    {
      ...shell('prove', 'Prove it', '', ['port']),
      run: 'grep -qv b.ts "$CODEX_ORCH_ATTEMPT_DIR/context/refs/inputs/file/path.txt"',
      compose: [{ kind: 'ref', ref: 'inputs.file.path' }],
    },
    {
      ...shell('sum', 'Sum up', 'true', []),
      depends_on: [{ task: 'prove', kind: 'order', gather: 'settled' }],
    },
  ];
  return {
    'project.yaml': {
      ...{ name: 'train', workspace: '.', max_concurrency: 4, edition: 2 },
      user_inputs: { topic: 'topic.txt' },
    },
    'topic.txt': 'birds',
    ...Object.fromEntries(tasks.map((task) => [`tasks/${task.id}.yaml`, task])),
  };
}
