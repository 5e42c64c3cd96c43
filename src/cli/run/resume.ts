/** `run resume`. */
import type { RunDocument } from '../../app/run/inspect-run.ts';
import { defineCommand, flag, prints, PROGRAM, RUN } from '../command.ts';
import { driveNotes, driveOptions, exitStatuses } from './run-options.ts';

export const command = defineCommand({
  description:
    'Settles what became of running instances, tries again what failed for reasons that pass, ' +
    'and goes on. Failed instances that it leaves alone are listed with the command that forces them.',
  words: [PROGRAM, RUN],
  usage: '[options]',
  options: {
    orphaned: flag(
      '--orphaned',
      'also try again all whose end nobody knows, as after a reboot; they may have done their work',
    ),
    ...driveOptions,
  },
  json: prints<RunDocument>(),
  examples: ['. latest'],
  notes: driveNotes + exitStatuses,
  async run({ words: [programDir, run], options }, context) {
    const { resolveRunId } = await import('../../app/run/inspect-run.ts');
    const { driveInBackground } = await import('../../app/run/background.ts');
    const { resumeRun } = await import('../../app/run/resume.ts');
    const { setGoing } = await import('../live/drive-here.ts');
    const runId = resolveRunId(programDir, run);
    const { orphaned } = options;
    await setGoing(programDir, runId, options, context, {
      here: (hooks) =>
        resumeRun(context, programDir, runId, { command: 'run resume', orphaned, ...hooks }),
      inBackground: () => driveInBackground(context, programDir, runId, { revive: true, orphaned }),
    });
  },
});
