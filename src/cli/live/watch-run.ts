/** Follows a run that somebody else drives, and tells how it stands once it has come to rest. */
import type { CliContext, Output } from '../context.ts';
import { AgentsAtWork } from './activities.ts';
import { exitAfterFollowing, followUntilRest } from './follow.ts';
import { openProgress } from './progress.ts';

/** Sets the exit status. `after`: events up to this number are passed over. */
export async function watchRun(
  programDir: string,
  runId: string,
  { output, after = 0 }: { output: Output; after?: number },
  context: CliContext,
): Promise<void> {
  const progress = openProgress(output, context);
  const live = new AgentsAtWork(programDir, progress);
  try {
    const end = await followUntilRest(
      programDir,
      runId,
      {
        onEvent(event, state) {
          if (event.seq > after) progress.onEvent(event, state);
        },
        onCaughtUp(state) {
          progress.onState(state);
          live.read(state);
        },
      },
      context,
    );
    progress.close(true);
    if (end.reason !== 'interrupted' && end.state) {
      const { standingLines } = await import('./standing-lines.ts');
      const lines = await standingLines(programDir, end.state, {}, context, context.stderr);
      for (const line of lines) context.stderr.line(line);
    }
    exitAfterFollowing(end, context);
  } finally {
    live.close();
    progress.close(true);
  }
}
