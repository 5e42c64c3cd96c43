/** `run logs`. */
import type { RunState } from '../../core/state/run-state.ts';
import { Refusal } from '../../model/refusal.ts';
import {
  defineCommand,
  flag,
  INSTANCE,
  optional,
  parsed,
  PROGRAM,
  RUN_OR_LATEST,
} from '../command.ts';
import { wholeNumber } from './run-options.ts';

export const command = defineCommand({
  description:
    'Shows what the agents of a run said and did: of one instance (or task), or of all in turn.',
  words: [PROGRAM, RUN_OR_LATEST, optional(INSTANCE)],
  usage: '[-f] [--attempt N] [--raw]',
  options: {
    follow: flag('-f, --follow', 'go on as more is written'),
    attempt: parsed(
      '--attempt <n>',
      'that attempt; by default the latest',
      wholeNumber('--attempt'),
    ),
    raw: flag('--raw', 'print the lines as the agent printed them'),
  },
  examples: ['. latest build -f', '. latest build-1a2b3c4d --attempt 1 --raw'],
  async run({ words: [programDir, run, instance], options }, context) {
    if (options.attempt !== null && instance === null) {
      throw new Refusal('instance-missing', '--attempt needs an instance', {
        hint: 'usage: codex-orch run logs [PROGRAM] RUN INSTANCE --attempt N',
      });
    }
    const { readRun } = await import('../../app/run/inspect-run.ts');
    const { LogPrinter } = await import('./log-printer.ts');
    const { runId, state } = readRun(programDir, run);
    const whose = instance === null ? null : await whoseOutput(state, instance, options.follow);
    const printer = new LogPrinter(programDir, whose, options, context);
    if (!options.follow) return printer.printPast(state);
    const { exitAfterFollowing, followUntilRest } = await import('../live/follow.ts');
    const end = await followUntilRest(
      programDir,
      runId,
      { onCaughtUp: (latest) => printer.printNew(latest) },
      context,
    );
    if (end.state) printer.printNew(end.state);
    exitAfterFollowing(end, context);
  },
});

/**
 * The id of an instance, as elsewhere; but a task that had several means the latest one that began, and who follows may
 * name a task that has none yet.
 */
async function whoseOutput(state: RunState, text: string, follow: boolean): Promise<string> {
  const ofTask = [...state.instances.values()].filter(({ task_id: task }) => task === text);
  if (ofTask.length === 0) {
    if (follow && state.plan.tasks[text]) return text;
    const { resolveInstanceId } = await import('../../app/run/resolve-instance.ts');
    return resolveInstanceId(state, text);
  }
  const begun = ofTask.filter((instance) => instance.attempt > 0);
  return (begun.at(-1) ?? ofTask.at(-1))?.instance_id ?? text;
}
