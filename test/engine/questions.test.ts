/** What an engine does with questions, and with answers that come while it is at work. */
import { describe, expect, it } from 'vitest';
import type { StopMode } from '../../src/engine/loop.ts';
import type { Answerer } from '../../src/engine/parts.ts';
import { task } from '../support/make.ts';
import { fails, says, settled, Stage } from './stage.ts';
import { barrier, busy } from './parts-changed.ts';

describe('a question of a worker', () => {
  it('is taken while it goes on working, and again in its next attempt', async () => {
    const { passed, open } = barrier();
    const stage: Stage = new Stage([task({ id: 'a' })], {
      a: ({ id, number }) => {
        stage.ask(id, number, { blocking: number === 2 });
        return number === 1 ? { ...fails(), steps: [{ waits: passed }] } : says('done');
      },
    });
    const { ended } = stage.drive();
    await settled();
    stage.clock.pass(1000);
    stage.reply('int-000000000099', 'wakes the engine');
    await settled();
    expect([...stage.state.interrupts.keys()]).toEqual(['int-000000000001']);
    open();
    expect(await ended).toBe('failed');
    stage.request({
      command: 'retry_instance',
      instance_id: stage.idOf('a'),
      granted_iterations: 0,
    });
    expect(await stage.drive().ended).toBe('waiting');
    expect([...stage.state.interrupts.keys()]).toEqual(['int-000000000001', 'int-000000000002']);
  });

  it('says nothing of when, and has its time from the engine', async () => {
    const stage: Stage = new Stage([task({ id: 'a' })], {
      a: ({ id }) => {
        stage.ask(id, 1, { created_at: '1999-12-31T23:59:59.999Z' });
        return says('done');
      },
    });
    expect(await stage.drive().ended).toBe('waiting');
    const [asked] = stage.state.interrupts.values();
    expect(asked?.interrupt.created_at).toBe(stage.clock.now());
  });
});

describe('answers beside the loop', () => {
  const answering = (): {
    stops: StopMode[];
    end(): void;
    answerer: Answerer;
  } => {
    const { passed, open } = barrier();
    const stops: StopMode[] = [];
    const begun = [{ ended: passed, stop: (mode: StopMode): void => void stops.push(mode) }];
    return {
      stops,
      end: open,
      answerer: { begin: () => ({ answers: begun.splice(0), wakeAt: null }) },
    };
  };

  it('are waited for, and told of a stop; none is begun after it', async () => {
    const stage = new Stage([task({ id: 'a' })]);
    const { answerer, end, stops } = answering();
    let looks = 0;
    const { ended, stop } = stage.drive({
      answerer: {
        begin: (state) => {
          looks += 1;
          return answerer.begin(state);
        },
      },
    });
    let isOver = false;
    void ended.then(() => (isOver = true));
    await settled();
    expect([stage.statuses, isOver]).toEqual([['a done'], false]);
    const before = looks;
    stop('graceful');
    await settled();
    expect(stops).toEqual(['graceful']);
    end();
    expect(await ended).toBe('done');
    expect(looks).toBe(before);
  });
});

describe('the record of a question', () => {
  it('is written before the attempt that asked is put away, where a dead engine left it to be found', async () => {
    const work = busy();
    const stage = new Stage([task({ id: 'a' })], { a: () => work });
    const done: string[] = [];
    const { ended } = stage.drive({
      change: (parts) => {
        const flush = parts.run.flushCache.bind(parts.run);
        parts.run.flushCache = () => {
          done.push('written');
          flush();
        };
        parts.attempts.putAway = () => void done.push('put away');
        return parts;
      },
    });
    await settled();
    stage.ask(stage.idOf('a'), 1);
    work.finish();
    await ended;
    expect(done.slice(0, 2)).toEqual(['written', 'put away']);
  });
});
