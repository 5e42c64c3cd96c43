/** `assistant-doc`: the text that tells assistants how to work. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description: 'The operating model is part of every prompt of an assistant; edit it as you like.',
  examples: ['install my-program'],
  verbs: {
    install: {
      summary: 'write assistant_roles/_shared/operating-model.md',
      load: () => import('./install.ts'),
    },
  },
};
