/**
 * The live view of a run: state → lines, pure. Tasks stand in the order of their dependencies; finished
 * iterations of a loop are folded into one line; what does not fit the height is folded into counts,
 * the least urgent first.
 */
import type { TaskSpec } from '../../model/program.ts';
import type { Instance, InstanceStatus } from '../../model/run.ts';
import { checkInWords } from '../../core/state/checks.ts';
import { isWaitingForLimit } from '../../core/state/usage-limits.ts';
import { isWaitingForLock } from '../../core/state/locks.ts';
import { isRunStopped, isStopped, workedMs } from '../../core/state/standing.ts';
import { runStatus, type RunState } from '../../core/state/run-state.ts';
import { duration, durationBetween, totalTokens } from './amounts.ts';
import { count } from '../../text/amounts.ts';
import { plural } from '../../text/plural.ts';
import { itemName } from '../../core/state/item-names.ts';
import { paintStatus, type Paint } from './paint.ts';
import { latestRegion, progressOf, regionText, type RegionProgress } from './region-row.ts';
import { standingWord } from './standing-word.ts';
import { titleWords } from '../../text/markdown.ts';
import { plainLine } from '../../text/plain-text.ts';
import { fit, pad, textWidth } from '../../text/width.ts';

export interface LiveInput {
  state: RunState;
  /** Instance id → what its agent is doing, one line, plain. */
  activities: ReadonlyMap<string, string>;
  nowMs: number;
  /** A last line of its own, such as what Ctrl-C will do. */
  note: string | null;
}

export interface Area {
  columns: number;
  rows: number;
  paint: Paint;
}

interface Row {
  status: InstanceStatus | 'stopped';
  label: string;
  time: string;
  text: string;
}

const glyphs: Record<Row['status'], string> = {
  stopped: '■',
  done: '✔',
  failed: '✖',
  waiting: '?',
  running: '●',
  runnable: '○',
  pending: '·',
  skipped: '-',
};

/** At most `rows - 1` lines, each narrower than `columns`: the cursor stands below them. */
export function liveLines(input: LiveInput, area: Area): string[] {
  const width = area.columns - 1;
  const header = fit(headline(input), width);
  const status = runStatus(input.state);
  const foot = input.note === null ? [] : [area.paint.asks(fit(plainLine(input.note), width))];
  const rows = fold(collectRows(input), Math.max(1, area.rows - 2 - foot.length));
  const labelWidth = Math.min(
    Math.floor(width * 0.4),
    Math.max(0, ...rows.map((row) => textWidth(row.label))),
  );
  const timeWidth = Math.max(0, ...rows.map((row) => textWidth(row.time)));
  const body = rows.map((row) => {
    const glyph = paintStatus(area.paint, row.status, glyphs[row.status]);
    const label = pad(fit(row.label, labelWidth), labelWidth);
    const time = area.paint.dim(row.time.padStart(timeWidth));
    const text = fit(row.text, width - labelWidth - timeWidth - 6);
    const faded = row.status === 'pending' || row.status === 'skipped' || row.status === 'runnable';
    return `${glyph} ${faded ? area.paint.dim(label) : label}  ${time}  ${
      row.status === 'running' || faded
        ? area.paint.dim(text)
        : paintStatus(area.paint, row.status, text)
    }`.trimEnd();
  });
  return [paintStatus(area.paint, status, header), ...body, ...foot];
}

function headline({ state, nowMs }: LiveInput): string {
  const begun = new Set([...state.instances.values()].map((instance) => instance.task_id));
  for (const { task_id: task } of state.regions.values()) begun.add(task);
  const unborn = Object.keys(state.plan.tasks).filter((id) => !begun.has(id)).length;
  const total = state.instances.size + unborn;
  const tokens = [...state.instances.values()]
    .flatMap((instance) => instance.attempts)
    .reduce((sum, attempt) => sum + (attempt.usage ? totalTokens(attempt.usage) : 0), 0);
  return [
    state.runId,
    standingWord({
      status: runStatus(state),
      aborted: state.aborted,
      stopped: isRunStopped(state),
    }),
    `${state.counts.done}/${total} done`,
    duration(workedMs(state, nowMs)),
    ...(tokens > 0 ? [`${count(tokens)} tokens`] : []),
  ].join(' · ');
}

function collectRows(input: LiveInput): Row[] {
  const byTask = new Map<string, Instance[]>();
  for (const instance of input.state.instances.values()) {
    const known = byTask.get(instance.task_id);
    if (known) known.push(instance);
    else byTask.set(instance.task_id, [instance]);
  }
  const { stacks } = input.state.graph.regions;
  return tasksInOrder(input.state.plan.tasks).flatMap((task) => {
    const [region] = stacks.get(task.id) ?? [];
    if (region === undefined) return rowsOfTask(task, byTask.get(task.id) ?? [], input);
    // One line stands for all that lies in a region, whatever lies in that.
    return region === task.id ? rowsOfRegion(task, byTask, input) : [];
  });
}

/** How many of its instances at work have a row of their own beside the region's. */
const SHOWN_AT_WORK = 4;

/** One row for all items, one for each instance in them that waits or failed, and for those at work while they are few. */
function rowsOfRegion(
  task: TaskSpec,
  byTask: ReadonlyMap<string, readonly Instance[]>,
  input: LiveInput,
): Row[] {
  const { state } = input;
  const region = latestRegion(state, task.id);
  if (region === null) return rowsOfTask(task, [...(byTask.get(task.id) ?? [])], input);
  const body = [...(state.graph.regions.bodies.get(task.id) ?? [])];
  const within = body.flatMap((id) => byTask.get(id) ?? []);
  const working = within.filter(({ status }) => status === 'running');
  const told = within.filter(({ status }) => status === 'waiting' || status === 'failed');
  const progress = progressOf(region);
  const row: Row = {
    status: statusOfRegion(progress),
    label: task.id,
    time: '',
    text: regionText(progress),
  };
  const shown = working.length <= SHOWN_AT_WORK ? [...told, ...working] : told;
  return [
    row,
    ...shown.map((instance) => {
      const item = itemName(state, instance.input_scope_id);
      return rowOf(instance, `  ${plainLine(`${instance.task_id} ${item}`)}`, input);
    }),
  ];
}

function statusOfRegion({ over, count, atWork, failed }: RegionProgress): Row['status'] {
  if (over < count) return atWork > 0 ? 'running' : 'pending';
  return failed > 0 ? 'failed' : 'done';
}

/** One row for each instance that moves, waits or failed; one for the last of the others, with their number. */
function rowsOfTask(task: TaskSpec, instances: Instance[], input: LiveInput): Row[] {
  if (instances.length === 0) {
    return [{ status: 'pending', label: task.id, time: '', text: notYet(task, input.state) }];
  }
  const rows: Row[] = [];
  const settled: Instance[] = [];
  for (const [index, instance] of instances.entries()) {
    if (instance.status === 'done' || instance.status === 'skipped') settled.push(instance);
    else
      rows.push(
        rowOf(instance, instances.length > 1 ? `${task.id} #${index + 1}` : task.id, input),
      );
  }
  const last = settled.at(-1);
  if (last && (rows.length === 0 || settled.length > 0)) {
    const label = instances.length > 1 ? `${task.id} ×${settled.length}` : task.id;
    rows.unshift(rowOf(last, label, input));
  }
  return rows;
}

function rowOf(instance: Instance, label: string, input: LiveInput): Row {
  const { status } = instance;
  const attempt = instance.attempts.at(-1);
  const again = instance.attempt > 1 ? `attempt ${instance.attempt}${goesOnAs(instance)}: ` : '';
  switch (status) {
    case 'running': {
      const time = attempt ? duration(input.nowMs - Date.parse(attempt.started_at)) : '';
      return {
        status,
        label,
        time,
        text:
          again +
          (attempt?.placed === undefined ? '' : `on ${plainLine(attempt.placed.host)}: `) +
          (checkedNow(input.state, instance) ??
            input.activities.get(instance.instance_id) ??
            'starting'),
      };
    }
    case 'waiting':
      if (instance.waiting_until !== undefined) {
        return { status, label, time: '', text: countdown(instance, input.nowMs) };
      }
      return { status, label, time: '', text: questions(instance, input.state) };
    case 'failed':
      if (isStopped(instance)) return { status: 'stopped', label, time: '', text: 'stopped' };
      return { status, label, time: '', text: plainLine(instance.error ?? 'failed') };
    case 'done': {
      const time = durationBetween(instance.started_at, instance.finished_at) ?? '';
      return { status, label, time, text: '' };
    }
    case 'skipped':
      return { status, label, time: '', text: 'skipped' };
    case 'runnable':
      return { status, label, time: '', text: 'waits for a free slot' };
    case 'pending':
      return { status, label, time: '', text: waitsFor(upstreamOf(instance), input.state) };
  }
}

function checkedNow(state: RunState, instance: Instance): string | null {
  const words = checkInWords(state, instance);
  return words === '' ? null : plainLine(words);
}

function goesOnAs({ attempts }: Instance): string {
  const { continued } = attempts.at(-2) ?? {};
  return continued === undefined ? '' : ` (${continued.reason})`;
}

function countdown(instance: Instance, nowMs: number): string {
  const { waiting_until: until, error } = instance;
  const leftMs = Math.max(0, Date.parse(until ?? '') - nowMs);
  if (isWaitingForLimit(instance)) {
    return `usage limit, tried in ${duration(leftMs)}: ${plainLine(error ?? '')}`;
  }
  return `tried again in ${duration(leftMs)}: ${plainLine(error ?? 'it failed')}`;
}

function questions(instance: Instance, state: RunState): string {
  if (isWaitingForLock(instance)) return 'waits for a lock';
  const [first] = instance.blocking_interrupts;
  const record = first === undefined ? undefined : state.interrupts.get(first);
  if (!record) return 'waits for replies';
  const { interrupt } = record;
  const whom =
    interrupt.audience === 'human' ? 'you' : (interrupt.resolved_target_role_id ?? 'an assistant');
  const more = instance.blocking_interrupts.length - 1;
  const rest = more > 0 ? ` (and ${more} more)` : '';
  return `asks ${whom}: ${plainLine(titleWords(interrupt.question))}${rest}`;
}

function notYet(task: TaskSpec, state: RunState): string {
  const gate = state.graph.gate.get(task.id);
  if (gate !== undefined) return `if ${gate} chooses it`;
  const upstream = state.graph.upstream.get(task.id) ?? [];
  return upstream.length === 0 ? '' : `after ${upstream.map(({ task: id }) => id).join(', ')}`;
}

function upstreamOf({ dependency_instances: bound, gathers }: Instance): string[] {
  return [...new Set([...Object.values(bound), ...Object.values(gathers ?? {})])];
}

function waitsFor(upstream: string[], state: RunState): string {
  const open = upstream.flatMap((id) => {
    const region = state.regions.get(id);
    if (region !== undefined) {
      return region.gathering.some((each) => each.open > 0) ? [`all of ${region.task_id}`] : [];
    }
    const other = state.instances.get(id);
    return other === undefined || other.status === 'done' ? [] : [other.task_id];
  });
  return open.length === 0 ? '' : `after ${[...new Set(open)].join(', ')}`;
}

/** Folds rows into counts until at most `height` are left; what runs, waits or failed goes last. */
function fold(rows: Row[], height: number): Row[] {
  const summary = (status: Row['status'], label: string): Row => ({
    status,
    label,
    time: '',
    text: '',
  });
  const steps: [Row['status'][], (amount: number) => Row][] = [
    [['pending', 'skipped'], (n) => summary('pending', `${n} not started`)],
    [['done'], (n) => summary('done', `${plural(n, 'task')} done`)],
    [['runnable'], (n) => summary('runnable', `${n} wait for a free slot`)],
  ];
  let kept = rows;
  const summaries: Row[] = [];
  for (const [statuses, summarise] of steps) {
    if (kept.length + summaries.length <= height) return [...kept, ...summaries];
    const folded = kept.filter((row) => statuses.includes(row.status));
    if (folded.length < 2) continue;
    kept = kept.filter((row) => !statuses.includes(row.status));
    summaries.unshift(summarise(folded.length));
  }
  if (kept.length + summaries.length <= height) return [...kept, ...summaries];
  const isUrgent = (row: Row): boolean => row.status === 'failed' || row.status === 'waiting';
  const ranked = [...kept.filter(isUrgent), ...kept.filter((row) => !isUrgent(row))];
  const shown = ranked.slice(0, Math.max(1, height - summaries.length - 1));
  const more = summary('pending', `… and ${ranked.length - shown.length} more`);
  return [...shown, more, ...summaries].slice(0, height);
}

const orders = new WeakMap<Record<string, TaskSpec>, TaskSpec[]>();

/** Upstream first; among equals, the author's order. Computed once per run. */
function tasksInOrder(tasks: Record<string, TaskSpec>): TaskSpec[] {
  const known = orders.get(tasks);
  if (known) return known;
  const ordered = new Set<TaskSpec>();
  const visit = (task: TaskSpec): void => {
    if (ordered.has(task)) return;
    for (const { task: id } of task.depends_on) {
      const upstream = tasks[id];
      if (upstream && !ordered.has(upstream)) visit(upstream);
    }
    ordered.add(task);
  };
  for (const task of Object.values(tasks)) visit(task);
  const list = [...ordered];
  orders.set(tasks, list);
  return list;
}
