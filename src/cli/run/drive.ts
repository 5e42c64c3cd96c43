/** `run drive`: the engine of a run in the background. What it prints goes to the run's engine.log. */
import { defineCommand, flag, PROGRAM, RUN } from '../command.ts';

export const command = defineCommand({
  words: [{ ...PROGRAM, inHelp: 'PROGRAM' }, RUN],
  options: {
    revive: flag('--revive', 'try again what failed for reasons that pass'),
    orphaned: flag('--orphaned', 'also what nobody knows the end of'),
  },
  examples: ['. latest'],
  async run({ words: [programDir, run], options }, context) {
    const { resolveRunId } = await import('../../app/run/inspect-run.ts');
    const { driveRun } = await import('../../app/run/drive.ts');
    const { resumeRun } = await import('../../app/run/resume.ts');
    const { setGoing } = await import('../live/drive-here.ts');
    const runId = resolveRunId(programDir, run);
    const { orphaned } = options;
    const begin = options.revive ? resumeRun : driveRun;
    const going = { wait: true, json: false, onInterrupt: null };
    await setGoing(programDir, runId, going, context, {
      here: (hooks) =>
        begin(context, programDir, runId, { command: 'run drive', orphaned, ...hooks }),
      inBackground: () => undefined,
    });
  },
});
