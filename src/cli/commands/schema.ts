/** `schema`: JSON Schemas of the authored files, for editors. */
import type { Command } from 'commander';
import { Refusal } from '../../model/refusal.ts';
import { suggest } from '../../text/suggest.ts';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('schema')
    .summary('print the JSON Schema of a program file, for editors')
    .description(
      'Prints the JSON Schema (draft 2020-12) of project.yaml, of a task, a role or a preset.\n' +
        'Editors with a YAML language server use it through a first line like\n' +
        '  # yaml-language-server: $schema=../schemas/codex-orch/task.json',
    )
    .argument('<name>', 'project, task, role or preset')
    // It prints nothing but JSON; scripts that always say so need not care.
    .option('--json', 'the same: it is JSON anyway')
    .addHelpText('after', examples(['schema task > schemas/codex-orch/task.json']))
    .action(async (name: string) => {
      const { programSchema, fileKindNames } = await import('../../program/shape/file-kinds.ts');
      const known = fileKindNames.find((one) => one === name);
      if (known === undefined) {
        const near = suggest(name, fileKindNames);
        throw new Refusal('unknown-schema', `there is no schema "${name}"`, {
          hint: near === null ? `one of ${fileKindNames.join(', ')}` : `did you mean "${near}"?`,
        });
      }
      context.stdout.line(JSON.stringify(programSchema(known), null, 2));
    });
}
