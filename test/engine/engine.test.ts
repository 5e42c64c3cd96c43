/** The engine, without a process: agents are scripts, the run is in memory, time stands still. */
import { describe, expect, it } from 'vitest';
import type { Play } from '../../src/execution/scripted/executor.ts';
import { loop, route, task } from '../support/make.ts';
import {
  chooses,
  Died,
  fails,
  iterates,
  says,
  settled,
  Stage,
  until,
  type Death,
  type Script,
} from './stage.ts';

/** At work until it is told. */
function busy(): Play & { finish(): void } {
  let finish = (): void => undefined;
  const waits = new Promise<void>((resolve) => (finish = resolve));
  return { steps: [{ waits }, { does: { type: 'message', id: 'm', text: 'done' } }], finish };
}

describe('what starts', () => {
  it('is what can, in as many slots as there are', async () => {
    const stage = new Stage(
      [
        ...['a', 'b', 'c', 'd'].map((id) => task({ id })),
        task({ id: 'last', depends_on: ['a', 'b', 'c', 'd'] }),
      ],
      {},
      { slots: 3 },
    );
    expect(await stage.drive().ended).toBe('done');
    expect(stage.begun.at(-1)).toBe('last/1');
    expect(stage.begun).toHaveLength(5);
    expect(stage.busiest).toBe(3);
  });

  it('is what a route chooses, and nothing of the others', async () => {
    const stage = new Stage(
      [
        task({ id: 'gate', control: route({ fix: ['fix'], ship: ['ship'] }) }),
        task({ id: 'fix', depends_on: ['gate'] }),
        task({ id: 'ship', depends_on: ['gate'] }),
      ],
      { gate: () => chooses({ kind: 'route', labels: ['ship'] }) },
    );
    expect(await stage.drive().ended).toBe('done');
    expect(stage.begun).toEqual(['gate/1', 'ship/1']);
  });

  it('is an iteration more each time that a loop continues', async () => {
    let left = 3;
    const stage = new Stage(
      [
        task({ id: 'item' }),
        task({ id: 'gate', depends_on: ['item'], control: loop(['item'], ['sum']) }),
        task({ id: 'sum', depends_on: ['gate'] }),
      ],
      { gate: () => iterates((left -= 1) > 0) },
    );
    const status = await stage.drive().ended;
    expect([status, ...stage.errors]).toEqual(['done']);
    expect(stage.begun.filter((each) => each === 'item/1')).toHaveLength(3);
    expect(stage.begun.at(-1)).toBe('sum/1');
  });

  it('is skipped below a failure, and goes on beside it', async () => {
    const stage = new Stage(
      [task({ id: 'bad' }), task({ id: 'below', depends_on: ['bad'] }), task({ id: 'beside' })],
      { bad: fails },
    );
    expect(await stage.drive().ended).toBe('failed');
    expect(stage.statuses.sort()).toEqual(['bad failed', 'below skipped', 'beside done']);
  });
});

describe('a question', () => {
  const asking =
    (stage: () => Stage): Script =>
    ({ id, number }) => {
      if (number === 1) stage().ask(id, 1);
      return says('done');
    };

  it('lets the run rest at no cost, and its reply starts the next attempt', async () => {
    const stage: Stage = new Stage([task({ id: 'q' })], { q: asking(() => stage) });
    expect(await stage.drive().ended).toBe('waiting');
    expect(await stage.drive().ended).toBe('waiting');
    expect(stage.begun).toEqual(['q/1']);
    stage.reply('int-000000000001', 'the first');
    expect(await stage.drive().ended).toBe('done');
    expect(stage.begun).toEqual(['q/1', 'q/2']);
    expect(stage.state.interrupts.get('int-000000000001')?.appliedInAttempt).toBe(2);
  });

  it('that is answered while something else runs is taken up at once', async () => {
    const other = busy();
    const stage: Stage = new Stage([task({ id: 'q' }), task({ id: 'other' })], {
      q: asking(() => stage),
      other: () => other,
    });
    const drive = stage.drive();
    await until(() => stage.statuses.includes('q waiting'));
    stage.reply('int-000000000001', 'the first');
    await until(() => stage.statuses.includes('q done'));
    expect(stage.statuses).toContain('other running');
    other.finish();
    expect(await drive.ended).toBe('done');
  });
});

describe('a stop', () => {
  it('leaves what it interrupts to a resume, and lets nothing start', async () => {
    const stage = new Stage([task({ id: 'a' }), task({ id: 'b', depends_on: ['a'] })], {
      a: ({ number }) => (number === 1 ? busy() : says('done')),
    });
    const drive = stage.drive();
    await until(() => stage.begun.length === 1);
    drive.stop('graceful');
    expect(await drive.ended).toBe('failed');
    const [a] = [...stage.state.instances.values()];
    expect(a).toMatchObject({ status: 'failed', failure_kind: 'interrupted' });
    expect(await stage.drive({ revive: true }).ended).toBe('done');
    expect(stage.begun).toEqual(['a/1', 'a/2', 'b/1']);
  });

  it('that comes before an attempt has begun keeps it from beginning', async () => {
    const stage = new Stage([task({ id: 'a' })]);
    const drive = stage.drive();
    drive.stop('graceful');
    await drive.ended;
    expect(stage.begun).toEqual([]);
    expect(await stage.drive({ revive: true }).ended).toBe('done');
  });
});

describe('an abort', () => {
  it('stops what runs, and fails or skips what is not done', async () => {
    const stage = new Stage(
      [
        task({ id: 'first' }),
        task({ id: 'a', depends_on: ['first'] }),
        task({ id: 'b', depends_on: ['a'] }),
      ],
      { a: busy },
    );
    const drive = stage.drive();
    await until(() => stage.begun.length === 2);
    stage.request({ command: 'abort' });
    expect(await drive.ended).toBe('failed');
    expect(stage.state.aborted).toBe(true);
    expect(stage.statuses).toEqual(['first done', 'a failed', 'b skipped']);
  });
});

describe('an engine that settles only', () => {
  it('gives an end to what ended or never began, and leaves what runs at work', async () => {
    const works = busy();
    const stage = new Stage([task({ id: 'ends' }), task({ id: 'works' })], { works: () => works });
    // Its first commit decides the attempts, which then never begin.
    await expect(stage.drive({ death: { commit: 1, kept: true } }).ended).rejects.toThrow(Died);
    expect(await stage.drive({ settleOnly: true }).ended).toBe('failed');
    expect(stage.begun).toEqual([]);
    expect(stage.statuses).toEqual(['ends failed', 'works failed']);
    await expect(
      stage.drive({ revive: true, death: { commit: 2, kept: false } }).ended,
    ).rejects.toThrow(Died);
    expect(stage.begun.sort()).toEqual(['ends/2', 'works/2']);
    expect(await stage.drive({ settleOnly: true }).ended).toBe('running');
    expect(stage.statuses).toEqual(['ends done', 'works running']);
    works.finish();
    expect(await stage.drive().ended).toBe('done');
    expect(stage.begun).toHaveLength(2);
  });

  it('leaves requests to an engine that can meet them', async () => {
    const stage = new Stage([task({ id: 'a' })]);
    await stage.drive().ended;
    stage.request({ command: 'abort' });
    await stage.drive({ settleOnly: true }).ended;
    expect(stage.state.aborted).toBe(false);
    await stage.drive().ended;
    expect(stage.events.at(-1)?.event_type).not.toBe('run_aborted');
  });
});

describe('an engine that dies', () => {
  const tasks = [
    task({ id: 'first' }),
    task({ id: 'ask', depends_on: ['first'] }),
    task({ id: 'item', depends_on: ['first'] }),
    task({ id: 'gate', depends_on: ['item'], control: loop(['item'], ['last']) }),
    task({ id: 'last', depends_on: ['gate', 'ask'] }),
  ];

  async function play(death: Death | null): Promise<Stage> {
    const stage: Stage = new Stage(tasks, {
      ask: ({ id, number }) => {
        if (number === 1) stage.reply(stage.ask(id, 1), 'the first');
        return says('done');
      },
      gate: () => {
        const isAgain = stage.begun.filter((each) => each.startsWith('gate')).length > 1;
        return iterates(!isAgain);
      },
    });
    if (death) {
      const result = await stage.drive({ death }).ended.catch((error: unknown) => error);
      if (!(result instanceof Died)) expect(result).toBe('done');
    }
    const status = await stage.drive({ revive: true }).ended;
    expect([status, ...stage.errors]).toEqual(['done']);
    return stage;
  }

  it.each([false, true])(
    'at any commit (of which the log keeps all: %s) is followed by one that ends the same',
    async (kept) => {
      const expected = await play(null);
      let commit = 0;
      for (let hasDied = true; hasDied;) {
        commit += 1;
        const stage = await play({ commit, kept });
        hasDied = stage.hasDied;
        expect(stage.statuses.sort()).toEqual(expected.statuses.sort());
        // Every attempt began, and at most once.
        expect(stage.begun.sort()).toEqual(expected.begun.sort());
        for (const { attempts } of stage.state.instances.values()) {
          expect(attempts.every(({ finished_at }) => finished_at !== null)).toBe(true);
        }
      }
      expect(commit).toBeGreaterThan(7);
    },
  );
});

const YEAR_MS = 365 * 86_400_000;

describe('time', () => {
  const retry = { max_attempts: 3, on: null, delay_sec: 30, factor: 2, max_delay_sec: 900 };
  const offlineOnce: Script = ({ number }) => {
    const { steps, end } = fails();
    if (number > 1) return says('done');
    return { steps, end: { ...end, failure_kind: 'external_network', resume_recommended: true } };
  };

  it('passes before what failed is tried again, over an engine that died', async () => {
    const stage = new Stage([task({ id: 'a' })], { a: offlineOnce }, { project: { retry } });
    const first = stage.drive({ maxWaitSec: 10 });
    expect(await first.ended).toBe('waiting');
    expect(stage.state.instances.get(stage.idOf('a'))?.waiting_until).toBeDefined();
    const second = stage.drive();
    await until(() => stage.clock.nextAlarm !== null);
    stage.clock.pass(29_000);
    expect(stage.begun).toEqual(['a/1']);
    stage.clock.pass(1_000);
    expect(await second.ended).toBe('done');
    expect(stage.begun).toEqual(['a/1', 'a/2']);
  });

  it('passes in a run that is ahead of the clock, which was set right', async () => {
    const stage = new Stage([task({ id: 'a' })], { a: offlineOnce }, { project: { retry } });
    stage.clock.pass(YEAR_MS);
    expect(await stage.drive({ maxWaitSec: 10 }).ended).toBe('waiting');
    stage.clock.pass(-YEAR_MS);
    const second = stage.drive({ maxWaitSec: 60 });
    await until(() => stage.clock.nextAlarm !== null);
    stage.clock.pass(29_000);
    await settled();
    expect(stage.begun).toEqual(['a/1']);
    stage.clock.pass(1_000);
    expect(await second.ended).toBe('done');
    expect(stage.begun).toEqual(['a/1', 'a/2']);
    const times = stage.events.map(({ created_at: at }) => at);
    expect(times).toEqual([...times].sort());
    expect(Date.parse(stage.state.updatedAt) - Date.parse(stage.clock.now())).toBe(YEAR_MS);
  });

  it('of a reply is no later than that of who takes it', async () => {
    const asks: Script = ({ id, number }) => {
      if (number === 1) stage.ask(id, 1);
      return says('done');
    };
    const stage: Stage = new Stage([task({ id: 'a' })], { a: asks });
    expect(await stage.drive().ended).toBe('waiting');
    const now = stage.clock.now();
    stage.clock.pass(YEAR_MS);
    stage.reply('int-000000000001', 'ahead');
    stage.clock.pass(-YEAR_MS);
    expect(await stage.drive().ended).toBe('done');
    expect(stage.state.interrupts.get('int-000000000001')?.reply?.created_at).toBe(now);
  });
});
