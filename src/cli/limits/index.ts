/** `limits`: accounts that have come to a usage limit. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description:
    'An account that has come to a usage limit holds up its agents in all runs of this user until the limit ends.',
  examples: ['list', 'clear 1a2b3c4d5e6f'],
  verbs: {
    list: {
      summary: 'list the accounts that are limited, and until when',
      load: () => import('./list.ts'),
    },
    clear: {
      summary: 'forget a limit: what waits for it goes on at once',
      load: () => import('./clear.ts'),
    },
  },
};
