/** When assistants are tried: at once, and after a failure ever later. */
import { describe, expect, it } from 'vitest';
import { planAnswers, type AnswerSchedule } from '../../../src/core/plan/answers.ts';

const at = (seconds: number): string => new Date(seconds * 1000).toISOString();
const question = (name: string, problem: AnswerSchedule['problem'] = null) => ({
  name,
  problem,
});
const plan = (questions: (AnswerSchedule & { name: string })[], now: number, room = 9) => {
  const { begin, wakeAt } = planAnswers(questions, { room, now: at(now) });
  return { begin: begin.map(({ name }) => name), wakeAt };
};

describe('what has never failed', () => {
  it('begins at once, in order, as far as there is room', () => {
    const all = [question('a'), question('b'), question('c')];
    expect(plan(all, 0, 2)).toEqual({ begin: ['a', 'b'], wakeAt: null });
    expect(plan(all, 0, 0)).toEqual({ begin: [], wakeAt: null });
  });
});

describe('what has failed', () => {
  it.each([
    [1, 30],
    [2, 60],
    [3, 120],
    [6, 960],
    [7, 1800],
    [40, 1800],
  ])('%i times in a row is due after %i seconds', (failures, seconds) => {
    const failed = question('a', { at: at(100), failures });
    expect(plan([failed], 100 + seconds - 1)).toEqual({ begin: [], wakeAt: at(100 + seconds) });
    expect(plan([failed], 100 + seconds)).toEqual({ begin: ['a'], wakeAt: null });
  });

  it('wakes whoever waits at the earliest time, and keeps nothing else waiting', () => {
    const all = [
      question('late', { at: at(0), failures: 3 }),
      question('soon', { at: at(0), failures: 1 }),
      question('new'),
    ];
    expect(plan(all, 1)).toEqual({ begin: ['new'], wakeAt: at(30) });
    expect(plan(all, 30)).toEqual({ begin: ['soon', 'new'], wakeAt: at(120) });
  });

  it('at no time that can be read is due', () => {
    expect(plan([question('a', { at: '', failures: 1 })], 0).begin).toEqual(['a']);
  });

  it('at a time that is yet to come is due: the clock was ahead', () => {
    const failed = question('a', { at: at(365 * 86_400), failures: 1 });
    expect(plan([failed], 100)).toEqual({ begin: ['a'], wakeAt: null });
  });

  it('wakes nobody for the sake of what is due and has no room: an ending does', () => {
    const failed = question('a', { at: at(0), failures: 1 });
    expect(plan([failed], 40, 0)).toEqual({ begin: [], wakeAt: null });
  });
});
