/** `run reconcile`. */
import type { RunDocument } from '../../app/run/inspect-run.ts';
import { defineCommand, flag, prints, PROGRAM, RUN } from '../command.ts';

export const command = defineCommand({
  description:
    'Settles instances that are marked running while nothing drives the run. Starts nothing.',
  words: [PROGRAM, RUN],
  usage: '[--json]',
  options: { json: flag('--json', 'print the run as JSON') },
  json: prints<RunDocument>(),
  examples: ['. latest'],
  async run({ words: [programDir, run], options }, context) {
    const { resolveRunId } = await import('../../app/run/inspect-run.ts');
    const { reconcileRun } = await import('../../app/run/reconcile.ts');
    const { printStanding } = await import('./standing.ts');
    const runId = resolveRunId(programDir, run);
    await reconcileRun(context, programDir, runId);
    printStanding(programDir, runId, options.json, context);
  },
});
