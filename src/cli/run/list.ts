/** `run list`. */
import type { RunDocument, RunSummary } from '../../app/run/inspect-run.ts';
import { Refusal } from '../../model/refusal.ts';
import type { RunStatus } from '../../model/run.ts';
import { defineCommand, flag, prints, PROGRAM } from '../command.ts';
import type { CliContext } from '../context.ts';
import { programWord } from '../program-argument.ts';
import { durationBetween } from '../render/amounts.ts';
import { makePaint, paintStatus } from '../render/paint.ts';
import { plainLine } from '../render/plain-text.ts';
import { printTable, type Column } from '../render/table.ts';

export const command = defineCommand({
  description: 'Lists the runs of a program, newest first.',
  words: [PROGRAM],
  usage: '[--json [--full]]',
  usageInErrors: '[--json [--full]]',
  options: {
    json: flag('--json', 'print the runs as JSON: each without its tasks, scopes and instances'),
    full: flag('--full', 'with --json: all of each run, as `run show` prints it'),
  },
  json: [
    prints<RunSummary[]>('Newest first.'),
    prints<RunDocument[]>('Newest first, each as `run show --json` prints it.', '--full'),
  ],
  examples: ['', 'my-program | cut -f1', '. --json --full'],
  async run({ words: [programDir], options, printJson }, context) {
    const { json, full } = options;
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
    const rows = runs.map((run) => (run.ok ? rowOf(run.summary) : damagedRow(run.runId)));
    const program = programWord(programDir, context);
    const empty = `no runs yet; start one with: codex-orch run start ${program}--root TASK`;
    printTable(context.stdout, rows, columns, empty);
  },
});

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
  roots: string[];
  instances: number;
  createdAt: string;
  took: string;
}

function rowOf(run: RunSummary): ListRow {
  const { id, status, roots, labels, instance_count: instances, created_at: createdAt } = run;
  const took = durationBetween(createdAt, run.updated_at) ?? '';
  // Runs that were started by label once recorded no more than that.
  const selected = roots.length > 0 ? roots : labels.map((label) => `label:${label}`);
  return { id, status, roots: selected, instances, createdAt, took };
}

function damagedRow(id: string): ListRow {
  return { id, status: 'damaged', roots: [], instances: 0, createdAt: '', took: '' };
}

const columns: Column<ListRow>[] = [
  { title: 'RUN', cell: (row) => row.id },
  {
    title: 'STATUS',
    cell: (row) => row.status,
    paint: ({ status }, text, tone) =>
      status === 'damaged' ? tone.bad(text) : paintStatus(tone, status, text),
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

/** `2026-11-22 14:02`, in the reader's time zone. */
function localTime(iso: string): string {
  const time = new Date(iso);
  if (Number.isNaN(time.getTime())) return '';
  const two = (value: number): string => String(value).padStart(2, '0');
  const day = [time.getFullYear(), two(time.getMonth() + 1), two(time.getDate())].join('-');
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}`;
}
