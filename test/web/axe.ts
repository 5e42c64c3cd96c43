/** What axe-core finds wrong with a page for those who see or move less: names, roles, contrast. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const look = `axe.run({ resultTypes: ['violations'] }).then(({ violations }) =>
  violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ' ' + html.slice(0, 200))))`;

/** What is serious or critical, each with the element it is about. */
export async function seriousIn(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate<string[]>(look);
}
