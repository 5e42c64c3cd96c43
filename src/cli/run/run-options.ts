/** What several run commands share: whether to wait, whole numbers, and what exit statuses mean. */
import { Refusal } from '../../model/refusal.ts';
import { choice, flag, flagOrNot } from '../command.ts';
import { interruptions } from '../live/interruption.ts';

export const driveOptions = {
  wait: flagOrNot('--wait', 'drive the run here, and show progress (default)', {
    flags: '--no-wait',
    about: 'leave the run going in the background',
  }),
  onInterrupt: choice(
    '--on-interrupt <what>',
    'what Ctrl-C does, without asking: leave the agents at work, or stop them',
    interruptions,
  ),
  json: flag('--json', 'print the run document at the end'),
};

export const driveNotes =
  'Ctrl-C, on a terminal, asks whether to leave the agents at work, stop them or\n' +
  'go on; a second stops them, so that they can be resumed, and a third kills them.\n' +
  'Elsewhere the first stops them, and a second does so at once.\n\n';

export const exitStatuses =
  'Exit status: 0 done, 1 failed, 2 wrong usage or program, 3 waits for replies,\n' +
  '4 no such run or instance, 130 interrupted.';

/** For `parse` of an option. @throws Refusal `bad-number` */
export function wholeNumber(flag: string): (word: string) => number {
  return (word) => {
    if (/^[1-9]\d{0,8}$/.test(word)) return Number(word);
    throw new Refusal('bad-number', `${flag} takes a whole number from 1, not "${word}"`);
  };
}

/** A time such as `30d`, in ms: for `parse` of `--older-than`. @throws Refusal `bad-option` */
export function ageOf(word: string): number {
  const [, amount, unit = ''] = /^(\d{1,6})([smhd])$/.exec(word) ?? [];
  const lengths: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
  if (amount !== undefined) return Number(amount) * (lengths[unit] ?? 0);
  throw new Refusal(
    'bad-option',
    `--older-than takes a time such as 30d, 12h or 90m, not "${word}"`,
  );
}
