/** `project init`. */
import path from 'node:path';
import type { InitializedProgram } from '../../app/program/init.ts';
import { sandboxes } from '../../model/program.ts';
import { Refusal } from '../../model/refusal.ts';
import { shellWord } from '../../text/shell-word.ts';
import { printDiagnostics } from '../print.ts';
import {
  argument,
  choice,
  choiceOr,
  defineCommand,
  flag,
  parsed,
  prints,
  text,
} from '../command.ts';

export const command = defineCommand({
  description:
    'Creates a program in DIR. WORKSPACE is the directory that agents work in; a relative path means\n' +
    'what it means in your shell. Files that are there already are kept.',
  words: [
    argument('dir', 'where to create it', 'dir'),
    argument('name', 'what to call it'),
    argument('workspace', 'the directory that agents work in', 'dir'),
  ],
  options: {
    template: choiceOr(
      '--template <name>',
      'what to start from',
      [
        'basic',
        'backlog_drain',
        'quality_convergence',
        'parallel_fixes',
        'review_panel',
        'migration',
        'empty',
      ],
      'basic',
    ),
    description: text('--description <text>', 'what the program is for'),
    defaultAgent: text('--default-agent <name>', 'agent of tasks that name none'),
    defaultSandbox: choice('--default-sandbox <mode>', 'what agents may touch', sandboxes),
    maxConcurrency: parsed('--max-concurrency <n>', 'attempts at a time in one run', positive),
    edition: choiceOr('--edition <n>', 'whose defaults hold for what is left out', ['1', '2'], '2'),
    json: flag('--json', 'print what was created as JSON'),
  },
  json: prints<InitializedProgram>('The program that was made.'),
  examples: [
    'my-program "My program" ../my-repository',
    'drain "TODO comments" . --template backlog_drain',
  ],
  async run({ words: [dir, name, workspace], options, printJson }, context) {
    if (name.trim() === '') throw new Refusal('bad-name', 'the name is empty');
    if (workspace.trim() === '') throw new Refusal('bad-workspace', 'the workspace is empty');
    const { initProgram } = await import('../../app/program/init.ts');
    const { placeOf } = await import('../../app/program/place.ts');
    const programDir = path.resolve(context.cwd, dir);
    const { json, edition, ...wanted } = options;
    const created = await initProgram(context, placeOf(programDir, context), {
      ...wanted,
      edition: edition === '1' ? 1 : 2,
      name,
      workspace: asSeenFrom(programDir, workspace, context.cwd),
    });
    if (json) return printJson(created);
    context.stdout.line(created.program_dir);
    for (const file of created.kept) context.stderr.line(`kept ${file}, which was there`);
    printDiagnostics(created.problems, context);
    context.stderr.line(`Next: codex-orch project validate ${shellWord(dir)}`);
  },
});

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
