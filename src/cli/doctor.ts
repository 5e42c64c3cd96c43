/** `doctor`: what on this machine would stop a run. */
import { ExitStatus } from '../model/refusal.ts';
import { defineCommand, flag, optional, prints, PROGRAM } from './command.ts';
import { makePaint } from './render/paint.ts';
import { plainLine } from '../text/plain-text.ts';

interface DoctorFinding {
  id: string;
  severity: 'ok' | 'warning' | 'error';
  message: string;
  /** What to do; null where nothing need be done. */
  remedy: string | null;
}

export const command = defineCommand({
  description:
    'Checks Node, Codex and its sandbox; for a program also its files, its disk, and what earlier runs left. ' +
    'Exit status: 0 all well, 1 warnings only, 2 errors.',
  words: [optional(PROGRAM)],
  usage: '[--fix] [--json]',
  usageInErrors: '[--fix] [--json]',
  options: {
    fix: flag('--fix', 'take from others what runs of earlier versions left readable to them'),
    json: flag('--json', 'print the findings as JSON'),
  },
  json: prints<DoctorFinding[]>(),
  examples: ['', 'my-program --json'],
  async run({ words: [programDir], options, printJson }, context) {
    const { doctor, severityOf } = await import('../app/machine/doctor.ts');
    const findings = await doctor(context, programDir, { fix: options.fix });
    const worst = severityOf(findings);
    if (worst === 'warning') context.exit(ExitStatus.warnings);
    if (worst === 'error') context.exit(ExitStatus.usage);
    const shown = findings.map(({ id, ok, severity, message, remedy }): DoctorFinding => ({
      id,
      severity: ok ? 'ok' : severity,
      message,
      remedy,
    }));
    if (options.json) return printJson(shown);
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
  },
});
