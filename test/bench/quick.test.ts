import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporalProblem } from '../support/temporal-server.ts';

/** Whether the measurements still work; what they measure beside other tests means nothing. */
it('measures every row', { timeout: 300_000 }, () => {
  const root = path.resolve(import.meta.dirname, '..', '..');
  const words = ['scripts/bench.mjs', '--quick'];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, {
    cwd: root,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  const rows = stdout.trimEnd().split('\n');
  // Those of the page where Chromium is.
  const ofPage = rows.filter((row) => row.startsWith('| page: '));
  expect([0, 4]).toContain(ofPage.length);
  const ofMachines = rows.filter((row) => /another machine|two workers|between depot/.test(row));
  expect(ofMachines).toHaveLength(temporalProblem() === null ? 3 : 0);
  expect(rows).toHaveLength(40 + ofPage.length + ofMachines.length);
  for (const row of rows)
    expect(row).toMatch(/^\| .+ \| .*[\d.]+ ?(×|ms|µs|MB|kB).* \| .+ \| (met|missed)? ?\|$/);
  expect(rows.at(-1)).toContain('nothing lost');
});
