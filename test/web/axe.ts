/** What axe-core finds wrong with a page for those who see or move less: names, roles, contrast. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const look = `axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
  violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ' ' + html.slice(0, 200))))`;

/** Looks at a view that is still changing find what no later one does. */
const LOOKS = 5;

/** What is serious or critical and stays so, each with the element it is about. */
export async function seriousIn(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  let found: string[] = [];
  for (let turn = 0; turn < LOOKS; turn += 1) {
    found = await page.evaluate<string[]>(look);
    if (found.length === 0) break;
  }
  return found;
}
