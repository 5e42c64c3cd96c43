/**
 * The planner against the reference model, over random programs and random outcomes.
 *
 * CODEX_ORCH_CASES: how many cases (5,000). CODEX_ORCH_SEED: the first seed (1); the cases take the seeds
 * that follow it.
 */
import { describe, expect, it } from 'vitest';
import { noCounts, runCase, type CaseCounts } from './cases.ts';

const cases = Number(process.env['CODEX_ORCH_CASES'] ?? 5_000);
const firstSeed = Number(process.env['CODEX_ORCH_SEED'] ?? 1);

describe('random programs and outcomes', () => {
  it(
    `the core agrees with the reference model (${cases} cases from seed ${firstSeed})`,
    { timeout: 0 },
    () => {
      const counts: CaseCounts = { ...noCounts };
      for (let i = 0; i < cases; i += 1) runCase(firstSeed + i, counts);
      process.stdout.write(`${JSON.stringify({ firstSeed, ...counts })}\n`);
      expect(counts.cases).toBe(cases);
      if (cases < 1_000) return;
      const { crashes, nested, doubled, conflicting, crossing, done } = counts;
      for (const often of [crashes, nested, doubled, conflicting, crossing, done]) {
        expect(often).toBeGreaterThan(cases / 1_000);
      }
    },
  );

  it('the same outcomes give the same log, byte for byte', () => {
    for (let seed = firstSeed; seed < firstSeed + 50; seed += 1) {
      expect(runCase(seed)).toEqual(runCase(seed));
    }
  });
});
