/** How quick the page is in a real browser. Timed, so these tests run with no other beside them. */
import path from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codexOrch, testDirectory, writeFiles } from '../support/built-program.ts';
import { browse, browserTest, findChromium, leave, type Browsing } from './browser.ts';
import { copyExample, serveProgram, type ServedProgram } from './served-program.ts';

const chromium = findChromium();

describe.skipIf(chromium === null)('the page in a browser, timed', browserTest, () => {
  let directory: string;
  let browsing: Browsing;
  let served: ServedProgram;

  beforeAll(async () => {
    directory = testDirectory('page-speed');
    served = await serveProgram(copyExample(directory));
    browsing = await browse(chromium ?? '', directory);
    await browsing.signIn(served);
  });

  afterAll(() => leave(browsing, served, directory));

  it('shows the first view within 300 ms', async () => {
    const page = await browsing.open();
    await page.addInitScript(`new MutationObserver((_, observer) => {
      if (!document.querySelector('main h1')) return;
      observer.disconnect();
      window.firstView = performance.now();
    }).observe(document, { childList: true, subtree: true });`);
    const times: number[] = [];
    for (let turn = 0; turn < 12 && !(Math.min(...times) < 300); turn += 1) {
      await page.goto(served.url);
      await page.locator('main h1').waitFor();
      times.push(await page.evaluate<number>('firstView'));
    }
    process.stderr.write(`first view: ${times.map((each) => each.toFixed(0)).join(', ')} ms\n`);
    // The machine may be busy; the page itself is what the best turn shows.
    expect(Math.min(...times)).toBeLessThan(300);
    await page.close();
  });

  it('stays fluid with 500 instances at work', async () => {
    const wide = path.join(directory, 'wide');
    writeFiles(wide, wideProgram(500));
    const wideServed = await serveProgram(wide);
    await browsing.signIn(wideServed);
    const page = await browsing.open();
    try {
      const started = await codexOrch(['run', 'start', wide, '--root', 'merge', '--no-wait'], {
        cwd: directory,
      });
      const run = started.stdout.trim();
      await page.goto(`${wideServed.url}/runs/${run}`);
      await page
        .getByText(/[1-9]\d* done/)
        .first()
        .waitFor();
      await page.locator('.task-node').first().waitFor();
      expect(await page.locator('.task-node').count()).toBeLessThan(250);
      await scrollsFluidly(page, 'graph');
      await page.getByRole('link', { name: /^Instances/ }).click();
      await page.locator('.instance-row').first().waitFor();
      expect(await page.locator('.instance-row').count()).toBeLessThan(120);
      await scrollsFluidly(page, 'list');
      expect(browsing.complaints).toEqual([]);
    } finally {
      await codexOrch(['run', 'abort', wide, 'latest'], { cwd: directory });
      await page.close();
      await wideServed.kill();
    }
  });
});

/**
 * The best of several turns, each beside an empty page on the same machine at the same time: engine, server and
 * agents have it too, and a machine without a graphics card draws on its processors. A page that renders all
 * of it takes seconds in every turn.
 */
async function scrollsFluidly(page: Page, name: string): Promise<void> {
  const empty = await page.context().newPage();
  await empty.setContent('<div style="height: 20000px"></div>');
  const turns: string[] = [];
  let isFluid = false;
  for (let turn = 0; turn < 5 && !isFluid; turn += 1) {
    await empty.bringToFront();
    const bound = Math.max(250, 4 * (await frames(empty, 500)).most);
    await page.bringToFront();
    const { most, worst } = await frames(page, 1_500);
    isFluid = most < bound && worst < 10 * bound;
    turns.push(`${most} and ${worst} of ${bound}`);
  }
  await empty.close();
  process.stderr.write(`500 instances, frames of the ${name}: ${turns.join(', ')} ms\n`);
  expect(isFluid, turns.join(', ')).toBe(true);
}

/** Times between frames while the page is scrolled from top to bottom, in ms: of ten, nine are shorter. */
function frames(page: Page, forMs: number): Promise<{ most: number; worst: number }> {
  return page.evaluate<{ most: number; worst: number }>(`new Promise((resolve) => {
    const start = performance.now();
    let last = start;
    const times = [];
    const step = (now) => {
      times.push(Math.round(now - last));
      last = now;
      scrollTo(0, ((now - start) / ${forMs}) * document.body.scrollHeight);
      if (now - start < ${forMs}) requestAnimationFrame(step);
      else {
        times.sort((a, b) => a - b);
        resolve({ most: times[Math.floor(times.length * 0.9)], worst: times.at(-1) });
      }
    };
    requestAnimationFrame(step);
  })`);
}

function wideProgram(count: number): Record<string, unknown> {
  const shell = (id: string, run: string, before: string[]): unknown => ({
    id,
    title: `Part ${id}`,
    status: 'ready',
    agent: 'shell',
    run,
    publish: [],
    depends_on: before.map((task) => ({ task, kind: 'order' })),
  });
  const parts = Array.from({ length: count - 2 }, (_, index) => `part_${index + 1}`);
  return {
    'project.yaml': { name: 'wide', workspace: '.', max_concurrency: 4 },
    'tasks/split.yaml': shell('split', 'true', []),
    ...Object.fromEntries(
      parts.map((id) => [`tasks/${id}.yaml`, shell(id, 'sleep 0.2', ['split'])]),
    ),
    'tasks/merge.yaml': shell('merge', 'true', parts),
  };
}
