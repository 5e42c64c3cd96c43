/** `preset`: ready-made tasks with variables. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description:
    'A preset makes tasks from variables. Presets are files: presets/<id>.yaml in the program, or in\n' +
    '~/.codex-orch for all programs.',
  examples: ['list .', 'apply . review --var target=build'],
  verbs: {
    list: { summary: 'list presets', load: () => import('./list.ts') },
    preview: {
      summary: 'show the tasks that a preset would write',
      load: () => import('./preview.ts'),
    },
    apply: { summary: 'write the tasks of a preset', load: () => import('./apply.ts') },
  },
};
