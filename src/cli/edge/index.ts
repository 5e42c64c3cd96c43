/** `edge`: the dependencies between tasks. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description:
    'An edge SRC -> DST says that DST depends on SRC: it waits for it (order), or also takes files that\n' +
    'it publishes (context).',
  examples: ['list .', 'add . plan build order'],
  verbs: {
    list: { summary: 'list edges', load: () => import('./list.ts') },
    add: { summary: 'make DST depend on SRC', load: () => import('./add.ts') },
    remove: {
      summary: 'remove the edges of one kind between two tasks',
      load: () => import('./remove.ts'),
    },
  },
};
