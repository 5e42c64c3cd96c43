/**
 * A log that no engine could have written is refused, though its chain is whole: by cases, and by good logs of random
 * runs in which an event is dropped, comes twice, or changes places with the next.
 */
import { describe, expect, it } from 'vitest';
import type { EventType, RunEvent } from '../../../src/core/events/events.ts';
import { replay } from '../../../src/core/events/evolve.ts';
import { newEvent } from '../../../src/core/state/recorder.ts';
import { runStatus, type RunState } from '../../../src/core/state/run-state.ts';
import { cases } from '../../support/cases.ts';
import { NOW, reply, route, RUN_ID, task } from '../../support/make.ts';
import { runCase } from '../cases.ts';
import { ScriptedRun } from '../scripted-run.ts';

/** As the store would read them: numbered anew. */
function numbered(events: readonly RunEvent[]): RunEvent[] {
  return events.map((event, index) => ({
    ...event,
    seq: index + 1,
    event_id: `${String(index + 1).padStart(6, '0')}-${event.event_type}`,
  }));
}

function why(events: readonly RunEvent[]): string | null {
  try {
    replay(numbered(events));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

describe('a log is refused', () => {
  /** `a` has asked, was answered, and is done; `choose` chose left; the run is over. */
  function whole(): ScriptedRun {
    const run = new ScriptedRun([
      task({ id: 'a' }),
      task({ id: 'choose', control: route({ left: ['l'], right: ['r'] }), depends_on: ['a'] }),
      task({ id: 'l', depends_on: ['choose'] }),
      task({ id: 'r', depends_on: ['choose'] }),
    ]);
    const id = run.ask(run.running('a'));
    run.finish('a');
    run.reply(id);
    run.plan();
    run.finish('a', { result: { n: 1 } });
    run.routes('choose', 'left');
    run.finish('l');
    expect(run.status()).toBe('done');
    return run;
  }

  const types = (run: ScriptedRun, type: EventType, task: string): RunEvent[] =>
    run.events.filter(
      (event) => event.event_type === type && event.instance_id === run.last(task).instance_id,
    );

  it('not as it was written', () => {
    expect(why(whole().events)).toBeNull();
  });

  it.each<[EventType, string, RegExp]>([
    ['attempt_started', 'a', /it is attempt 1, not 2/],
    ['attempt_finished', 'a', /attempt 1 has ended already/],
    ['instance_waiting', 'a', /is waiting, not running/],
    ['instance_resumed', 'a', /is runnable, not waiting/],
    ['instance_done', 'a', /is done, not running/],
    ['result_materialized', 'a', /attempt 2 has a result already/],
    ['artifacts_published', 'a', /attempt 2 has published already/],
    ['instance_runnable', 'choose', /is runnable, not pending/],
    ['control_emitted', 'choose', /1 events of its choice stand before it/],
    ['route_selected', 'choose', /left is not the next route/],
    ['interrupt_requested', 'a', /int-\d+ has been asked already/],
    ['interrupt_resolved', 'a', /int-\d+ has been answered already/],
    ['instance_created', 'l', /there is an instance l-\w+ already/],
  ])('where %s of %s comes twice', (type, of, message) => {
    const run = whole();
    const [event] = types(run, type, of);
    const at = run.events.indexOf(event as RunEvent);
    expect(why(run.events.toSpliced(at, 0, event as RunEvent))).toMatch(message);
  });

  it.each<[EventType, string, RegExp]>([
    ['attempt_started', 'a', /attempt 1 does not run: the last one is 0/],
    ['attempt_finished', 'a', /attempt 1 has not ended/],
    ['instance_waiting', 'a', /is running, not waiting/],
    ['interrupt_requested', 'a', /it names int-\d+, and none is open/],
    ['interrupt_resolved', 'a', /int-\d+ is not answered/],
    ['instance_done', 'a', /1 of what it depends on is not done/],
    ['artifacts_published', 'a', /it published nothing/],
    ['control_emitted', 'choose', /left is not the next route/],
    ['route_unselected', 'choose', /only 2 events of its choice/],
    ['instance_done', 'l', /1 instances are running/],
    ['instance_created', 'choose', /no instance choose/],
  ])('where %s of %s is missing', (type, of, message) => {
    const run = whole();
    const at = run.events.indexOf(types(run, type, of)[0] as RunEvent);
    expect(why(run.events.toSpliced(at, 1))).toMatch(message);
  });

  it.each<[string, RunEvent, RegExp]>([
    ['its end', event('run_completed', null, { status: 'done' }), /it was done already/],
    ['another end', event('run_completed', null, { status: 'failed' }), /is done, not failed/],
    [
      'an answer to a question of nobody',
      event('interrupt_resolved', null, { interrupt_id: 'int-x', reply: reply() }),
      /no interrupt int-x/,
    ],
    ['a second base', event('input_scope_created', null, base()), /has its base scope/],
  ])('where %s comes after all', (_what, last, message) => {
    expect(why([...whole().events, last])).toMatch(message);
  });

  it('where the run ends beside an open question', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.ask(run.running('a'));
    run.finish('a');
    const end = event('run_completed', null, { status: 'done' });
    expect(why([...run.events, end])).toBe('int-000000000001 is open');
  });

  function event<T extends EventType>(
    type: T,
    instance: string | null,
    payload: unknown,
  ): RunEvent {
    return newEvent(RUN_ID, 1, type, instance, NOW, payload as never);
  }

  function base(): object {
    const values = {};
    const ids = { input_scope_id: 'scope-1', parent_input_scope_id: null };
    return { ...ids, seed_task_ids: [], values, created_by_instance_id: null };
  }
});

/** What a run is, without when and in which order it came to be so. */
function essence(state: RunState): unknown {
  const sorted = <T>(of: Map<string, T>, show: (value: T) => unknown): unknown =>
    [...of].sort(([a], [b]) => (a < b ? -1 : 1)).map(([id, value]) => [id, show(value)]);
  return {
    status: runStatus(state),
    aborted: state.aborted,
    announced: state.announced,
    counts: state.counts,
    instances: sorted(state.instances, ({ attempts, blocking_interrupts, ...instance }) => ({
      ...instance,
      started_at: null,
      finished_at: null,
      blocking: [...blocking_interrupts].sort(),
      attempts: attempts.map(({ checks = [], ...each }) => ({
        ...each,
        started_at: null,
        finished_at: null,
        checks: checks.toSorted((a, b) => a.index - b.index),
      })),
    })),
    interrupts: sorted(state.interrupts, ({ interrupt, ...record }) => ({
      ...record,
      interrupt: { ...interrupt, resolved_at: null, applied_at: null },
    })),
    scopes: sorted(state.scopes, (scope) => ({ ...scope, created_at: null })),
    results: sorted(state.links, ({ resultSha256, blocked, unfinished }) => [
      ...[resultSha256, blocked, unfinished],
    ]),
  };
}

/**
 * Where one of these is missing, the log is that of another run, as good as the first: nobody asked, or answered; the
 * machine lost power right before it; or an abort came before it. What hangs on one of them is among the cases above.
 */
const mayBeMissing: ReadonlySet<EventType> = new Set([
  'interrupt_requested',
  'interrupt_resolved',
  'interrupt_applied',
  'instance_runnable',
  'attempt_finished',
  'result_materialized',
  'instance_done',
  'loop_continued',
  'run_aborted',
  'run_completed',
]);

describe('good logs, changed by one event', () => {
  const count = cases({ fewest: 3, few: 20, many: 200 });
  const seeds = Array.from({ length: count }, (_, index) => 20_001 + index);

  it(
    'lead to the same state, or to one as good, or are refused in words',
    { timeout: cases({ few: 240_000, many: 3_600_000 }) },
    () => {
      const seen = { refused: 0, taken: 0 };
      const odd: string[] = [];
      const judge = (
        what: string,
        log: readonly RunEvent[],
        good: (state: RunState) => boolean,
      ) => {
        try {
          const state = replay(numbered(log));
          seen.taken += 1;
          if (state && !good(state)) odd.push(`${what} is taken`);
        } catch (error) {
          seen.refused += 1;
          const { message } = error as Error;
          if (/undefined|cannot read|not a function|is not iterable/i.test(message)) {
            odd.push(`${what}: ${message}`);
          }
        }
      };
      for (const seed of seeds) {
        const log = runCase(seed);
        const state = replay(log) as RunState;
        const whole = JSON.stringify(essence(state));
        const isSame = (other: RunState): boolean => JSON.stringify(essence(other)) === whole;
        for (let at = 1; at < log.length; at += 1) {
          const event = log[at] as RunEvent;
          const { event_type: type, instance_id: id } = event;
          const isLast = !log.slice(at + 1).some((later) => names(later, id));
          judge(`seed ${seed}: ${at + 1}, ${type}, twice`, log.toSpliced(at, 0, event), isSame);
          judge(
            `seed ${seed}: no ${at + 1}, ${type}`,
            log.toSpliced(at, 1),
            () => isLast || mayBeMissing.has(type),
          );
          const next = log[at + 1];
          if (next === undefined) continue;
          judge(
            `seed ${seed}: ${next.event_type} before ${at + 1}, ${type}`,
            log.toSpliced(at, 2, next, event),
            isSame,
          );
        }
      }
      expect(odd.slice(0, 20)).toEqual([]);
      expect(seen.refused).toBeGreaterThan(seen.taken);
    },
  );

  function names(event: RunEvent, instanceId: string | null): boolean {
    return instanceId !== null && JSON.stringify(event).includes(instanceId);
  }
});
