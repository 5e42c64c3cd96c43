/** `notify`: whom a run tells. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description:
    '`notify` of project.yaml or config.toml says whom a run tells of questions, failures and its end.',
  examples: ['test my-program'],
  verbs: {
    test: {
      summary: 'send a test to everybody who would be told',
      load: () => import('./test.ts'),
    },
  },
};
