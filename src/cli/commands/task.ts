/** `task`: the tasks of a program. */
import { Option, type Command } from 'commander';
import type { JsonObject } from '../../model/json.ts';
import { taskStatuses } from '../../model/program.ts';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import {
  collect,
  placeOf,
  printDiagnostics,
  printJson,
  printYaml,
  readGivenFile,
} from '../program-edits.ts';
import { printTable } from '../render/table.ts';

export function register(program: Command, context: CliContext): void {
  const group = program
    .command('task')
    .summary('list, show and edit tasks')
    .description(
      'Tasks are files, tasks/<id>.yaml: edit them as you like. These commands refuse an edit that would\n' +
        'break the program, and leave everything as it was.',
    )
    .addHelpText('after', examples(['task list . --status ready', 'task show . build']));

  group
    .command('list')
    .summary('list tasks')
    .argument('[words...]')
    .usage('[PROGRAM] [options]')
    .addOption(new Option('--status <status>', 'only those with this status').choices(taskStatuses))
    .option('--label <label>', 'only those with this label; repeated: with all of them', collect)
    .option('--json', 'print the tasks as JSON')
    .addHelpText('after', examples(['task list .', 'task list . --label nightly --json']))
    .action(
      async (words: string[], options: { status?: string; label?: string[]; json?: boolean }) => {
        const { listTasks } = await import('../../app/program/edit-task.ts');
        const { programDir } = await placeOf(
          words,
          { min: 0, max: 0, usage: 'task list [PROGRAM]' },
          context,
        );
        const { tasks, unreadable } = listTasks(programDir, {
          status: options.status,
          labels: options.label ?? [],
        });
        printDiagnostics(unreadable, context);
        if (options.json === true) return printJson(tasks, context);
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
    );

  group
    .command('show')
    .summary('show a task, with defaults filled in')
    .argument('[words...]')
    .usage('[PROGRAM] TASK [--json]')
    .option('--json', 'print it as JSON instead of YAML')
    .addHelpText('after', examples(['task show . build']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { showTask } = await import('../../app/program/edit-task.ts');
      const { programDir, rest } = await placeOf(
        words,
        { min: 1, max: 1, usage: 'task show [PROGRAM] TASK' },
        context,
      );
      const task = showTask(programDir, rest[0] ?? '');
      if (options.json === true) return printJson(task, context);
      printYaml(task as unknown as JsonObject, context);
    });

  group
    .command('add')
    .summary('add a task')
    .description(
      'Adds the task in FILE (YAML or JSON; - is standard input), or a list of tasks, all or none.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] FILE [--json]')
    .option('--json', 'print the tasks as JSON')
    .addHelpText('after', examples(['task add . draft.yaml']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { addTasks, showTask } = await import('../../app/program/edit-task.ts');
      const place = await placeOf(
        words,
        { min: 1, max: 1, usage: 'task add [PROGRAM] FILE' },
        context,
      );
      const file = place.rest[0] ?? '';
      const text = await readGivenFile(file, context);
      const { ids, warnings } = await addTasks(place, text, file);
      printDiagnostics(warnings, context);
      if (options.json === true) {
        const tasks = ids.map((id) => showTask(place.programDir, id));
        return printJson(tasks.length === 1 ? tasks[0] : tasks, context);
      }
      for (const id of ids) context.stdout.line(id);
    });

  group
    .command('update')
    .summary('set fields of a task')
    .description(
      'Sets the top-level fields that FILE holds. Other fields stay, and so do comments.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] TASK FILE [--json]')
    .option('--json', 'print the task as JSON')
    .addHelpText('after', examples(['task update . build changes.yaml']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { showTask, updateTask } = await import('../../app/program/edit-task.ts');
      const place = await placeOf(
        words,
        { min: 2, max: 2, usage: 'task update [PROGRAM] TASK FILE' },
        context,
      );
      const [id = '', file = ''] = place.rest;
      const text = await readGivenFile(file, context);
      const { warnings } = await updateTask(place, id, text, file);
      printDiagnostics(warnings, context);
      if (options.json === true) return printJson(showTask(place.programDir, id), context);
      context.stdout.line(id);
    });

  group
    .command('delete')
    .summary('delete a task')
    .description('Deletes a task that no other task depends on or leads to.')
    .argument('[words...]')
    .usage('[PROGRAM] TASK [--json]')
    .option('--json', 'print what was deleted as JSON')
    .addHelpText('after', examples(['task delete . build']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const { deleteTask } = await import('../../app/program/edit-task.ts');
      const place = await placeOf(
        words,
        { min: 1, max: 1, usage: 'task delete [PROGRAM] TASK' },
        context,
      );
      const id = place.rest[0] ?? '';
      const { warnings } = await deleteTask(place, id);
      printDiagnostics(warnings, context);
      if (options.json === true) return printJson({ deleted: id }, context);
      context.stdout.line(id);
    });
}
