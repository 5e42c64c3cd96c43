/** `run watch`. */
import { defineCommand, PROGRAM, RUN_OR_LATEST } from '../command.ts';
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
    const { watchRun } = await import('../live/watch-run.ts');
    const runId = resolveRunId(programDir, run);
    await watchRun(programDir, runId, { output: context.stdout }, context);
  },
});
