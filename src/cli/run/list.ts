/** `run list`. */
import type { ListedRun, RunDocument, RunSummary } from '../../app/run/inspect-run.ts';
import type { KnownSpending } from '../../app/run/spending.ts';
import { count } from '../../text/amounts.ts';
import { Refusal } from '../../model/refusal.ts';
import type { RunStatus } from '../../model/run.ts';
import { defineCommand, flag, prints, PROGRAM } from '../command.ts';
import type { CliContext } from '../context.ts';
import { programWord } from '../program-argument.ts';
import { dollars, duration, localTime } from '../render/amounts.ts';
import { idleLines } from '../render/idle-lines.ts';
import { standingWord, type StandingWord } from '../render/standing-word.ts';
import { makePaint, paintStatus } from '../render/paint.ts';
import { plainLine } from '../../text/plain-text.ts';
import { printTable, tableLines, type Column } from '../render/table.ts';

export const command = defineCommand({
  description:
    'Lists the runs of a program, newest first. WORKED is the time in which an attempt of it was at work.',
  words: [PROGRAM],
  usage: '[--watch | --json [--full]]',
  usageInErrors: '[--watch | --json [--full]]',
  options: {
    json: flag('--json', 'print the runs as JSON: each without its tasks, scopes and instances'),
    full: flag('--full', 'with --json: all of each run, as `run show` prints it'),
    watch: flag('--watch', 'on a terminal: keep the list up to date until Ctrl-C'),
  },
  json: [
    prints<RunSummary[]>('Newest first.'),
    prints<RunDocument[]>('Newest first, each as `run show --json` prints it.', '--full'),
  ],
  examples: ['', 'my-program | cut -f1', '. --json --full'],
  async run({ words: [programDir], options, printJson }, context) {
    const { json, full, watch } = options;
    if (watch) {
      if (json || !context.stdout.isTerminal) {
        throw new Refusal('bad-option', '--watch is for a person at a terminal', {
          hint: 'to poll: codex-orch run list --json; to follow one run: codex-orch run watch RUN',
        });
      }
      const { listRuns } = await import('../../app/run/inspect-run.ts');
      const { watchRuns } = await import('../live/watch-runs.ts');
      const spending = await spendingFor(context);
      return watchRuns(context, () =>
        watchedLines(listRuns(programDir), programDir, context, spending),
      );
    }
    if (full && !json) {
      throw new Refusal('bad-option', '--full goes with --json', {
        hint: 'codex-orch run list --json --full; one run: codex-orch run show RUN',
      });
    }
    const { listRuns, showRuns } = await import('../../app/run/inspect-run.ts');
    if (full) {
      const shown = showRuns(programDir);
      sayDamaged(shown, context);
      return printJson(shown.flatMap((run) => (run.ok ? [run.document] : [])));
    }
    const runs = listRuns(programDir);
    sayDamaged(runs, context);
    if (json) return printJson(runs.flatMap((run) => (run.ok ? [run.summary] : [])));
    const nowMs = Date.parse(context.clock.now());
    const rows = listRows(runs, nowMs, await spendingFor(context));
    const program = programWord(programDir, context);
    printTable(context.stdout, rows, columnsFor(rows), noRuns(programDir, context));
    const { idleRuns } = await import('../../app/run/idle.ts');
    const summaries = runs.flatMap((run) => (run.ok ? [run.summary] : []));
    const idle = idleRuns(programDir, summaries, nowMs);
    for (const line of idleLines(idle, program, makePaint(context.stderr.color))) {
      context.stderr.line(line);
    }
  },
});

type SpendingOf = (run: RunSummary) => KnownSpending;

async function spendingFor(context: CliContext): Promise<SpendingOf> {
  const { pricesOfUser, spendingOfUse } = await import('../../app/run/spending.ts');
  const prices = await pricesOfUser(context);
  return ({ use = [], project }) => spendingOfUse(use, project.prices ?? prices);
}

function listRows(runs: readonly ListedRun[], nowMs: number, spending: SpendingOf): ListRow[] {
  return runs.map((run) =>
    run.ok ? rowOf(run.summary, nowMs, spending(run.summary)) : damagedRow(run.runId),
  );
}

/** On a terminal, what was used only where some run has used any. */
function columnsFor(rows: readonly ListRow[]): Column<ListRow>[] {
  const isUsed = rows.some(({ tokens }) => tokens !== '');
  return isUsed ? columns : columns.filter((column) => !useColumns.includes(column));
}

function noRuns(programDir: string, context: CliContext): string {
  return `no runs yet; start one with: codex-orch run start ${programWord(programDir, context)}--root TASK`;
}

/** The table, as `--watch` draws it again and again. */
function watchedLines(
  runs: readonly ListedRun[],
  programDir: string,
  context: CliContext,
  spending: SpendingOf,
): string[] {
  if (runs.length === 0) return [noRuns(programDir, context)];
  const { columns: width, color } = context.stdout;
  const rows = listRows(runs, Date.parse(context.clock.now()), spending);
  return tableLines(rows, columnsFor(rows), width - 1, makePaint(color));
}

function sayDamaged(
  runs: readonly ({ ok: true } | { ok: false; refusal: Refusal })[],
  context: CliContext,
): void {
  const paint = makePaint(context.stderr.color);
  for (const run of runs) {
    if (run.ok) continue;
    context.stderr.line(`${paint.bad('damaged:')} ${plainLine(run.refusal.message)}`);
  }
}

interface ListRow {
  id: string;
  status: RunStatus | 'damaged';
  /** What a person reads. */
  word: StandingWord | 'damaged';
  /** Empty: it has none. */
  title: string;
  roots: string[];
  instances: number;
  createdAt: string;
  worked: string;
  tokens: string;
  cost: string;
}

function rowOf(run: RunSummary, nowMs: number, spending: KnownSpending): ListRow {
  const { id, status, roots, labels, instance_count: instances, created_at: createdAt } = run;
  // An attempt that runs has been at work since the last event.
  const sinceMs = run.counts.running > 0 ? Math.max(0, nowMs - Date.parse(run.updated_at)) : 0;
  const worked = duration(run.worked_ms + sinceMs);
  // Runs that were started by label once recorded no more than that.
  const selected = roots.length > 0 ? roots : labels.map((label) => `label:${label}`);
  return {
    id,
    status,
    word: standingWord(run),
    title: run.title ?? '',
    roots: selected,
    instances,
    createdAt,
    worked,
    ...spent(spending),
  };
}

/** `≥`: of a part nobody knows what it cost. */
function spent({
  tokens,
  cost_usd: usd,
  isWhole,
}: KnownSpending): Pick<ListRow, 'tokens' | 'cost'> {
  return {
    tokens: tokens === 0 ? '' : count(tokens),
    cost: usd === null ? '' : `${isWhole ? '' : '≥ '}${dollars(usd)}`,
  };
}

function damagedRow(id: string): ListRow {
  return {
    id,
    status: 'damaged',
    word: 'damaged',
    title: '',
    roots: [],
    instances: 0,
    createdAt: '',
    worked: '',
    tokens: '',
    cost: '',
  };
}

const useColumns: Column<ListRow>[] = [
  {
    title: 'TOKENS',
    cell: (row) => row.tokens,
    piped: ({ tokens }) => (tokens === '' ? '' : `tokens=${tokens}`),
    spare: true,
    omitEmpty: true,
  },
  {
    title: 'COST',
    cell: (row) => row.cost,
    piped: ({ cost }) => (cost === '' ? '' : `cost=${cost}`),
    spare: true,
    omitEmpty: true,
  },
];

const columns: Column<ListRow>[] = [
  { title: 'RUN', cell: (row) => row.id },
  {
    title: 'STATUS',
    cell: (row) => row.word,
    piped: (row) => row.status,
    paint: ({ word }, text, tone) =>
      word === 'damaged' ? tone.bad(text) : paintStatus(tone, word, text),
  },
  {
    title: 'ROOTS',
    cell: ({ title, roots }) => [...(title === '' ? [] : [title]), roots.join(', ')].join(': '),
    piped: (row) => `roots=${row.roots.join(',')}`,
    flexible: true,
  },
  {
    title: 'INSTANCES',
    cell: (row) => String(row.instances),
    piped: (row) => `instances=${row.instances}`,
  },
  { title: 'STARTED', cell: (row) => localTime(row.createdAt), only: 'table', spare: true },
  { title: 'WORKED', cell: (row) => row.worked, only: 'table' },
  {
    title: '',
    cell: ({ word }) => (word === 'stopped' ? word : ''),
    only: 'piped',
    omitEmpty: true,
  },
  ...useColumns,
];
