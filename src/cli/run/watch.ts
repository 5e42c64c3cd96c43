/** `run watch`. */
import { defineCommand, PROGRAM, RUN_OR_LATEST } from '../command.ts';
import { openProgress } from '../live/progress.ts';
import { exitStatuses } from './run-options.ts';

export const command = defineCommand({
  description:
    'Follows a run, whoever drives it, until it comes to rest. Ctrl-C ends the watching only.',
  words: [PROGRAM, RUN_OR_LATEST],
  options: {},
  examples: ['', '. latest'],
  notes: exitStatuses,
  async run({ words: [programDir, run] }, context) {
    const { resolveRunId } = await import('../../app/run/inspect-run.ts');
    const { AgentsAtWork } = await import('../live/activities.ts');
    const { exitAfterFollowing, followUntilRest } = await import('../live/follow.ts');
    const runId = resolveRunId(programDir, run);
    const progress = openProgress(context.stdout, context);
    const live = new AgentsAtWork(programDir, progress);
    try {
      const end = await followUntilRest(
        programDir,
        runId,
        {
          onEvent: (event, state) => progress.onEvent(event, state),
          onCaughtUp(state) {
            progress.onState(state);
            live.read(state);
          },
        },
        context,
      );
      progress.close(true);
      if (end.reason !== 'interrupted' && end.state) {
        const { standingLines } = await import('../live/standing-lines.ts');
        const lines = await standingLines(programDir, end.state, {}, context, context.stderr);
        for (const line of lines) context.stderr.line(line);
      }
      exitAfterFollowing(end, context);
    } finally {
      live.close();
      progress.close(true);
    }
  },
});
