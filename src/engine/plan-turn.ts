/** A plan with what it asks of the world outside the log: locks of the user, and results on disk. */
import type { RunEvent } from '../core/events/events.ts';
import type { Facts } from '../core/plan/facts.ts';
import { plan, type AttemptStart, type Plan, type PlanOptions } from '../core/plan/plan.ts';
import type { LimitOf } from '../core/plan/usage-limits.ts';
import { isOfUser } from '../core/state/locks.ts';
import { resultOf } from '../core/state/results.ts';
import type { Attempts, DrivenRun } from './parts.ts';

/** Plans, and tries to take what locks of their user it wants to have. */
export function planTurn(
  run: DrivenRun,
  attempts: Pick<Attempts, 'takeLocks' | 'giveBack'>,
  options: Pick<PlanOptions, 'slots' | 'atWork'> & { facts: Facts; limitOf: LimitOf },
): Omit<Plan, 'wanted'> {
  const { state } = run;
  const taken = new Map<string, boolean>();
  const events: RunEvent[] = [];
  const starts: AttemptStart[] = [];
  for (;;) {
    const next = plan(state, { ...options, now: run.now(), taken });
    events.push(...next.events);
    starts.push(...next.starts);
    for (const { instanceId: id, locks } of next.wanted) {
      taken.set(id, attempts.takeLocks(id, locks.filter(isOfUser)));
    }
    if (next.wanted.length > 0) continue;
    const started = new Set(starts.map(({ instanceId }) => instanceId));
    for (const [id, isTaken] of taken) {
      if (isTaken && !started.has(id)) attempts.giveBack(id);
    }
    return { events, starts, mergesWork: next.mergesWork, wakeAt: next.wakeAt };
  }
}

/** How many results of a turn are kept at hand: conditions of many items may look at the same few. */
const KEPT = 8;

/** What conditions are judged with: results that are on disk, and those of this turn's `events`, which are not yet. */
export function factsOf(
  run: DrivenRun,
  known: Pick<Facts, 'fits' | 'earlierUse'>,
  events: readonly RunEvent[],
): Facts {
  const kept = new Map<string, ReturnType<Facts['result']>>();
  const read = (id: string): ReturnType<Facts['result']> => {
    const latest = events.findLast(
      (event) => event.event_type === 'result_materialized' && event.instance_id === id,
    );
    if (latest?.event_type !== 'result_materialized') return run.result(id);
    return resultOf(run.state, id) === null ? null : { value: latest.payload.result };
  };
  return {
    ...known,
    result: (id) => {
      const before = kept.get(id);
      if (before !== undefined) return before;
      const result = read(id);
      // Nothing is decided within a turn that would take a result away, or make it another.
      if (kept.size === KEPT) kept.clear();
      kept.set(id, result);
      return result;
    },
  };
}
