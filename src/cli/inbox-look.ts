/** `inbox list`, `inbox show`, and the same of `interrupt`. */
import { listInterrupts, showInterrupt, type InterruptEntry } from '../app/inbox/list.ts';
import type { Json } from '../model/json.ts';
import type { CliContext } from './context.ts';
import { printJson, printYaml } from './program-edits.ts';
import { splitProgram } from './program-argument.ts';
import { makePaint } from './render/paint.ts';
import { plainLine } from './render/plain-text.ts';
import { printTable, type Column } from './render/table.ts';

export interface ListOptions {
  audience?: 'assistant' | 'human';
  unresolvedOnly?: boolean;
  runId?: string;
  json?: boolean;
}

export async function list(
  words: string[],
  options: ListOptions,
  group: string,
  context: CliContext,
): Promise<void> {
  const usage = `${group} list [PROGRAM] [options]`;
  const { programDir } = splitProgram(words, { min: 0, max: 0, usage }, context);
  const { entries, strays } = await listInterrupts(programDir, {
    audience: options.audience,
    unresolvedOnly: options.unresolvedOnly,
    run: options.runId,
  });
  if (options.json === true) printJson(entries, context);
  else {
    const empty = options.unresolvedOnly === true ? 'No open questions.' : 'No questions.';
    printTable(context.stdout, entries, columns, empty);
  }
  const paint = makePaint(context.stderr.color);
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
}

export async function show(
  words: string[],
  options: { runId?: string; json?: boolean },
  group: string,
  context: CliContext,
): Promise<void> {
  const usage = `${group} show [PROGRAM] ID [options]`;
  const { programDir, rest } = splitProgram(words, { min: 1, max: 1, usage }, context);
  const entry = await showInterrupt(programDir, rest[0] ?? '', options.runId);
  if (options.json === true) printJson(entry, context);
  else printYaml(entry as unknown as Json, context);
}

const columns: Column<InterruptEntry>[] = [
  { title: 'ID', cell: ({ interrupt }) => interrupt.interrupt_id },
  { title: 'RUN', cell: ({ run_id }) => run_id, piped: ({ run_id }) => `run=${run_id}` },
  {
    title: 'INSTANCE',
    cell: ({ instance_id }) => instance_id,
    piped: ({ instance_id }) => `instance=${instance_id}`,
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
  { title: 'QUESTION', cell: ({ interrupt }) => interrupt.question, only: 'table', flexible: true },
];
