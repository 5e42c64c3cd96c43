/** `proposal`: the changes that assistants suggest. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description:
    'Assistants may suggest changes of the program. They are recorded, never applied by a run: that\n' +
    'is for a person. ID is a proposal id or the beginning of one; PROGRAM may be left out where\n' +
    'the current directory is a program.',
  examples: ['list . --status proposed', 'diff . prop-int-1a2b3c4d5e6f-01'],
  verbs: {
    list: { summary: 'list proposals', load: () => import('./list.ts') },
    show: { summary: 'show a proposal', load: () => import('./show.ts') },
    mark: { summary: 'say what became of a proposal', load: () => import('./mark.ts') },
    diff: {
      summary: 'show what applying a proposal would change',
      load: () => import('./diff.ts'),
    },
    apply: { summary: 'write a proposal into the program', load: () => import('./apply.ts') },
  },
};
