import { readdirSync } from 'node:fs';
import { defineConfig } from 'vitest/config';
import { again, long, type Tier, tierOf } from './test/tiers.ts';

const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.test.ts'))
  .map((name) => `test/${name}`);

const ofTier = (tier: Tier | null): string[] => files.filter((file) => tierOf(file) === tier);

const project = (name: string, include: string[], more: object = {}) => ({
  extends: true as const,
  test: { name, include, ...more },
});

export default defineConfig({
  define: { CODEX_ORCH_VERSION: JSON.stringify('0.0.0-test') },
  test: {
    // test/tiers.ts says which is which. A file that no tier names is run with `all`, and told of by the quick one.
    projects:
      process.env['CODEX_ORCH_TESTS'] === 'long'
        ? [project('long', long)]
        : [
            project('quick', ofTier('quick'), {
              isolate: false,
              env: { CODEX_ORCH_TESTS: 'quick' },
            }),
            project('all', [...ofTier('all'), ...again, ...ofTier(null)]),
            project('alone', ofTier('alone'), {
              fileParallelism: false,
              sequence: { groupOrder: 1 },
            }),
          ],
    testTimeout: 180_000,
    hookTimeout: 240_000,
    maxWorkers: 2,
    pool: 'forks',
    reporters: ['default', './scripts/tally-reporter.mjs'],
  },
});
