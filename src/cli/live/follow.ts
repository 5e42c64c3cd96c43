/** Following a run that anyone may drive, until it comes to rest or the reader has had enough. */
import type { RunEvent } from '../../core/events/events.ts';
import { ExitStatus } from '../../model/refusal.ts';
import { runStatus, type RunState } from '../../core/state/run-state.ts';
import { followRun, runHolder } from '../../app/run/inspect-run.ts';
import type { CliContext } from '../context.ts';
import { exitStatusOf } from './ends.ts';

/** An engine that was just started in the background takes its time to take the run. */
const GRACE_MS = 3000;

export interface Follower {
  onEvent?(event: RunEvent, state: RunState): void;
  /** All there was has been read; called again about four times a second. */
  onCaughtUp?(state: RunState): void;
}

export interface FollowEnd {
  state: RunState | null;
  /** `rests`: done, failed or waiting. `abandoned`: something is left to do, and nobody does it. */
  reason: 'rests' | 'abandoned' | 'interrupted';
}

export async function followUntilRest(
  programDir: string,
  runId: string,
  follower: Follower,
  context: CliContext,
): Promise<FollowEnd> {
  const abort = new AbortController();
  const endSignals = context.onSignal(() => abort.abort());
  let latest: RunState | null = null;
  let undrivenSinceMs: number | null = null;
  let reason: FollowEnd['reason'] = 'interrupted';
  try {
    await followRun(
      programDir,
      runId,
      (event, state) => {
        latest = state;
        follower.onEvent?.(event, state);
      },
      {
        signal: abort.signal,
        onCaughtUp(state) {
          latest = state;
          follower.onCaughtUp?.(state);
          if (runHolder(programDir, runId) !== null) {
            undrivenSinceMs = null;
            return true;
          }
          const status = runStatus(state);
          if (status === 'done' || status === 'failed' || status === 'waiting') {
            reason = 'rests';
            return false;
          }
          undrivenSinceMs ??= context.clock.elapsedMs();
          if (context.clock.elapsedMs() - undrivenSinceMs < GRACE_MS) return true;
          reason = 'abandoned';
          return false;
        },
      },
    );
  } finally {
    endSignals();
  }
  return { state: latest, reason };
}

/** Sets the exit status that a followed run's end calls for. */
export function exitAfterFollowing(end: FollowEnd, context: CliContext): void {
  if (end.reason === 'interrupted') context.exit(ExitStatus.interrupted);
  else if (end.state) context.exit(exitStatusOf(runStatus(end.state)));
}
