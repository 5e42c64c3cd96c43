/** `limits`: the accounts of this user that have come to a usage limit, and to forget that they have. */
import {
  forgetLimit,
  recordedLimits,
  type LimitRecord,
} from '../../attempt/hold/account-limits.ts';
import { holdersOfUser } from '../../attempt/hold/holds.ts';
import { probeLock } from '../../model/limits.ts';
import { Refusal } from '../../model/refusal.ts';
import { globalRootFrom } from '../../program/global-config.ts';
import type { World } from '../world.ts';

export interface ListedLimit extends LimitRecord {
  /** The instance whose attempt tries it now; null: none does. */
  tried_by: string | null;
}

/** As it stood. */
export type ForgottenLimit = LimitRecord;

/** By the moment at which they were met first. */
export function listLimits({ env, cwd }: Pick<World, 'env' | 'cwd'>): ListedLimit[] {
  const globalRoot = globalRootFrom(env, cwd);
  return recordedLimits(globalRoot).map((record) => {
    const [holder] = holdersOfUser(globalRoot, probeLock(record).name);
    return { ...record, tried_by: holder?.instance_id ?? null };
  });
}

/**
 * Forgets those of an account, or all (null); whoever waits for them goes on within a moment. Returns what was forgotten.
 *
 * @throws Refusal `no-limit` where the account has none
 */
export function clearLimits(
  { env, cwd }: Pick<World, 'env' | 'cwd'>,
  account: string | null,
): ForgottenLimit[] {
  const globalRoot = globalRootFrom(env, cwd);
  const all = recordedLimits(globalRoot);
  const meant = all.filter((record) => account === null || record.account === account);
  if (account !== null && meant.length === 0) {
    const known = [...new Set(all.map((record) => record.account))];
    throw new Refusal('no-limit', `The account ${account} has no usage limit.`, {
      hint:
        known.length === 0 ? 'No account has one.' : `Those that have one: ${known.join(', ')}.`,
    });
  }
  for (const record of meant) forgetLimit(globalRoot, record);
  return meant;
}
