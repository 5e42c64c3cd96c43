/** `run list`, `run show`, `run explain`. */
import { explainRun, listRuns, showRun, type RunExplanation } from '../app/run/inspect-run.ts';
import type { Explanation } from '../core/explain/explain.ts';
import type { JsonObject } from '../model/json.ts';
import { runStatus } from '../core/state/run-state.ts';
import { describeHolder } from '../store/lock/run-lock.ts';
import type { CliContext } from './context.ts';
import { programWord, quoteForShell, splitProgram } from './program-argument.ts';
import { durationBetween } from './render/amounts.ts';
import { makePaint, paintStatus } from './render/paint.ts';
import { plainLine } from './render/plain-text.ts';
import { printTable, type Column } from './render/table.ts';
import { wrap } from './render/text-width.ts';
import { runAndInstanceWords, runWords } from './run-arguments.ts';
import { renderYaml } from './render/yaml.ts';

interface ListRow {
  id: string;
  status: string;
  roots: string[];
  instances: number;
  createdAt: string;
  took: string;
  problem: string | null;
}

export function list(words: string[], options: { json?: boolean }, context: CliContext): void {
  const usage = 'run list [PROGRAM] [--json]';
  const { programDir } = splitProgram(words, { min: 0, max: 0, usage }, context);
  const runs = listRuns(programDir);
  const paint = makePaint(context.stderr.color);
  for (const run of runs) {
    if (!run.ok) context.stderr.line(`${paint.bad('damaged:')} ${plainLine(run.refusal.message)}`);
  }
  if (options.json === true) {
    const found = runs.flatMap((run) => (run.ok ? [run.summary] : []));
    return context.stdout.line(JSON.stringify(found, null, 2));
  }
  const rows = runs.map((run): ListRow => {
    if (!run.ok) {
      const problem = run.refusal.message;
      return {
        id: run.runId,
        status: 'damaged',
        roots: [],
        instances: 0,
        createdAt: '',
        took: '',
        problem,
      };
    }
    const {
      id,
      status,
      roots,
      labels,
      instance_count: instances,
      created_at: createdAt,
    } = run.summary;
    const took = durationBetween(createdAt, run.summary.updated_at) ?? '';
    const selected = [...roots, ...labels.map((label) => `label:${label}`)];
    return { id, status, roots: selected, instances, createdAt, took, problem: null };
  });
  const columns: Column<ListRow>[] = [
    { title: 'RUN', cell: (row) => row.id },
    {
      title: 'STATUS',
      cell: (row) => row.status,
      paint: (row, text, tone) => {
        const run = runs.find((other) => other.ok && other.summary.id === row.id);
        return run?.ok === true ? paintStatus(tone, run.summary.status, text) : tone.bad(text);
      },
    },
    {
      title: 'ROOTS',
      cell: (row) => row.roots.join(', '),
      piped: (row) => `roots=${row.roots.join(',')}`,
      flexible: true,
    },
    {
      title: 'INSTANCES',
      cell: (row) => String(row.instances),
      piped: (row) => `instances=${row.instances}`,
    },
    { title: 'STARTED', cell: (row) => localTime(row.createdAt), only: 'table' },
    { title: 'TOOK', cell: (row) => row.took, only: 'table' },
  ];
  const program = programWord(programDir, context);
  printTable(
    context.stdout,
    rows,
    columns,
    `no runs yet; start one with: codex-orch run start ${program}--root TASK`,
  );
}

export async function show(
  words: string[],
  options: { json?: boolean },
  context: CliContext,
): Promise<void> {
  const { programDir, run } = runWords(words, 'run show', context);
  const document = showRun(programDir, run);
  if (options.json === true) return context.stdout.line(JSON.stringify(document, null, 2));
  // A document is plain data; an interface is no index signature.
  context.stdout.write(renderYaml(document as unknown as JsonObject));
}

export function explain(words: string[], options: { json?: boolean }, context: CliContext): void {
  const { programDir, run, instance } = runAndInstanceWords(words, 'run explain', context);
  const explained = explainRun(programDir, run, instance ?? undefined);
  const { instances, decisions, holder, state, runId } = explained;
  const commandLine = (explanation: Explanation): string | null =>
    explanation.command === null
      ? null
      : commandLineOf(explanation.command, programDir, programWord(programDir, context));
  if (options.json === true) {
    const document = {
      run_id: runId,
      status: runStatus(state),
      driven_by: holder === null ? null : describeHolder(holder),
      instances: instances.map((each) => ({ ...each, command: commandLine(each) })),
      decisions,
    };
    return context.stdout.line(JSON.stringify(document, null, 2));
  }
  if (!context.stdout.isTerminal) {
    for (const each of instances) {
      const cells = [each.instance_id, each.status, each.why, commandLine(each) ?? ''];
      context.stdout.line(cells.map(plainLine).join('\t'));
    }
    return;
  }
  for (const line of explanationLines(explained, commandLine, instance === null, context)) {
    context.stdout.line(line);
  }
}

function explanationLines(
  { runId, state, holder, instances, decisions }: RunExplanation,
  commandLine: (explanation: Explanation) => string | null,
  whole: boolean,
  context: CliContext,
): string[] {
  const paint = makePaint(context.stdout.color);
  const width = Math.min(context.stdout.columns, 100) - 1;
  const status = runStatus(state);
  const driver = holder === null ? 'nothing drives it' : `driven by ${describeHolder(holder)}`;
  const lines = [`Run ${runId}: ${paintStatus(paint, status, status)}; ${driver}.`];
  for (const each of instances) {
    const command = commandLine(each);
    lines.push(
      '',
      `${paint.bold(each.instance_id)}  ${paintStatus(paint, each.status, each.status)}`,
      ...wrap(plainLine(each.why), width - 2).map((line) => `  ${line}`),
      ...(command === null ? [] : [`  ${paint.command(command)}`]),
    );
  }
  if (whole && instances.length === 0) lines.push('Every instance is done.');
  if (whole && decisions.length > 0) {
    lines.push('', 'Decisions:');
    for (const decision of decisions) {
      const chosen = decision.chosen.length === 0 ? 'nothing' : decision.chosen.join(', ');
      const not = decision.not_chosen.length === 0 ? '' : `; not ${decision.not_chosen.join(', ')}`;
      const round = decision.opened === null ? '' : ` (iteration ${decision.opened.iteration})`;
      lines.push(`  ${plainLine(`${decision.instance_id} chose ${chosen}${not}${round}`)}`);
    }
  }
  return lines;
}

/** Words of a command as a reader would type them from where they are. */
function commandLineOf(command: string[], programDir: string, program: string): string {
  const words = command.flatMap((word) => {
    if (word !== programDir) return [quoteForShell(word)];
    return program === '' ? [] : [program.trimEnd()];
  });
  return ['codex-orch', ...words].join(' ');
}

/** `2026-11-22 14:02`, in the reader's time zone. */
function localTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
