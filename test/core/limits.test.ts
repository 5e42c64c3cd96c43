/** The planner under usage limits, held to a model of them over random runs. */
import { describe, expect, it } from 'vitest';
import { cases } from '../support/cases.ts';
import { LimitsRun } from './limits-model.ts';
import { Random } from './random.ts';

describe('usage limits', () => {
  it('hold up what they must and nothing else, over random runs', () => {
    const kinds = new Set<string>();
    const last = cases({ fewest: 30, few: 120, many: 2_000 });
    for (let seed = 1; seed <= last; seed += 1) {
      const run = new LimitsRun(new Random(seed));
      try {
        run.run(40);
      } catch (error) {
        throw new Error(`seed ${seed}: ${(error as Error).message}`, { cause: error });
      }
      for (const event of run.log) {
        kinds.add(event.event_type);
        if (event.event_type === 'attempt_started' && event.payload.probes) kinds.add('try');
        if (event.event_type === 'instance_delayed') kinds.add(event.payload.reason);
      }
    }
    for (const kind of ['agent_replaced', 'usage_limit', 'try', 'interrupt_requested']) {
      expect(kinds).toContain(kind);
    }
  });
});
