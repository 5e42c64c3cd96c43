/** `inbox list`, and `interrupt list`. */
import type { InterruptEntry } from '../../app/inbox/list.ts';
import { choice, defineCommand, flag, prints, PROGRAM, text } from '../command.ts';
import { programWord } from '../program-argument.ts';
import { idleLines } from '../render/idle-lines.ts';
import { makePaint } from '../render/paint.ts';
import { titleWords } from '../../text/markdown.ts';
import { plainLine } from '../../text/plain-text.ts';
import { printTable, type Column } from '../render/table.ts';

export const command = defineCommand({
  description:
    'Lists the questions of all runs, newest run first. What lies in an inbox and cannot be taken in\n' +
    'is named on standard error, with the reason.',
  words: [PROGRAM],
  usage: '[options]',
  usageInErrors: '[options]',
  options: {
    audience: choice('--audience <whom>', 'only those for assistants, or for humans', [
      'assistant',
      'human',
    ]),
    unresolvedOnly: flag('--unresolved-only', 'only those without an answer'),
    runId: text('--run-id <run>', 'only those of this run', { kind: 'run' }),
    json: flag('--json', 'print the questions and answers as JSON'),
  },
  json: prints<InterruptEntry[]>('Newest run first.'),
  examples: ['', '. --unresolved-only --audience human'],
  async run({ words: [programDir], options, printJson }, context) {
    const { listInterrupts } = await import('../../app/inbox/list.ts');
    const { unresolvedOnly } = options;
    const { entries, strays } = await listInterrupts(programDir, {
      audience: options.audience ?? undefined,
      unresolvedOnly,
      run: options.runId ?? undefined,
    });
    if (options.json) printJson(entries);
    else {
      const empty = unresolvedOnly ? 'No open questions.' : 'No questions.';
      printTable(context.stdout, entries, columns, empty);
    }
    const paint = makePaint(context.stderr.color);
    const { answeredRuns } = await import('../../app/run/idle.ts');
    const idle = answeredRuns(programDir, options.runId);
    for (const line of idleLines(idle, programWord(programDir, context), paint)) {
      context.stderr.line(line);
    }
    const problems = entries.flatMap(({ interrupt, problem }) =>
      problem === undefined ? [] : `${interrupt.interrupt_id}: ${problem}`,
    );
    for (const line of [...problems, ...strays]) {
      context.stderr.line(`${paint.asks('not taken:')} ${plainLine(line)}`);
    }
    for (const { interrupt, assistant_problem: problem } of entries) {
      if (problem === undefined) continue;
      const line = plainLine(`${interrupt.interrupt_id}: ${problem}`);
      context.stderr.line(`${paint.asks('not answered:')} ${line}`);
    }
  },
});

const columns: Column<InterruptEntry>[] = [
  { title: 'ID', cell: ({ interrupt }) => interrupt.interrupt_id },
  {
    title: 'RUN',
    cell: ({ run_id }) => run_id,
    piped: ({ run_id }) => `run=${run_id}`,
    spare: true,
  },
  {
    title: 'INSTANCE',
    cell: ({ instance_id }) => instance_id ?? '-',
    flexible: true,
    piped: ({ instance_id }) => `instance=${instance_id ?? '-'}`,
  },
  {
    title: 'FOR',
    cell: ({ interrupt }) =>
      interrupt.audience === 'human' ? 'human' : (interrupt.resolved_target_role_id ?? 'assistant'),
    piped: ({ interrupt }) => `audience=${interrupt.audience}`,
  },
  {
    title: 'STATUS',
    cell: ({ interrupt }) => interrupt.status,
    piped: ({ interrupt }) => `status=${interrupt.status}`,
    paint: ({ interrupt }, text, paint) =>
      interrupt.status === 'open' ? paint.asks(text) : paint.good(text),
  },
  {
    title: 'QUESTION',
    cell: ({ interrupt }) => titleWords(interrupt.question),
    only: 'table',
    flexible: true,
  },
];
