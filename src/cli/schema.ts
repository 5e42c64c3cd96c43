/** `schema`: JSON Schemas of the authored files, for editors. */
import { fileKindNames } from '../model/program-files.ts';
import { choiceOf, defineCommand, flag } from './command.ts';

export const command = defineCommand({
  description:
    'Prints the JSON Schema (draft 2020-12) of project.yaml, of a task, a role or a preset.\n' +
    'Editors with a YAML language server use it through a first line like\n' +
    '  # yaml-language-server: $schema=../schemas/codex-orch/task.json',
  words: [choiceOf('name', fileKindNames, 'project, task, role or preset')],
  options: {
    // It prints nothing but JSON; scripts that always say so need not care.
    json: flag('--json', 'the same: it is JSON anyway'),
  },
  examples: ['task > schemas/codex-orch/task.json'],
  async run({ words: [name] }, context) {
    const { authoredSchema } = await import('../app/program/authored-schema.ts');
    context.stdout.line(JSON.stringify(authoredSchema(name), null, 2));
  },
});
