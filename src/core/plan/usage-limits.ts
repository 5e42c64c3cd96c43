/** Starts while accounts are limited: who must wait, who tries, and who goes on since it has ended. */
import type { AccountLimit } from '../../model/limits.ts';
import type { Instance } from '../../model/run.ts';
import { holdBack, isHeldBy, isToBeTried } from '../judge/hold-back.ts';
import type { Recorder } from '../state/recorder.ts';
import { linksOf, type RunState } from '../state/run-state.ts';
import {
  allWaitingWith,
  firstOfLimited,
  isWaitingForLimit,
  usageLimitPolicy,
} from '../state/usage-limits.ts';
import { earliest } from './timers.ts';

/** What limits the account behind the next attempt of an instance, as is known outside of the run; null: nothing. */
export type LimitOf = (instanceId: string) => AccountLimit | null;

export const noLimits: LimitOf = () => null;

/** What limits an instance that knows and obeys limits. One that may be tried is limited until now. */
export function limitOn(
  { state, now }: Pick<Recorder, 'state' | 'now'>,
  instance: Instance,
  limitOf: LimitOf,
): AccountLimit | null {
  // Nearly always there is none, which is known at once.
  const limit = limitOf(instance.instance_id);
  if (limit === null || usageLimitPolicy(state, instance) === null) return null;
  if (!isToBeTried(state, instance)) return limit;
  return { ...limit, until: earliest(limit.until, now) ?? now };
}

/** Brings what waits for accounts up to how these stand: until when, or that a person must be asked. */
export function renewHolds(recorder: Recorder, limitOf: LimitOf): void {
  const { state, now } = recorder;
  for (;;) {
    const next = state.agenda.patience.head();
    if (next === undefined || next.ordinal > Date.parse(now)) break;
    state.agenda.patience.take();
    const instance = state.instances.get(next.instanceId);
    const { askAt = null } = state.links.get(next.instanceId)?.limit ?? {};
    if (instance === undefined || askAt === null || Date.parse(askAt) !== next.ordinal) continue;
    const limit = limitOn(recorder, instance, limitOf);
    if (isWaitingForLimit(instance) && limit !== null) holdAgain(recorder, instance, limit);
  }
  for (const first of firstOfLimited(state)) {
    const limit = limitOn(recorder, first, limitOf);
    if (limit === null || limit.until <= now || isHeldBy(state, first, limit)) continue;
    for (const each of allWaitingWith(state, first)) holdAgain(recorder, each, limit);
  }
}

function holdAgain(recorder: Recorder, instance: Instance, limit: AccountLimit): void {
  const policy = usageLimitPolicy(recorder.state, instance);
  if (policy !== null) holdBack(recorder, instance, limit, policy);
}

/** Of those that wait for a limit, who may start, or try, and was created first; `but` of these. */
export function nextOfLimited(
  recorder: Recorder,
  limitOf: LimitOf,
  but: ReadonlySet<string>,
): Instance | null {
  const { state, now } = recorder;
  let next: Instance | null = null;
  for (const first of firstOfLimited(state)) {
    if (but.has(first.instance_id) || first.blocking_interrupts.length > 0) continue;
    const limit = limitOn(recorder, first, limitOf);
    if (limit !== null && limit.until > now) continue;
    if (next === null || ordinalOf(state, first) < ordinalOf(state, next)) next = first;
  }
  return next;
}

/** When to look again at what waits for a limit, ISO 8601; null: nothing does that waits for time. */
export function nextOfLimits({ state, now }: Recorder): string | null {
  if (state.limited.size === 0) return null;
  return firstOfLimited(state).reduce<string | null>((soonest, { waiting_until: until }) => {
    return until === undefined || until <= now ? soonest : earliest(soonest, until);
  }, null);
}

function ordinalOf(state: RunState, { instance_id: id }: Instance): number {
  return linksOf(state, id).ordinal;
}
