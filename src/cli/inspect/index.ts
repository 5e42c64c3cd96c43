/** `inspect task` and `inspect run`: other names of `task show` and `run show`. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description: 'Shows a task as `task show` does, or a run as `run show` does.',
  examples: ['task . build', 'run . latest --json'],
  verbs: {
    task: { summary: 'as `task show`', as: ['task', 'show'] },
    run: { summary: 'as `run show`', as: ['run', 'show'] },
  },
};
