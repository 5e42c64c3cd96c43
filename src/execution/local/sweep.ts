/** Ends what a leader that is gone has left in its process group: asked, then killed after the grace. */
import type { AttemptOrder } from '../../model/attempt.ts';
import { isSameProcess } from '../../processes/identity.ts';
import { groupLives, groupLivesWith, hasMembers, isInTable, signalGroup } from './process-group.ts';
import { Stopwatch } from './stopwatch.ts';
import { pidOf, type Watched } from './watched.ts';

/** How a leader went. */
export interface Departure {
  /** As its parent, or the launcher, told it; null where nobody did. */
  code: number | null;
  /** Its parent or the launcher told of it: until just now the number of the group was ours. */
  wasSeen: boolean;
  /** Why it never came to be; null where it did. */
  problem: string | null;
}

export interface Sweep {
  /** As of its departure, which may be told late. */
  wasSeen(): boolean;
  /** True: kill without asking; may become so meanwhile. */
  isForced(): boolean;
  isCancelled(): boolean;
  /** Called while waiting. */
  meanwhile(): void;
}

/** Longer than any machine takes to reap a process; then the group is looked at in any case. */
const REAP_MS = 1000;
/** How long a killed group may take to vanish before it is given up: an unkillable process exists. */
const AFTER_KILL_MS = 2000;
const SWEEP_POLL_MS = 20;

export async function sweepGroup(
  order: AttemptOrder,
  watched: Watched,
  sweep: Sweep,
): Promise<void> {
  const pgid = pidOf(watched);
  if (pgid === null) return;
  if (await isGoneWhenReaped(pgid, watched, sweep)) return;
  const lives = (): boolean => leftoversLive(pgid, order, watched, sweep.wasSeen());
  if (!lives()) return;
  const waitWhile = async (withinMs: number, goOn: () => boolean): Promise<void> => {
    const waited = new Stopwatch();
    let pauseMs = 1;
    while (!sweep.isCancelled() && goOn() && waited.elapsedMs() < withinMs && lives()) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      pauseMs = Math.min(SWEEP_POLL_MS, pauseMs * 2);
      sweep.meanwhile();
    }
  };
  if (!sweep.isForced()) {
    signalGroup(pgid, 'SIGTERM');
    await waitWhile(order.graceMs, () => !sweep.isForced());
  }
  if (sweep.isCancelled() || !lives()) return;
  signalGroup(pgid, 'SIGKILL');
  await waitWhile(AFTER_KILL_MS, () => true);
}

/**
 * A leader reports its exit a moment before it is out of the process table, where it counts as alive. Waits for that;
 * true where nothing of its group is left then, which is known without asking once more: what is not there is an
 * exception, with its stack.
 */
async function isGoneWhenReaped(pid: number, watched: Watched, sweep: Sweep): Promise<boolean> {
  if (watched.kind !== 'launched' || !sweep.wasSeen()) return false;
  // Mostly all of the group is gone, its leader with it.
  if (!hasMembers(pid)) return true;
  const waited = new Stopwatch();
  while (isInTable(pid) && waited.elapsedMs() < REAP_MS && !sweep.isCancelled()) {
    await watched.reaped();
  }
  return false;
}

/** Whether members of the group live that are ours. */
function leftoversLive(
  pgid: number,
  order: AttemptOrder,
  watched: Watched,
  wasSeen: boolean,
): boolean {
  if (wasSeen) return groupLives(pgid);
  // Its end was not seen by its parent: prove the members to be ours before signalling them.
  const identity = 'identity' in watched ? watched.identity : null;
  if (identity === null || isSameProcess(identity) === 'unknown') return false;
  const attemptDir = order.env['CODEX_ORCH_ATTEMPT_DIR'] ?? order.attemptDir;
  return groupLivesWith(pgid, `CODEX_ORCH_ATTEMPT_DIR=${attemptDir}`);
}
