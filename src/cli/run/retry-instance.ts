/** `run retry-instance`. */
import type { Instance } from '../../model/run.ts';
import type { RunDocument } from '../../app/run/inspect-run.ts';
import { defineCommand, flag, INSTANCE, parsedOr, prints, PROGRAM, RUN } from '../command.ts';
import { programWord } from '../program-argument.ts';
import { driveNotes, driveOptions, exitStatuses, wholeNumber } from './run-options.ts';

export const command = defineCommand({
  description:
    'Gives one failed instance another attempt, whatever it failed of, or does not let it wait for one, and goes on. ' +
    'Where an engine drives the run already, that does it, and is watched.',
  words: [PROGRAM, RUN, INSTANCE],
  usage: '[options]',
  options: {
    grantIterations: parsedOr(
      '--grant-iterations <n>',
      'allow a loop that reached its limit so many more',
      wholeNumber('--grant-iterations'),
      { value: 0, shown: 'none' },
    ),
    newSession: flag('--new-session', 'begin a new session, with the whole prompt'),
    fresh: flag(
      '--fresh',
      'start over: a new session, and a clean tree where it has one of its own',
    ),
    ...driveOptions,
  },
  json: prints<RunDocument>(),
  examples: ['. latest build-1a2b3c4d', '. latest check-1a2b3c4d --grant-iterations 3'],
  notes: driveNotes + exitStatuses,
  async run({ words: [programDir, run, instance], options, printJson }, context) {
    const { resolveRunId, showRun } = await import('../../app/run/inspect-run.ts');
    const { driveInBackground } = await import('../../app/run/background.ts');
    const { driveRun } = await import('../../app/run/drive.ts');
    const { tryAgain, staysInWords } = await import('../../app/run/retry.ts');
    const { setGoing } = await import('../live/drive-here.ts');
    const { waited } = await import('../live/waited.ts');
    const runId = resolveRunId(programDir, run);
    const { grantIterations, fresh } = options;
    const onStays = (instances: readonly Instance[]): void => {
      for (const each of instances) context.stderr.line(staysInWords(each));
    };
    const newSession = options.newSession || fresh;
    const wish = { grantIterations, newSession, freshTree: fresh, onStays };
    const retried = await waited(context, (waiting) =>
      tryAgain(context, programDir, runId, instance, wish, waiting),
    );
    if (retried.by === 'engine') {
      const program = programWord(programDir, context);
      if (!options.json) context.stdout.line(runId);
      context.stderr.line(
        `${retried.instance_id} is tried again by the engine at work; follow it with: codex-orch run watch ${program}${runId}`,
      );
      if (options.wait) {
        const { watchRun } = await import('../live/watch-run.ts');
        await watchRun(programDir, runId, { output: context.stderr, after: retried.seq }, context);
      }
      if (options.json) printJson(showRun(programDir, runId));
      return;
    }
    await setGoing(programDir, runId, options, context, {
      here: (hooks) =>
        driveRun(context, programDir, runId, { command: 'run retry-instance', ...hooks }),
      inBackground: () => driveInBackground(context, programDir, runId),
    });
  },
});
