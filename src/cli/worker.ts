/** `worker`: carries out attempts of runs of other machines, and says what it does. */
import { ExitStatus, Refusal } from '../model/refusal.ts';
import { plainLine } from '../text/plain-text.ts';
import { defineCommand, flag, parsedOr, text } from './command.ts';

export const command = defineCommand({
  description:
    'Carries out attempts of runs of other machines, which a Temporal server hands to this one. ' +
    'Reads the server from [temporal] of config.toml, and needs @temporalio/worker and\n' +
    '@temporalio/activity beside codex-orch.',
  words: [],
  usage: '[--queue <name>] [options]',
  usageInErrors: '[--queue <name>] [options]',
  options: {
    queue: text('--queue <name>', 'the queue to serve: what runs_on names'),
    slots: parsedOr('--slots <n>', 'attempts at once', slots, { value: 1 }),
    drain: flag('--drain', 'when it is told to leave, wait for its attempts first'),
  },
  examples: ['--queue gpu --slots 4'],
  async run({ options: { queue, slots, drain } }, context) {
    const { workForOthers } = await import('../app/machine/work-for-others.ts');
    const say = (line: string): void => context.stderr.line(plainLine(line));
    const running = await workForOthers(context, { queue, slots }, say);
    const signals: NodeJS.Signals[] = [];
    const endSignals = context.onSignal((signal) => {
      signals.push(signal);
      running.leave(drain && signals.length === 1 ? 'drained' : 'at_once');
    });
    const endDeaf = context.outliveOutput();
    try {
      await running.left;
      // Who stops a service means it to have gone well.
      if (signals.some((each) => each !== 'SIGTERM')) context.exit(ExitStatus.interrupted);
    } finally {
      endDeaf();
      endSignals();
    }
  },
});

function slots(word: string): number {
  if (/^[1-9]\d{0,3}$/.test(word)) return Number(word);
  throw new Refusal('bad-number', `--slots takes a whole number from 1, not "${word}"`);
}
