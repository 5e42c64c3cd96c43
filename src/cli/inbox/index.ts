/** `inbox`: the questions that runs wait for. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description:
    'Questions that runs wait for. ID is an interrupt id or the beginning of one; PROGRAM may be left\n' +
    'out where the current directory is a program. `codex-orch inbox`, on a terminal, is `inbox walk`.',
  onTerminal: 'walk',
  examples: ['list . --unresolved-only', "reply . int-1a2b3c4d5e6f --text 'Yes, ship it' --resume"],
  verbs: {
    walk: { summary: 'go through what is open, and answer it', load: () => import('./walk.ts') },
    list: { summary: 'list questions', load: () => import('./list.ts') },
    show: { summary: 'show a question and its answer', load: () => import('./show.ts') },
    reply: { summary: 'answer a question', load: () => import('./reply.ts') },
    worker: { summary: 'have assistants answer', load: () => import('./worker.ts') },
  },
};
