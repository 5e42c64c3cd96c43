/**
 * How many cases a test goes through that makes them itself: the fewest at every change, few before it lands, many in
 * `npm run test:long`. vitest.config.ts says in which of them it runs.
 */
const tier = process.env['CODEX_ORCH_TESTS'];

/** Without `fewest` the few are few enough. */
export function cases(count: { fewest?: number; few: number; many: number }): number {
  if (tier === 'long') return count.many;
  return tier === 'quick' ? (count.fewest ?? count.few) : count.few;
}
