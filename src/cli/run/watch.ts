/** `run watch`. */
import { defineCommand, PROGRAM, RUN_OR_LATEST } from '../command.ts';
import { shorterPath } from '../live/ends.ts';
import { openProgress } from '../live/progress.ts';
import { shellWord } from '../../text/shell-word.ts';
import { programWord } from '../program-argument.ts';
import { closingLines } from '../render/closing-lines.ts';
import { makePaint } from '../render/paint.ts';
import { exitStatuses } from './run-options.ts';

export const command = defineCommand({
  description:
    'Follows a run, whoever drives it, until it comes to rest. Ctrl-C ends the watching only.',
  words: [PROGRAM, RUN_OR_LATEST],
  options: {},
  examples: ['', '. latest'],
  notes: exitStatuses,
  async run({ words: [programDir, run] }, context) {
    const { resolveRunId, runDirectory } = await import('../../app/run/inspect-run.ts');
    const { AgentsAtWork } = await import('../live/activities.ts');
    const { exitAfterFollowing, followUntilRest } = await import('../live/follow.ts');
    const runId = resolveRunId(programDir, run);
    const paint = makePaint(context.stderr.color);
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
        const directory = shorterPath(runDirectory(programDir, runId), context.cwd);
        const { pricesFor, spendingOf } = await import('../../app/run/spending.ts');
        const lines = closingLines({
          state: end.state,
          spending: spendingOf(end.state, await pricesFor(context, end.state)),
          program: programWord(programDir, context),
          runDirectory: shellWord(directory),
          interrupted: false,
          left: false,
          paint,
          columns: context.stderr.columns,
        });
        for (const line of lines) context.stderr.line(line);
      }
      exitAfterFollowing(end, context);
    } finally {
      live.close();
      progress.close(true);
    }
  },
});
