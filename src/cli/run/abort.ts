/** `run abort`. */
import type { RunDocument } from '../../app/run/inspect-run.ts';
import { defineCommand, flag, prints, PROGRAM, RUN } from '../command.ts';

export const command = defineCommand({
  description: 'Stops every process of the run. What is not done becomes failed or skipped.',
  words: [PROGRAM, RUN],
  usage: '[--json]',
  options: { json: flag('--json', 'print the run as JSON') },
  json: prints<RunDocument>(),
  examples: ['. latest'],
  async run({ words: [programDir, run], options }, context) {
    const { resolveRunId } = await import('../../app/run/inspect-run.ts');
    const { stopAndAbort } = await import('../../app/run/abort.ts');
    const { printStanding } = await import('./standing.ts');
    const runId = resolveRunId(programDir, run);
    const { waited } = await import('../live/waited.ts');
    await waited(context, (waiting) => stopAndAbort(context, programDir, runId, waiting));
    printStanding(programDir, runId, options.json, context);
  },
});
