/** `interrupt`: what a worker asks with. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description:
    'An interrupt is a question that a running instance puts to an assistant role or to a human.\n' +
    'Workers ask with `interrupt create`; answers are given with `inbox reply`.',
  examples: [
    'create --audience human --kind approval --question Ship?',
    'list . --unresolved-only',
  ],
  verbs: {
    create: {
      summary: 'ask a question, as the worker of an instance',
      load: () => import('./create.ts'),
    },
    recommend: { summary: 'say which role fits a question', load: () => import('./recommend.ts') },
    list: { summary: 'list questions', load: () => import('../inbox/list.ts') },
    show: { summary: 'show a question and its answer', load: () => import('../inbox/show.ts') },
  },
};
