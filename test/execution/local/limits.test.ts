/** How long an attempt may go on, whatever happens to clocks and machines meanwhile. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Limits } from '../../../src/execution/local/limits.ts';
import { identityOf, ownIdentity } from '../../../src/processes/identity.ts';
import { newOrder, temporaryDirectory, type OrderChange } from './orders.ts';

const root = temporaryDirectory('limits');

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'Date'] }));
afterEach(() => void vi.useRealTimers());

function limitsOf(change: OrderChange): Limits {
  return new Limits(newOrder(root, { startedAt: new Date(Date.now()).toISOString(), ...change }));
}

/** Time passes, looked at ten times a second. */
function pass(limits: Limits, ms: number): void {
  for (let at = 0; at < ms; at += 100) {
    vi.advanceTimersByTime(100);
    limits.look();
  }
}

describe('time that nobody saw pass', () => {
  it.each(['wallTimeoutMs', 'idleTimeoutMs'] as const)('is one interval of %s', (limit) => {
    const limits = limitsOf({ [limit]: 3000 });
    pass(limits, 2000);
    vi.advanceTimersByTime(3_600_000);
    limits.look();
    expect(limits.reached()).toBeNull();
    pass(limits, 700);
    expect(limits.reached()).toBeNull();
    pass(limits, 300);
    expect(limits.reached()).not.toBeNull();
  });

  it('counts whole where the next look was meant to come late, though not where it comes far later', () => {
    const limits = limitsOf({ wallTimeoutMs: 6000 });
    for (let i = 0; i < 2; i += 1) {
      limits.planLook(2000);
      vi.advanceTimersByTime(2500);
      limits.look();
    }
    limits.planLook(2000);
    vi.advanceTimersByTime(60_000);
    limits.look();
    expect(limits.reached()).toBeNull();
    pass(limits, 1000);
    expect(limits.reached()).toBe('wall_timeout');
  });

  it('counts whole where a look is late on a busy machine', () => {
    const limits = limitsOf({ wallTimeoutMs: 1800 });
    for (let i = 0; i < 2; i += 1) {
      vi.advanceTimersByTime(900);
      limits.look();
    }
    expect(limits.reached()).toBe('wall_timeout');
  });
});

describe('an attempt that is found again', () => {
  it('is as old as its process, and no more silent than that, though the clock was set forward', () => {
    const startedAt = new Date(Date.now()).toISOString();
    const limits = limitsOf({ wallTimeoutMs: 3_000_000, idleTimeoutMs: 3_000_000, startedAt });
    const lastOutputMs = Date.now();
    vi.setSystemTime(Date.now() + 7_200_000);
    limits.takeOver(ownIdentity(), lastOutputMs);
    expect(limits.reached()).toBeNull();
    expect(limits.silenceMs()).toBeLessThan(3_000_000);
  });

  it('has used up what it has lived, though the clock was set back', () => {
    const startedAt = new Date(Date.now() + 3_600_000).toISOString();
    const first = identityOf(1);
    // The first process of this machine or container has lived for longer than a second.
    if (first === null) return;
    const limits = limitsOf({ wallTimeoutMs: 1000, startedAt });
    limits.takeOver(first, Date.now());
    expect(limits.reached()).toBe('wall_timeout');
  });
});
