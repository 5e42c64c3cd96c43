import { describe, expect, it } from 'vitest';
import {
  nextStep,
  type Outcome,
  type Way,
} from '../../../../src/execution/temporal/placement/next-step.ts';

const fresh: Way = { generation: 0, takes: 0, host: null, isStopping: false, wasHeard: false };
const handedOut: Way = { ...fresh, host: 'h' };
const taking: Way = { ...handedOut, takes: 2 };

function kinds(way: Way): Record<string, string> {
  const outcomes: Outcome['kind'][] = ['ended', 'never_started', 'unsigned', 'not_fetched'];
  outcomes.push('gone', 'cancelled', 'unknown');
  return Object.fromEntries(
    outcomes.map((kind) => [kind, nextStep(way, { kind } as Outcome).kind]),
  );
}

describe('what follows from what an activity came to', () => {
  it('of one that nobody has', () => {
    expect(kinds(fresh)).toEqual({
      ...{ ended: 'take_in', never_started: 'start', unsigned: 'not_begun' },
      ...{ not_fetched: 'not_begun', gone: 'not_begun', cancelled: 'not_begun', unknown: 'lost' },
    });
    expect(kinds({ ...fresh, isStopping: true })).toMatchObject({
      ...{
        never_started: 'stopped',
        not_fetched: 'stopped',
        gone: 'stopped',
        cancelled: 'stopped',
      },
    });
  });

  it('of one that a host has: that host is asked, whatever is told otherwise', () => {
    expect(kinds(handedOut)).toMatchObject({ unsigned: 'take', gone: 'take', cancelled: 'take' });
    expect(kinds(handedOut)).toMatchObject({ unknown: 'take' });
    expect(kinds({ ...handedOut, isStopping: true })).toMatchObject({ cancelled: 'take' });
  });

  it('of one whose host is asked: it is lost where nobody comes, unless the depot hears of it', () => {
    expect(nextStep(taking, { kind: 'gone' })).toEqual({ kind: 'take', takes: 3 });
    expect(nextStep(taking, { kind: 'not_fetched' })).toMatchObject({ kind: 'lost' });
    const heard = nextStep({ ...taking, wasHeard: true }, { kind: 'not_fetched' });
    expect(heard).toEqual({ kind: 'take', takes: 3 });
  });

  it('what reaches no worker begins anew, but not without end', () => {
    const again = nextStep({ ...handedOut, generation: 4 }, { kind: 'never_started' });
    expect(again).toEqual({ kind: 'start', generation: 5 });
    const last = nextStep({ ...handedOut, generation: 19 }, { kind: 'never_started' });
    expect(last).toMatchObject({ kind: 'not_begun', passes: true });
  });

  it('what a worker refuses names it', () => {
    const step = nextStep(handedOut, { kind: 'refused', why: 'no' });
    expect(step).toEqual({ kind: 'not_begun', why: 'h: no', passes: false });
  });

  it('what a host refuses to take up again may be at work there, and is lost', () => {
    const step = nextStep(taking, { kind: 'refused', why: 'another key' });
    expect(step).toEqual({ kind: 'lost', why: 'h: another key' });
  });

  it('what ran, and cannot be handed in, is lost and never begun anew', () => {
    for (const way of [handedOut, taking]) {
      expect(nextStep(way, { kind: 'lost', why: 'no' })).toEqual({ kind: 'lost', why: 'h: no' });
    }
  });
});
