/** `task show`. */
import type { JsonObject } from '../../model/json.ts';
import type { TaskSpec } from '../../model/program.ts';
import { defineCommand, flag, prints, PROGRAM, TASK } from '../command.ts';
import { printYaml } from '../print.ts';

export const command = defineCommand({
  words: [PROGRAM, TASK],
  usage: '[--json]',
  options: { json: flag('--json', 'print it as JSON instead of YAML') },
  json: prints<TaskSpec>('The task, with defaults filled in.'),
  examples: ['. build'],
  async run({ words: [programDir, id], options, printJson }, context) {
    const { showTask } = await import('../../app/program/edit-task.ts');
    const task = showTask(programDir, id);
    if (options.json) return printJson(task);
    printYaml(task as unknown as JsonObject, context);
  },
});
