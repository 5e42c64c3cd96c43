/** `limits clear`. */
import type { ForgottenLimit } from '../../app/limits/limits.ts';
import { defineCommand, flag, prints, type Word } from '../command.ts';
import { plainLine } from '../../text/plain-text.ts';

const ACCOUNT: Word<string | null> = {
  name: 'ACCOUNT',
  kind: 'other',
  about: 'as `limits list` shows it; left out: all',
  isOptional: true,
};

export const command = defineCommand({
  description:
    'Forgets the usage limits of an account, or of all: engines that wait for them go on within a second or two.',
  words: [ACCOUNT],
  usage: '[ACCOUNT] [--json]',
  options: { json: flag('--json', 'print JSON') },
  json: prints<ForgottenLimit[]>(),
  examples: ['', '1a2b3c4d5e6f'],
  async run({ words: [account], options, printJson }, context) {
    const { clearLimits } = await import('../../app/limits/limits.ts');
    const cleared = clearLimits(context, account);
    if (options.json) return printJson(cleared);
    for (const { account: id, model } of cleared) {
      context.stdout.line(plainLine(`${id}${model === null ? '' : ` with ${model}`}: forgotten`));
    }
  },
});
