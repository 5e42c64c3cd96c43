/** `graph`: the program as a picture. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description: 'Show tasks and their edges as a graph.',
  examples: ['show . --format mermaid'],
  verbs: { show: { summary: 'print the graph', load: () => import('./show.ts') } },
};
