/** What every executor holds to, as a list of checks. Each makes its orders by the fixture it is given. */
import { expect } from 'vitest';
import type { AgentActivity } from '../../src/model/activity.ts';
import type { AttemptEnd, AttemptOrder } from '../../src/model/attempt.ts';
import type { Executor, Found } from '../../src/execution/executor.ts';

/** What the agent of an order does. */
export interface Behaviour {
  prints?: string[];
  /** Until it is released. */
  waits?: boolean;
  /** After it was released. */
  printsThen?: string[];
  exit?: number;
}

export interface ExecutorFixture {
  executor: Executor;
  /** Of an engine that comes later, and knows only what the first has left. */
  later(): Executor;
  order(behaviour: Behaviour): AttemptOrder;
  release(order: AttemptOrder): void;
}

export interface ExecutorCheck {
  name: string;
  run(fixture: ExecutorFixture): Promise<void>;
}

export const executorChecks: ExecutorCheck[] = [
  {
    name: 'an attempt ends with what its agent printed and its exit status',
    async run({ executor, order }) {
      const given = order({ prints: ['one', 'two'] });
      const { texts, hear } = listener();
      const end = await (await executor.start(given, hear)).ended;
      expect(texts).toEqual(['one', 'two']);
      expect(end).toMatchObject({
        termination_reason: 'completed',
        return_code: 0,
        failure_kind: null,
        failure_summary: null,
        session_lost: false,
        started_at: given.startedAt,
      });
      expect(Date.parse(end.finished_at)).not.toBeNaN();
    },
  },
  {
    name: 'an order works the same after it was sent through JSON',
    async run({ executor, order }) {
      const given = order({ prints: ['sent'] });
      const sent = JSON.parse(JSON.stringify(given)) as AttemptOrder;
      expect(sent).toEqual(given);
      const { texts, hear } = listener();
      const end = await (await executor.start(sent, hear)).ended;
      expect(texts).toEqual(['sent']);
      expect(end.return_code).toBe(0);
    },
  },
  {
    name: 'a failure has a kind and one line for a person',
    async run({ executor, order }) {
      const end = await (await executor.start(order({ exit: 7 }), deaf)).ended;
      expect(end).toMatchObject({ termination_reason: 'nonzero_exit', return_code: 7 });
      expect(end.failure_kind).not.toBeNull();
      expect(end.failure_summary).toMatch(/^.+$/);
    },
  },
  {
    name: 'a stop ends the attempt, and its first reason stands',
    async run({ executor, order }) {
      const given = order({ prints: ['ready'], waits: true });
      const { hear, heard } = listener();
      const handle = await executor.start(given, hear);
      await heard('ready');
      handle.stop('idle_timeout', 'ask');
      handle.stop('terminated', 'ask');
      expect(await handle.ended).toMatchObject({ termination_reason: 'idle_timeout' });
    },
  },
  {
    name: 'an attempt that is stopped is interrupted, and worth resuming',
    async run({ executor, order }) {
      const handle = await executor.start(order({ waits: true }), deaf);
      handle.stop('terminated', 'kill');
      expect(await handle.ended).toMatchObject({
        termination_reason: 'terminated',
        failure_kind: 'interrupted',
        resume_recommended: true,
      });
    },
  },
  {
    name: 'a stop after the end changes nothing',
    async run({ executor, order }) {
      const given = order({});
      const handle = await executor.start(given, deaf);
      expect(await handle.ended).toMatchObject({ termination_reason: 'completed' });
      handle.stop('terminated', 'kill');
      handle.detach();
      expect(await endOf(executor.find(given, deaf))).toMatchObject({ return_code: 0 });
    },
  },
  {
    name: 'what was never started is told apart, and may start with the next generation, once',
    async run({ executor, later, order }) {
      const given = order({ prints: ['ran'] });
      const never = (nextGeneration: number) => ({ kind: 'never_started', nextGeneration });
      expect(await executor.find(given, deaf)).toEqual(never(1));
      // An engine that died again right here.
      expect(await later().find(given, deaf)).toEqual(never(2));
      const { texts, hear } = listener();
      const handle = await executor.start({ ...given, generation: 2 }, hear);
      expect(await handle.ended).toMatchObject({ termination_reason: 'completed' });
      expect(texts).toEqual(['ran']);
      // The log does not say which generation ran.
      expect(await endOf(later().find(given, deaf))).toMatchObject({ return_code: 0 });
    },
  },
  {
    name: 'an attempt that was let go lives on, and is found with all that it says',
    async run({ executor, later, order, release }) {
      const given = order({ prints: ['ready'], waits: true, printsThen: ['more'], exit: 6 });
      const first = listener();
      const handle = await executor.start(given, first.hear);
      let ended = false;
      void handle.ended.then(() => (ended = true));
      await first.heard('ready');
      handle.detach();
      await executor.close();
      const second = listener();
      const found = await later().find(given, second.hear);
      expect(found.kind).toBe('running');
      release(given);
      expect(await endOf(Promise.resolve(found))).toMatchObject({ return_code: 6 });
      expect(second.texts).toEqual(['ready', 'more']);
      expect(first.texts).toEqual(['ready']);
      expect(ended).toBe(false);
    },
  },
  {
    name: 'an attempt that ended while nobody watched is found with its end, again and again',
    async run({ executor, later, order, release }) {
      const given = order({ prints: ['ready'], waits: true, exit: 3 });
      const { hear, heard } = listener();
      const watched = await executor.start(given, hear);
      await heard('ready');
      const unwatched = await executor.find(given, deaf);
      watched.detach();
      release(given);
      const end = await endOf(Promise.resolve(unwatched));
      for (const executor of [later(), later()]) {
        const { texts, hear } = listener();
        const found = await executor.find(given, hear);
        expect(found.kind).toBe('ended');
        const again = await endOf(Promise.resolve(found));
        expect({ ...again, finished_at: '' }).toEqual({ ...end, finished_at: '' });
        expect(texts).toEqual(['ready']);
      }
    },
  },
  {
    name: 'what was begun is taken up by a start, and begins no second time',
    async run({ executor, order, release }) {
      const given = order({ prints: ['begun'], waits: true, exit: 3 });
      const first = listener();
      const handle = await executor.start(given, first.hear);
      await first.heard('begun');
      handle.detach();
      const second = listener();
      const again = await executor.start(given, second.hear);
      release(given);
      expect(await again.ended).toMatchObject({ return_code: 3 });
      expect(second.texts).toEqual(['begun']);
    },
  },
  {
    name: 'an attempt that was found can be stopped',
    async run({ executor, later, order }) {
      const given = order({ prints: ['ready'], waits: true });
      const { hear, heard } = listener();
      const handle = await executor.start(given, hear);
      await heard('ready');
      handle.detach();
      const found = await later().find(given, deaf);
      if (found.kind !== 'running') throw new Error(found.kind);
      found.handle.stop('terminated', 'ask');
      expect(await found.handle.ended).toMatchObject({ termination_reason: 'terminated' });
    },
  },
];

/** Hears what an attempt prints. */
function listener() {
  const texts: string[] = [];
  const waiting: { text: string; resolve(): void }[] = [];
  return {
    texts,
    hear(activities: AgentActivity[]): void {
      for (const activity of activities) if (activity.type === 'output') texts.push(activity.text);
      for (const { text, resolve } of waiting) if (texts.includes(text)) resolve();
    },
    heard: (text: string): Promise<void> =>
      new Promise((resolve) => {
        if (texts.includes(text)) resolve();
        else waiting.push({ text, resolve });
      }),
  };
}

function deaf(): void {
  // The check looks at the end alone.
}

async function endOf(finding: Promise<Found>): Promise<AttemptEnd> {
  const found = await finding;
  if (found.kind === 'never_started') throw new Error('it says that nothing ever ran');
  return found.handle.ended;
}
