/** `task list`. */
import { taskStatuses, type TaskSpec } from '../../model/program.ts';
import { defineCommand, flag, prints, PROGRAM, repeated, repeatedChoice } from '../command.ts';
import { printDiagnostics } from '../print.ts';
import { printTable } from '../render/table.ts';

export const command = defineCommand({
  words: [PROGRAM],
  usage: '[options]',
  options: {
    status: repeatedChoice(
      '--status <status>',
      'only those with this status; repeated: with any of them',
      taskStatuses,
    ),
    labels: repeated('--label <label>', 'only those with this label; repeated: with all of them', {
      kind: 'label',
    }),
    json: flag('--json', 'print the tasks as JSON'),
  },
  json: prints<TaskSpec[]>('Tasks, with defaults filled in, by id.'),
  examples: ['.', '. --label nightly --json'],
  async run({ words: [programDir], options, printJson }, context) {
    const { listTasks } = await import('../../app/program/edit-task.ts');
    const filter = { statuses: options.status, labels: options.labels };
    const { tasks, unreadable } = listTasks(programDir, filter, context.texts?.(programDir));
    printDiagnostics(unreadable, context);
    if (options.json) return printJson(tasks);
    printTable(
      context.stdout,
      tasks,
      [
        { title: 'ID', cell: (task) => task.id },
        { title: 'STATUS', cell: (task) => task.status },
        { title: 'AGENT', cell: (task) => task.agent },
        { title: 'TITLE', cell: (task) => task.title, flexible: true },
      ],
      'No tasks.',
    );
  },
});
