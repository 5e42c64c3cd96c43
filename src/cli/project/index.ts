/** `project`: new programs, and whether a program holds. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description: 'A program is a directory with project.yaml: one workflow, authored as plain files.',
  examples: ['init my-program "My program" ../my-repository', 'validate my-program'],
  verbs: {
    init: { summary: 'create a program', load: () => import('./init.ts') },
    validate: {
      summary: 'report every problem of a program',
      load: () => import('./validate.ts'),
    },
  },
};
