/** What every store of runs promises: a list of checks, and a factory for the store. */
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events/events.ts';
import { evolve, replay } from '../../src/core/events/evolve.ts';
import { newEvent } from '../../src/core/state/recorder.ts';
import type { RunState } from '../../src/core/state/run-state.ts';
import { sha256 } from '../../src/disk/sha256.ts';
import { Refusal } from '../../src/model/refusal.ts';
import type { RunPaths } from '../../src/store/layout.ts';
import type { RunStore, RunWriter } from '../../src/store/run-store.ts';
import { expectSameRecords } from '../core/same-records.ts';
import { RESULT, sampleEvents, sampleInterrupt, sampleReply } from '../store/sample-run.ts';

export interface StoreUnderTest {
  store: RunStore;
  /** What the store takes for now, ISO 8601. */
  setNow(now: string): void;
  remove(): void;
}

const RUN = '20260102030405-0123abcd';
const LATER = '20260102030406-0123abcd';
const ID = 'int-0123456789ab';
const RECORDED = { attempt: 2, value: JSON.parse(RESULT) as unknown, sha256: sha256(RESULT) };
const NOW = '2026-06-01T00:00:00.000Z';

/** Runs all checks; each gets a store of its own. */
export function checkStore(name: string, make: () => StoreUnderTest): void {
  const check = (what: string, body: (made: StoreUnderTest) => void | Promise<void>): void => {
    it(what, async () => {
      const made = make();
      made.setNow(NOW);
      try {
        await body(made);
      } finally {
        made.remove();
      }
    });
  };

  describe(`${name}: create`, () => {
    check('a run that has not begun is nobody’s', ({ store }) => {
      const run = store.create(RUN);
      expect(run.paths.runId).toBe(RUN);
      expect(store.list()).toEqual([]);
      expect(store.holder(RUN)).toBeNull();
      expect(() => store.view(RUN)).toThrow(Refusal);
    });

    check('a run that has begun is seen by all', ({ store }) => {
      begin(store, RUN, 2);
      expect(store.view(RUN).state.seq).toBe(2);
      expect(store.list()).toMatchObject([{ ok: true, summary: { id: RUN, seq: 2 } }]);
    });

    check('an id is given once', ({ store }) => {
      const run = store.create(RUN);
      expect(codeOf(() => store.create(RUN))).toBe('run-exists');
      const { events } = sampleEvents(RUN);
      run.begin(events.slice(0, 2), stateAfter(events, 2));
      expect(codeOf(() => run.begin(events.slice(0, 2), stateAfter(events, 2)))).toBe('run-exists');
    });

    check('of what is discarded nothing is left', ({ store }) => {
      store.create(RUN).discard();
      expect(store.list()).toEqual([]);
      begin(store, RUN, 2);
      expect(store.list()).toHaveLength(1);
    });

    check('the list is newest first, and as of now', ({ store }) => {
      begin(store, RUN, 2);
      begin(store, LATER, 2);
      expect(ids(store)).toEqual([LATER, RUN]);
      writing(store, RUN, (writer) => commitAll(writer));
      expect(ids(store)).toEqual([LATER, RUN]);
      expect(store.list()).toMatchObject([{}, { summary: { status: 'done' } }]);
    });
  });

  describe(`${name}: view`, () => {
    check('replay equals live, after every event', ({ store }) => {
      begin(store, RUN, 2);
      writing(store, RUN, (writer) => {
        const followed = store.view(RUN);
        for (const event of sampleEvents(RUN).events.slice(2)) {
          commit(writer, event);
          expect(followed.refresh()).toEqual([event]);
          expectSameRecords(followed.state, writer.state);
          expectSameRecords(store.view(RUN).state, writer.state);
        }
        expect(followed.refresh()).toEqual([]);
      });
    });

    check('shows every event with the state after it', ({ store }) => {
      const { events } = begin(store, RUN);
      const seen: [RunEvent, number][] = [];
      store.view(RUN, (event, state) => seen.push([event, state.seq]));
      expect(seen).toEqual(events.map((event) => [event, event.seq]));
    });

    check('is its owner’s: another does not see what is tried on it', ({ store }) => {
      begin(store, RUN, 2);
      const { events } = sampleEvents(RUN);
      const view = store.view(RUN);
      evolve(view.state, events[2] as RunEvent);
      expect(store.view(RUN).state.seq).toBe(2);
      writing(store, RUN, (writer) => commitAll(writer));
      expect(view.read()).toEqual(events.slice(2));
      expect(view.state.seq).toBe(3);
      expect(view.read()).toEqual([]);
    });

    check(
      'has the result of an instance once that is done, whenever it began to look',
      ({ store }) => {
        begin(store, RUN, 2);
        const { asker, events } = sampleEvents(RUN);
        const early = store.view(RUN);
        expect(early.result(asker)).toBeNull();
        expect(early.result('nobody-00000000')).toBeNull();
        writing(store, RUN, (writer) => {
          commitAll(writer);
          expect(writer.result(asker)).toEqual(RECORDED);
        });
        // It knows of nothing that it has not read.
        expect(early.result(asker)).toBeNull();
        expect(early.refresh()).toHaveLength(events.length - 2);
        for (const view of [early, store.view(RUN)]) {
          expect(view.result(asker)).toEqual(RECORDED);
        }
      },
    );

    check('of a run that is not there is refused', ({ store }) => {
      expect(codeOf(() => store.view(RUN))).toBe('log-missing');
    });
  });

  describe(`${name}: write`, () => {
    check('has one writer; a second is refused, and told who it is', ({ store }) => {
      begin(store, RUN, 2);
      writing(store, RUN, () => {
        const second = store.write(RUN, 'run resume');
        expect(second).toMatchObject({ ok: false, reason: 'held', holder: { command: 'test' } });
        expect(second.ok ? '' : second.refusal.message).toContain('is driven by "test" (pid ');
        expect(store.holder(RUN)?.command).toBe('test');
      });
      expect(store.holder(RUN)).toBeNull();
      writing(store, RUN, () => expect(store.holder(RUN)).not.toBeNull());
    });

    check('takes no more once it is closed, and is closed more than once', ({ store }) => {
      begin(store, RUN, 2);
      const writer = open(store, RUN);
      writer.close();
      writer.close();
      const next = open(store, RUN);
      writer.close();
      expect(store.holder(RUN)).not.toBeNull();
      const [event] = sampleEvents(RUN).events.slice(2);
      expect(codeOf(() => writer.commit([event as RunEvent]))).toBe('log-closed');
      next.close();
      expect(store.view(RUN).state.seq).toBe(2);
    });

    check('takes only events that follow', ({ store }) => {
      begin(store, RUN, 2);
      const { events } = sampleEvents(RUN);
      writing(store, RUN, (writer) => {
        expect(() => writer.commit(events.slice(3, 4))).toThrow();
        writer.commit([]);
      });
      expect(store.view(RUN).state.seq).toBe(2);
    });

    check('takes no event newer than the run’s format', ({ store }) => {
      const { events, state, asker } = sampleEvents(RUN, 1);
      store.create(RUN).begin(events, state);
      writing(store, RUN, (writer) => {
        const payload = { interrupt_id: ID, reason: 'run_aborted' } as const;
        const closed = newEvent(RUN, state.seq + 1, 'interrupt_closed', asker, NOW, payload);
        expect(() => writer.commit([closed])).toThrow(/interrupt_closed .*of format 1/);
      });
      expect(store.view(RUN).state).toMatchObject({ seq: state.seq, plan: { format_version: 1 } });
    });

    check('tells of each event once it is true, until told no more', ({ store }) => {
      begin(store, RUN, 2);
      const { events } = sampleEvents(RUN);
      writing(store, RUN, (writer) => {
        const told: number[] = [];
        const forget = writer.onEvent((event) => {
          expect(store.view(RUN).state.seq).toBeGreaterThanOrEqual(event.seq);
          told.push(event.seq);
        });
        for (const event of events.slice(2, 5)) evolve(writer.state, event);
        writer.commit(events.slice(2, 5));
        expect(told).toEqual([3, 4, 5]);
        forget();
        commit(writer, events[5] as RunEvent);
        expect(told).toEqual([3, 4, 5]);
      });
    });

    check('commits while other work goes on, too', async ({ store }) => {
      begin(store, RUN, 2);
      const { events } = sampleEvents(RUN);
      const writer = open(store, RUN);
      const told: number[] = [];
      writer.onEvent(({ seq }) => told.push(seq));
      for (const event of events.slice(2, 4)) evolve(writer.state, event);
      await writer.commitAsync(events.slice(2, 4));
      expect(told).toEqual([3, 4]);
      commit(writer, events[4] as RunEvent);
      writer.close();
      expect(store.view(RUN).state.seq).toBe(5);
    });

    check(
      'has a result that is being committed, for what is prepared meanwhile',
      async ({ store }) => {
        begin(store, RUN, 2);
        const { asker, events } = sampleEvents(RUN);
        const writer = open(store, RUN);
        for (const event of events.slice(2)) evolve(writer.state, event);
        const committed = writer.commitAsync(events.slice(2));
        expect(writer.result(asker)).toEqual(RECORDED);
        await committed;
        expect(writer.result(asker)).toEqual(RECORDED);
        writer.close();
      },
    );

    check('goes on where the last one ended', ({ store }) => {
      begin(store, RUN, 2);
      for (const event of sampleEvents(RUN).events.slice(2)) {
        writing(store, RUN, (writer) => {
          expect(writer.state.seq).toBe(event.seq - 1);
          commit(writer, event);
        });
      }
      expectSameRecords(store.view(RUN).state, sampleEvents(RUN).state);
    });

    check('never says that it is earlier than the last event', ({ store, setNow }) => {
      begin(store, RUN);
      writing(store, RUN, (writer) => {
        expect(writer.now()).toBe(NOW);
        setNow('2020-01-01T00:00:00.000Z');
        expect(writer.now()).toBe(writer.state.updatedAt);
      });
    });

    check(
      'goes on from the last event where the clock lies before it, until it has caught up',
      ({ store, setNow }) => {
        begin(store, RUN);
        writing(store, RUN, (writer) => {
          setNow('2020-01-01T00:00:00.000Z');
          const last = writer.now();
          setNow('2020-01-01T00:00:30.000Z');
          expect(Date.parse(writer.now()) - Date.parse(last)).toBe(30_000);
          setNow('2019-01-01T00:00:00.000Z');
          expect(writer.now()).toBe(last);
          setNow(NOW);
          expect(writer.now()).toBe(NOW);
        });
      },
    );

    check('of a run that is not there is refused', ({ store }) => {
      expect(() => store.write(RUN, 'test')).toThrow(Refusal);
    });
  });

  describe(`${name}: follow`, () => {
    check('gives all there is, then what comes, and ends when it is told', async ({ store }) => {
      begin(store, RUN, 4);
      const { events } = sampleEvents(RUN);
      const writer = open(store, RUN);
      const abort = new AbortController();
      const seen: RunEvent[] = [];
      let next = 4;
      for await (const batch of store.follow(RUN, 0, abort.signal)) {
        seen.push(...batch);
        if (batch.length > 0) continue;
        // All that there is has been given out.
        expect(seen).toHaveLength(next);
        const event = events[next];
        if (event) commit(writer, event);
        else abort.abort();
        next += 1;
      }
      expect(seen).toEqual(events);
      writer.close();
    });

    check('begins after the event that it is told', async ({ store }) => {
      const { events } = begin(store, RUN);
      for (const after of [0, 1, 5, events.length, events.length + 3]) {
        const abort = new AbortController();
        const seen: RunEvent[] = [];
        for await (const batch of store.follow(RUN, after, abort.signal)) {
          seen.push(...batch);
          if (batch.length === 0) abort.abort();
        }
        expect(seen).toEqual(events.slice(after));
      }
    });

    check('of a run that is not there is refused', async ({ store }) => {
      const first = async (): Promise<void> => {
        for await (const batch of store.follow(RUN, 0, new AbortController().signal)) void batch;
      };
      await expect(first()).rejects.toThrow(Refusal);
    });
  });

  describe(`${name}: drop`, () => {
    check('what is dropped is found by the writer, as it is', ({ store }) => {
      const { asker } = begin(store, RUN, 6);
      const interrupt = sampleInterrupt(RUN, asker, { interrupt_id: 'int-00000000000a' });
      const reply = sampleReply(interrupt.interrupt_id);
      expect(store.drop(RUN, { kind: 'interrupt', interrupt })).not.toBeNull();
      expect(store.drop(RUN, { kind: 'reply', reply })).not.toBeNull();
      for (const command of ['resume', 'abort'] as const) {
        expect(store.drop(RUN, { kind: 'command', command: { command } })).not.toBeNull();
      }
      writing(store, RUN, ({ inbox, state }) => {
        const scan = inbox.scan({ interrupts: new Map() });
        expect(scan.interrupts.map(({ value }) => value)).toEqual([interrupt]);
        expect(scan.replies.map(({ value }) => value)).toEqual([reply]);
        expect(scan.commands.map(({ value }) => value.command).sort()).toEqual(['abort', 'resume']);
        expect(scan.unreadable).toEqual([]);
        for (const { file } of scan.commands) inbox.remove(file);
        expect(inbox.scan(state).commands).toEqual([]);
      });
    });

    check(
      'a worker’s question is found in the directory of its attempt, and is its own',
      ({ store }) => {
        const { asker } = begin(store, RUN, 6);
        const interrupt = sampleInterrupt(RUN, asker, { interrupt_id: 'int-00000000000a' });
        const message = { kind: 'question', interrupt, attempt: 1 } as const;
        expect(store.drop(RUN, message)).not.toBeNull();
        expect(store.drop(RUN, message)).toBeNull();
        const of = { taskId: interrupt.task_id, attempt: 1, isDue: true };
        const known = { interrupts: new Map() };
        writing(store, RUN, ({ inbox }) => {
          expect(inbox.scan(known).interrupts).toEqual([]);
          const late = { ...of, instanceId: asker, isDue: false };
          expect(inbox.scan(known, [late]).interrupts).toEqual([]);
          const found = inbox.scan(known, [{ ...of, instanceId: asker }]);
          expect(found.interrupts).toMatchObject([{ value: interrupt, asker: { attempt: 1 } }]);
          expect(inbox.scan(known, [{ ...of, instanceId: asker, attempt: 2 }]).interrupts).toEqual(
            [],
          );
        });
      },
    );

    check('a question in another’s name is refused, once', ({ store }) => {
      const { asker } = begin(store, RUN, 6);
      const interrupt = sampleInterrupt(RUN, asker, { task_id: 'build' });
      store.drop(RUN, { kind: 'question', interrupt, attempt: 1 });
      const askers = [{ instanceId: asker, taskId: 'ask', attempt: 1, isDue: true }];
      writing(store, RUN, ({ inbox }) => {
        for (const isNew of [true, false]) {
          expect(inbox.scan({ interrupts: new Map() }, askers)).toMatchObject({
            interrupts: [],
            unreadable: [
              {
                isNew,
                reason: '"task_id" is "build", but the task of the directory is "ask"',
              },
            ],
          });
        }
      });
    });

    check('the first of a name stands', ({ store }) => {
      begin(store, RUN, 2);
      const reply = sampleReply(ID);
      expect(store.drop(RUN, { kind: 'reply', reply })).not.toBeNull();
      expect(store.drop(RUN, { kind: 'reply', reply: { ...reply, text: 'right' } })).toBeNull();
    });

    check('what is known is not given out again; what is refused stays refused', ({ store }) => {
      const { events } = begin(store, RUN, 2);
      store.drop(RUN, { kind: 'reply', reply: sampleReply(ID) });
      writing(store, RUN, ({ inbox }) => {
        expect(inbox.scan({ interrupts: new Map() }).unreadable).toMatchObject([
          { interruptId: ID, kind: 'reply', reason: 'the run has no such interrupt' },
        ]);
        const asked = stateAfter(events, askedAt(events));
        const [item] = inbox.scan(asked).replies;
        inbox.reject(item?.file ?? '', 'it will not do');
        expect(inbox.scan(asked)).toMatchObject({
          replies: [],
          unreadable: [{ reason: 'it will not do' }],
        });
        expect(inbox.scan(stateAfter(events, events.length))).toMatchObject({
          replies: [],
          unreadable: [],
        });
      });
    });

    check('the writer is told that something came', async ({ store }) => {
      begin(store, RUN, 2);
      const writer = open(store, RUN);
      await new Promise<void>((resolve) => {
        const stop = writer.inbox.watch(() => {
          if (writer.inbox.scan(writer.state).unreadable.length === 0) return;
          stop();
          clearInterval(alive);
          resolve();
        });
        // The watcher keeps no process alive.
        const alive = setInterval(() => undefined, 1000);
        store.drop(RUN, { kind: 'reply', reply: sampleReply(ID) });
      });
      writer.close();
    });
  });
}

/** A run with the first so many events of the sample, or all. */
function begin(
  store: RunStore,
  runId: string,
  amount?: number,
): { events: RunEvent[]; asker: string; paths: RunPaths } {
  const { events, asker } = sampleEvents(runId);
  const run = store.create(runId);
  const first = events.slice(0, amount);
  run.begin(first, stateAfter(events, first.length));
  return { events, asker, paths: run.paths };
}

function open(store: RunStore, runId: string): RunWriter {
  const attempt = store.write(runId, 'test');
  if (!attempt.ok) throw attempt.refusal;
  return attempt.writer;
}

function writing(store: RunStore, runId: string, work: (writer: RunWriter) => void): void {
  const writer = open(store, runId);
  try {
    work(writer);
  } finally {
    writer.close();
  }
}

function commit(writer: RunWriter, event: RunEvent): void {
  evolve(writer.state, event);
  writer.commit([event]);
}

function commitAll(writer: RunWriter): void {
  const { events } = sampleEvents(writer.paths.runId);
  for (const event of events.slice(writer.state.seq)) commit(writer, event);
}

function stateAfter(events: readonly RunEvent[], amount: number): RunState {
  const state = replay(events.slice(0, amount));
  if (!state) throw new Error('no events');
  return state;
}

function askedAt(events: readonly RunEvent[]): number {
  return events.findIndex(({ event_type: type }) => type === 'interrupt_requested') + 1;
}

function ids(store: RunStore): string[] {
  return store.list().map((each) => (each.ok ? each.summary.id : each.runId));
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof Refusal ? error.code : String(error);
  }
  return 'nothing was refused';
}
