/** Usage limits: an account behind agents, with one model, of which its service takes no more for a while. */
import { nearestMoment } from './moment.ts';

/** What the record of one holds, for all runs of the user. */
export interface AccountLimit {
  /** Its backend, home and credential, hashed: the same for all agents that draw on it. */
  account: string;
  /** null: whichever the agent takes by itself. */
  model: string | null;
  /** When it ends, as the service said, ISO 8601; null: it did not say. */
  retry_at: string | null;
  /** From then on one attempt may try, ISO 8601. */
  until: string;
}

/** After the moment that the service named: clocks differ. */
const AFTER_MS = 60_000;
/** Between two tries where nobody knows when it ends. */
const PROBE_MS = 30 * 60_000;

/**
 * From when on one attempt may try, of a limit that was met at `now`. Both ISO 8601. A moment that was named, and is long
 * past, was none: the limit is still there, and would be met again and again.
 */
export function probeAt(retryAt: string | null, now: string): string {
  const nowMs = Date.parse(now);
  const namedMs = retryAt === null ? -Infinity : nearestMoment(Date.parse(retryAt) + AFTER_MS);
  return new Date(namedMs > nowMs ? namedMs : nowMs + PROBE_MS).toISOString();
}

/** The lock of the user that whoever tries a limited account holds: one at a time, and no longer than it lives. */
export function probeLock({ account, model }: Pick<AccountLimit, 'account' | 'model'>) {
  return { name: `usage limit ${account} ${model ?? ''}`, slots: 1, scope: 'user' } as const;
}
