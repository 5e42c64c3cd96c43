/** `task`: the tasks of a program. */
import type { Noun } from '../command.ts';

export const noun: Noun = {
  description:
    'Tasks are files, tasks/<id>.yaml: edit them as you like. These commands refuse an edit that would\n' +
    'break the program, and leave everything as it was.',
  examples: ['list . --status ready', 'show . build'],
  verbs: {
    list: { summary: 'list tasks', load: () => import('./list.ts') },
    show: { summary: 'show a task, with defaults filled in', load: () => import('./show.ts') },
    add: { summary: 'add a task', load: () => import('./add.ts') },
    update: { summary: 'set fields of a task', load: () => import('./update.ts') },
    delete: { summary: 'delete a task', load: () => import('./delete.ts') },
  },
};
