/**
 * `inspect task` and `inspect run`: other names of `task show` and `run show`. The command line rewrites
 * them (src/cli/cli.ts) before it gets here; this is their help.
 */
import type { Command } from 'commander';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';

export function register(program: Command, _context: CliContext): void {
  const group = program
    .command('inspect')
    .summary('show a task or a run')
    .description('Shows a task as `task show` does, or a run as `run show` does.')
    .addHelpText('after', examples(['inspect task . build', 'inspect run . latest --json']));
  group
    .command('task')
    .summary('as `task show`')
    .argument('[words...]')
    .usage('[PROGRAM] TASK [--json]');
  group
    .command('run')
    .summary('as `run show`')
    .argument('[words...]')
    .usage('[PROGRAM] RUN [--json]');
}
