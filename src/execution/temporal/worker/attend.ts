/**
 * The two activities: each waits for an attempt of this host, and tells the server meanwhile that it has it. An activity that the
 * server has given up, or that this worker hands back, leaves the attempt at work: another will take it up.
 */
import { unseal } from '../seal.ts';
import type { PlacementResult } from '../protocol.ts';
import type { HostedAttempt } from './hosted-attempt.ts';
import type { HostedAttempts } from './hosted-attempts.ts';
import type { WorkerSdk } from './sdk.ts';

export interface AttendParts {
  activity: WorkerSdk['activity'];
  attempts: HostedAttempts;
  key: Buffer | null;
  say(what: string): void;
  /** Each activity of the queue that has come to an attempt, and has gone. */
  attending(change: 1 | -1): void;
}

type Activity = (argument: unknown) => Promise<PlacementResult>;

export function activitiesOf(parts: AttendParts): { attempt: Activity; take: Activity } {
  const { attempts, key, say } = parts;
  return {
    attempt: async (argument) => {
      const opened = unseal(argument, key);
      if (!opened.ok) return refused(opened.why, say);
      parts.attending(1);
      try {
        return await attend(parts, await attempts.begin(opened.placement));
      } finally {
        parts.attending(-1);
      }
    },
    take: async (argument) => {
      const opened = unseal(argument, key);
      if (!opened.ok) return refused(opened.why, say);
      return attend(parts, await attempts.take(opened.placement));
    },
  };
}

function refused(why: string, say: (what: string) => void): PlacementResult {
  say(`refused: ${why}`);
  return { kind: 'refused', why };
}

/** A beat is lost now and then, and comes late on a busy machine. */
const BEATS_A_TIMEOUT = 4;
const MOST_BEAT_MS = 15_000;

async function attend(
  { activity }: AttendParts,
  found: HostedAttempt | PlacementResult,
): Promise<PlacementResult> {
  if ('kind' in found) return found;
  const context = activity.Context.current();
  const timeoutMs = context.info.heartbeatTimeoutMs ?? MOST_BEAT_MS * BEATS_A_TIMEOUT;
  const beat = setInterval(
    () => context.heartbeat(),
    Math.min(MOST_BEAT_MS, timeoutMs / BEATS_A_TIMEOUT),
  );
  context.heartbeat();
  found.attended();
  try {
    return await Promise.race([found.result, context.cancelled]);
  } catch (error) {
    if (context.cancellationDetails?.cancelRequested !== true) throw error;
    await found.cancelled();
    return await found.result;
  } finally {
    clearInterval(beat);
  }
}
