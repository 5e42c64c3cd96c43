/** `task update`. */
import type { TaskSpec } from '../../model/program.ts';
import { defineCommand, FILE, flag, prints, PROGRAM, TASK } from '../command.ts';
import { readGivenFile } from '../given-file.ts';
import { printDiagnostics } from '../print.ts';

export const command = defineCommand({
  description:
    'Sets the top-level fields that FILE holds; every other byte of the task stays. Another id renames\n' +
    'the task, and what refers to it follows.',
  words: [PROGRAM, TASK, FILE],
  usage: '[--json]',
  options: { json: flag('--json', 'print the task as JSON') },
  json: prints<TaskSpec>(),
  examples: ['. build changes.yaml'],
  async run({ words: [programDir, id, file], options, printJson }, context) {
    const { showTask, updateTask } = await import('../../app/program/edit-task.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const text = await readGivenFile(file, context);
    const updated = await updateTask(context, placeOf(programDir, context), id, text, file);
    printDiagnostics(updated.warnings, context);
    if (options.json) return printJson(showTask(programDir, updated.id));
    context.stdout.line(updated.id);
  },
});
