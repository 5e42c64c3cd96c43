/** How many cases a test goes through that makes them itself: few at every change, many in `npm run test:long`. */
const isLong = process.env['CODEX_ORCH_TESTS'] === 'long';

export function cases(count: { few: number; many: number }): number {
  return isLong ? count.many : count.few;
}
