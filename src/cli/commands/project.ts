/** `project`: new programs, and whether a program holds. */
import path from 'node:path';
import { Option, type Command } from 'commander';
import { sandboxes, type Sandbox } from '../../model/program.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import { quoteForShell } from '../program-argument.ts';
import { diagnosticLines, placeOf, printJson } from '../program-edits.ts';
import { plural } from '../../text/plural.ts';
import { makePaint } from '../render/paint.ts';

interface InitOptions {
  template: string;
  description?: string;
  defaultAgent?: string;
  defaultSandbox?: string;
  maxConcurrency?: number;
  json?: boolean;
}

const templates = ['basic', 'backlog_drain', 'quality_convergence'] as const;

export function register(program: Command, context: CliContext): void {
  const group = program
    .command('project')
    .summary('create programs, and check them')
    .description(
      'A program is a directory with project.yaml: one workflow, authored as plain files.',
    )
    .addHelpText(
      'after',
      examples([
        'project init my-program "My program" ../my-repository',
        'project validate my-program',
      ]),
    );

  group
    .command('init')
    .summary('create a program')
    .description(
      'Creates a program in DIR. WORKSPACE is the directory that agents work in; a relative path means\n' +
        'what it means in your shell. Files that are there already are kept.',
    )
    .argument('<dir>', 'where to create it')
    .argument('<name>', 'what to call it')
    .argument('<workspace>', 'the directory that agents work in')
    .addOption(
      new Option('--template <name>', 'what to start from').choices(templates).default('basic'),
    )
    .option('--description <text>', 'what the program is for')
    .option('--default-agent <name>', 'agent of tasks that name none')
    .addOption(new Option('--default-sandbox <mode>', 'what agents may touch').choices(sandboxes))
    .option('--max-concurrency <n>', 'attempts at a time in one run', positive)
    .option('--json', 'print what was created as JSON')
    .addHelpText(
      'after',
      examples([
        'project init my-program "My program" ../my-repository',
        'project init drain "TODO comments" . --template backlog_drain',
      ]),
    )
    .action(async (dir: string, name: string, workspace: string, options: InitOptions) => {
      if (name.trim() === '') throw new Refusal('bad-name', 'the name is empty');
      if (workspace.trim() === '') throw new Refusal('bad-workspace', 'the workspace is empty');
      const { initProgram } = await import('../../app/program/init.ts');
      const programDir = path.resolve(context.cwd, dir);
      const created = initProgram(programDir, {
        name,
        workspace: asSeenFrom(programDir, workspace, context.cwd),
        template: options.template as (typeof templates)[number],
        description: options.description ?? null,
        defaultAgent: options.defaultAgent ?? null,
        defaultSandbox: (options.defaultSandbox as Sandbox | undefined) ?? null,
        maxConcurrency: options.maxConcurrency ?? null,
      });
      if (options.json === true) return printJson(created, context);
      context.stdout.line(created.program_dir);
      for (const file of created.kept) context.stderr.line(`kept ${file}, which was there`);
      context.stderr.line(`Next: codex-orch project validate ${quoteForShell(dir)}`);
    });

  group
    .command('validate')
    .summary('report every problem of a program')
    .description('Reports every problem of a program at once. Errors block runs; warnings do not.')
    .argument('[words...]')
    .usage('[PROGRAM] [--json]')
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `${examples(['project validate .', 'project validate . --json'])}\n\nExit status: 0 no issue, 1 warnings only, 2 errors.`,
    )
    .action(async (words: string[], options: { json?: boolean }) => {
      const { validate } = await import('../../app/program/validate.ts');
      const place = await placeOf(
        words,
        { min: 0, max: 0, usage: 'project validate [PROGRAM] [--json]' },
        context,
      );
      const { report } = await validate(place);
      const { errors, warnings } = report;
      context.exit(
        errors.length > 0
          ? ExitStatus.usage
          : warnings.length > 0
            ? ExitStatus.warnings
            : ExitStatus.done,
      );
      if (options.json === true) return printJson(report, context);
      for (const line of diagnosticLines([...errors, ...warnings], context.stdout)) {
        context.stdout.line(line);
      }
      const paint = makePaint(context.stdout.color);
      const tally = `${plural(errors.length, 'error')}, ${plural(warnings.length, 'warning')}`;
      const verdict =
        errors.length > 0
          ? paint.bad(`${tally}: runs are blocked`)
          : warnings.length > 0
            ? paint.asks(tally)
            : paint.good('no issues');
      context.stdout.line(verdict);
    });
}

function positive(word: string): number {
  const value = Number(word);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new Refusal('bad-number', `--max-concurrency ${word}: expected a whole number, at least 1`);
}

/**
 * The workspace as project.yaml names it: a relative path is made relative to the program, so that both
 * can move together. One that holds `${inputs.<key>}` stays as it is.
 */
function asSeenFrom(programDir: string, workspace: string, cwd: string): string {
  if (path.isAbsolute(workspace) || workspace.includes('${')) return workspace;
  return path.relative(programDir, path.resolve(cwd, workspace)) || '.';
}
