import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { long, tierOf } from './test/tiers.ts';

const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/${name}`);

const project = (name: string, include: string[]) => ({
  extends: true as const,
  test: { name, include },
});

export default defineConfig({
  define: { CODEX_ORCH_VERSION: JSON.stringify('0.0.0-test') },
  test: {
    // test/tiers.ts says which is which. A file that no tier names is run with `all`, and told of by the quick one.
    projects:
      process.env['CODEX_ORCH_TESTS'] === 'long'
        ? [project('long', long)]
        : [
            project(
              'quick',
              files.filter((file) => tierOf(file) === 'quick'),
            ),
            project(
              'all',
              files.filter((file) => tierOf(file) !== 'quick'),
            ),
          ],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    pool: 'forks',
    reporters: ['default', './scripts/tally-reporter.mjs'],
  },
});
