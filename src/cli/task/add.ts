/** `task add`. */
import type { TaskSpec } from '../../model/program.ts';
import { defineCommand, FILE, flag, prints, PROGRAM } from '../command.ts';
import { readGivenFile } from '../given-file.ts';
import { printDiagnostics } from '../print.ts';

export const command = defineCommand({
  description:
    'Adds the task in FILE (YAML or JSON; - is standard input), or a list of tasks, all or none.',
  words: [PROGRAM, FILE],
  usage: '[--json]',
  options: { json: flag('--json', 'print the tasks as JSON') },
  json: prints<TaskSpec | TaskSpec[]>('The task that was added; a list where there were several.'),
  examples: ['. draft.yaml'],
  async run({ words: [programDir, file], options, printJson }, context) {
    const { addTasks, showTask } = await import('../../app/program/edit-task.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const text = await readGivenFile(file, context);
    const { ids, warnings } = await addTasks(context, placeOf(programDir, context), text, file);
    printDiagnostics(warnings, context);
    if (options.json) {
      const tasks = ids.map((id) => showTask(programDir, id));
      const [first, ...more] = tasks;
      return printJson(first !== undefined && more.length === 0 ? first : tasks);
    }
    for (const id of ids) context.stdout.line(id);
  },
});
