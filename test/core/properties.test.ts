/**
 * The planner against the reference model, over random programs and random outcomes.
 *
 * CODEX_ORCH_CASES: how many cases (40 at every change, 300 before it lands, 20,000 in the long tier).
 * CODEX_ORCH_SEED: the first seed (1); the cases take the seeds that follow it.
 */
import { describe, expect, it } from 'vitest';
import { cases } from '../support/cases.ts';
import { noCounts, runCase, type CaseCounts } from './cases.ts';

const wanted = Number(
  process.env['CODEX_ORCH_CASES'] ?? cases({ fewest: 40, few: 300, many: 20_000 }),
);
const firstSeed = Number(process.env['CODEX_ORCH_SEED'] ?? 1);

describe('random programs and outcomes', () => {
  it(
    `the core agrees with the reference model (${wanted} cases from seed ${firstSeed})`,
    { timeout: 0 },
    () => {
      const counts: CaseCounts = { ...noCounts };
      for (let i = 0; i < wanted; i += 1) runCase(firstSeed + i, counts);
      process.stdout.write(`${JSON.stringify({ firstSeed, ...counts })}\n`);
      expect(counts.cases).toBe(wanted);
      if (wanted < 1_000) return;
      const { crashes, nested, doubled, conflicting, crossing, done } = counts;
      for (const often of [crashes, nested, doubled, conflicting, crossing, done]) {
        expect(often).toBeGreaterThan(wanted / 1_000);
      }
    },
  );

  it('the same outcomes give the same log, byte for byte', () => {
    const last = firstSeed + cases({ fewest: 5, few: 50, many: 50 });
    for (let seed = firstSeed; seed < last; seed += 1) {
      expect(runCase(seed)).toEqual(runCase(seed));
    }
  });
});
