/** `task delete`. */
import { defineCommand, flag, prints, PROGRAM, TASK } from '../command.ts';
import { printDiagnostics } from '../print.ts';

interface DeletedTask {
  /** Its id. */
  deleted: string;
}

export const command = defineCommand({
  description: 'Deletes a task that no other task depends on or leads to.',
  words: [PROGRAM, TASK],
  usage: '[--json]',
  options: { json: flag('--json', 'print what was deleted as JSON') },
  json: prints<DeletedTask>(),
  examples: ['. build'],
  async run({ words: [programDir, id], options, printJson }, context) {
    const { deleteTask } = await import('../../app/program/edit-task.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const { warnings } = await deleteTask(context, placeOf(programDir, context), id);
    printDiagnostics(warnings, context);
    if (options.json) return printJson({ deleted: id });
    context.stdout.line(id);
  },
});
