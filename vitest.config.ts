import { defineConfig } from 'vitest/config';

export default defineConfig({
  define: { CODEX_ORCH_VERSION: JSON.stringify('0.0.0-test') },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    pool: 'forks',
    reporters: ['default', './scripts/tally-reporter.mjs'],
  },
});
