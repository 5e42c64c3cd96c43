/** `run verify`. */
import type { VerifyReport } from '../../app/run/inspect-run.ts';
import { ExitStatus } from '../../model/refusal.ts';
import { defineCommand, flag, prints, PROGRAM, RUN_OR_LATEST } from '../command.ts';
import type { CliContext } from '../context.ts';
import { programWord } from '../program-argument.ts';
import { plural } from '../../text/plural.ts';
import { makePaint } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';
import { wrap } from '../../text/width.ts';

export const command = defineCommand({
  description:
    'Checks the chain of the event log, replays it against state/, and checks every recorded hash.',
  words: [PROGRAM, { ...RUN_OR_LATEST, inHelp: 'RUN' }],
  usage: '[--repair] [--json]',
  options: {
    repair: flag('--repair', 'rebuild state/ from the event log'),
    json: flag('--json', 'print the findings as JSON'),
  },
  json: prints<VerifyReport>(),
  examples: ['. latest', '. latest --repair'],
  async run({ words: [programDir, run], options, printJson }, context) {
    const { verifyRun } = await import('../../app/run/inspect-run.ts');
    const report = await verifyRun(context, programDir, run, { repair: options.repair });
    if (!report.ok) context.exit(ExitStatus.failed);
    if (options.json) return printJson(report);
    for (const line of verifyLines(report, context)) context.stdout.line(line);
    const repairable = report.problems.some(
      ({ severity, where }) => severity === 'error' && /^(state|inbox)\//.test(where),
    );
    if (repairable && !report.repaired) {
      const program = programWord(programDir, context);
      context.stderr.line(
        `hint: codex-orch run verify ${program}${report.run_id} --repair rebuilds state/ from the log`,
      );
    }
  },
});

function verifyLines(report: VerifyReport, context: CliContext): string[] {
  const { isTerminal } = context.stdout;
  const paint = makePaint(context.stdout.color);
  const problems = report.problems.map(({ severity, where, message }) => {
    const words = [severity, where, message].map(plainLine);
    if (!isTerminal) return words.join('\t');
    const tone = { error: paint.bad, warning: paint.asks, info: paint.dim }[severity];
    return `${tone(severity)}  ${words[1]}: ${words[2]}`;
  });
  const { checked, log } = report;
  const facts = [
    plural(log.events, 'event'),
    plural(checked.state_files, 'state file'),
    plural(checked.program_files, 'frozen file'),
    plural(checked.artifacts, 'artifact'),
    plural(checked.results, 'result'),
  ];
  const verdict = report.ok ? paint.good('sound') : paint.bad('damaged');
  const repaired = report.repaired ? ['state rebuilt'] : [];
  if (!isTerminal) return [...problems, [report.run_id, verdict, ...repaired, ...facts].join('\t')];
  const all = wrap([...repaired, ...facts].join(', '), context.stdout.columns - 2);
  return [...problems, `Run ${report.run_id}: ${verdict}`, ...all.map((line) => `  ${line}`)];
}
