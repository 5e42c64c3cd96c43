/** `doctor`: what on this machine would stop a run. */
import type { Command } from 'commander';
import { ExitStatus } from '../../model/refusal.ts';
import type { CliContext } from '../context.ts';
import { examples } from '../examples.ts';
import { defaultProgram, splitProgram } from '../program-argument.ts';
import { makePaint } from '../render/paint.ts';
import { plainLine } from '../render/plain-text.ts';

export function register(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .summary('find what on this machine would stop a run')
    .description(
      'Checks Node, Codex and its sandbox; for a program also its files, its disk, and what earlier runs left. ' +
        'Exit status: 0 all well, 1 warnings only, 2 errors.',
    )
    .argument('[words...]')
    .usage('[PROGRAM] [--json]')
    .option('--json', 'print the findings as JSON')
    .addHelpText('after', examples(['doctor', 'doctor my-program --json']))
    .action(async (words: string[], options: { json?: boolean }) => {
      const usage = 'doctor [PROGRAM] [--json]';
      const programDir =
        words.length === 0
          ? defaultProgram(context)
          : splitProgram(words, { min: 0, max: 0, usage }, context).programDir;
      const { doctor, severityOf } = await import('../../app/machine/doctor.ts');
      const findings = await doctor(context, programDir);
      const worst = severityOf(findings);
      if (worst === 'warning') context.exit(ExitStatus.warnings);
      if (worst === 'error') context.exit(ExitStatus.usage);
      const shown = findings.map(({ id, ok, severity, message, remedy }) => ({
        id,
        severity: ok ? ('ok' as const) : severity,
        message,
        remedy,
      }));
      if (options.json === true) return context.stdout.line(JSON.stringify(shown, null, 2));
      const paint = makePaint(context.stdout.color);
      for (const { id, severity, message, remedy } of shown) {
        if (!context.stdout.isTerminal) {
          context.stdout.line([severity, id, message, remedy ?? ''].map(plainLine).join('\t'));
          continue;
        }
        const mark = { ok: paint.good('✔'), warning: paint.asks('!'), error: paint.bad('✖') }[
          severity
        ];
        context.stdout.line(`${mark} ${plainLine(message)}`);
        if (remedy !== null) context.stdout.line(`    ${paint.command(plainLine(remedy))}`);
      }
    });
}
