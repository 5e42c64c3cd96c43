/** Events of the run as a whole: section 12 of the contract. */
import { completeProject, completeTask } from '../../model/defaults.ts';
import type { TaskSpec } from '../../model/program.ts';
import type { RunPlan, RunStatus } from '../../model/run.ts';
import { emptyAgenda } from '../state/agenda.ts';
import { takesLocks } from '../state/locks.ts';
import { endOf, type RunState } from '../state/run-state.ts';
import { buildTaskGraph } from '../state/task-graph.ts';
import { closeUnsaid, saysWhatIsClosed } from './interrupt.ts';
import type { Family, LoggedEvent } from './spec.ts';

export interface RunEvents {
  run_created: RunPlan;
  /** `interrupt_id`: the question at the run's budget that was answered so. */
  run_stopped: { interrupt_id: string };
  run_aborted: Record<string, never>;
  run_completed: { status: RunStatus };
}

export const runEvents: Family<RunEvents> = {
  run_created: {
    since: 1,
    apply: () => {
      throw new Error('run_created stands only at the beginning');
    },
    records: ({ payload }) => Object.keys(payload.tasks).map((id) => ({ kind: 'task', id })),
    says: ({ roots }) => `roots ${roots.join(', ')}`,
  },
  run_aborted: {
    since: 1,
    misfit: unlessAtRest,
    apply(state) {
      state.aborted = true;
      closeUnsaid(state);
    },
    news: 'aborted',
  },
  run_stopped: {
    since: 2,
    misfit(state, { payload: { interrupt_id: id } }) {
      const record = state.interrupts.get(id);
      if (record?.interrupt.subject !== 'budget') return `${id} is no question of a budget`;
      if (record.interrupt.instance_id !== null) return `${id} is a question of an instance`;
      if (record.reply === null) return `${id} is not answered`;
      return record.isObeyed === true ? `${id} has been obeyed already` : null;
    },
    apply(state, { payload }) {
      state.isStopped = true;
      const record = state.interrupts.get(payload.interrupt_id);
      if (record) record.isObeyed = true;
    },
    news: 'stopped',
  },
  run_completed: {
    since: 1,
    misfit(state, { payload: { status } }) {
      const end = endOf(state);
      if (status !== end) return `the run is ${end}, not ${status}`;
      if (state.announced === status) return `it was ${status} already`;
      return unlessAtRest(state);
    },
    apply(state, { payload }) {
      state.announced = payload.status;
    },
    says: ({ status }) => status,
  },
};

/** For `misfit`: null where no instance has anything left to do, and nobody is asked anything. */
function unlessAtRest(state: RunState): string | null {
  const { counts, interrupts } = state;
  if (saysWhatIsClosed(state)) {
    for (const [id, { interrupt }] of interrupts)
      if (interrupt.status === 'open') return `${id} is open`;
  }
  const open = (['pending', 'runnable', 'running', 'waiting'] as const).find(
    (status) => counts[status] > 0,
  );
  return open === undefined ? null : `${counts[open]} instances are ${open}`;
}

/** What was frozen, with what it lacks: the run may be older than a field. The one place that reads it. */
function thawed(plan: RunPlan): { plan: RunPlan; tasks: readonly TaskSpec[] } {
  const project = completeProject(plan.project);
  const frozen = Object.values(plan.tasks);
  const tasks = frozen.map((task) => completeTask(task, project.default_agent));
  // Nearly all lack nothing, and a record of many takes long to make.
  const byId = tasks.every((task, at) => task === frozen[at])
    ? plan.tasks
    : Object.fromEntries(Object.keys(plan.tasks).map((id, at) => [id, tasks[at]!]));
  return { plan: { ...plan, project, tasks: byId }, tasks };
}

/** The state with which every run begins. */
export function createState(event: LoggedEvent<'run_created', RunPlan>): RunState {
  // The tasks once more as a list: to make one of a record of many takes long, too.
  const { plan, tasks } = thawed(event.payload);
  return {
    runId: event.run_id,
    plan,
    graph: buildTaskGraph(plan.tasks, tasks),
    seq: event.seq,
    createdAt: event.created_at,
    updatedAt: event.created_at,
    aborted: false,
    announced: null,
    baseScopeId: '',
    scopes: new Map(),
    instances: new Map(),
    interrupts: new Map(),
    runQuestions: new Set(),
    result: null,
    mergeTasks: new Map(),
    proposals: new Map(),
    droppedProposals: new Map(),
    scopeIndex: new Map(),
    links: new Map(),
    regions: new Map(),
    counts: { pending: 0, runnable: 0, running: 0, waiting: 0, done: 0, failed: 0, skipped: 0 },
    workedMs: 0,
    workingSince: null,
    spent: { tokens: 0, cost_usd: 0, attempts: 0 },
    use: new Map(),
    granted: {},
    isStopped: false,
    hasLocks: takesLocks(plan.project, tasks),
    locks: new Map(),
    limited: new Map(),
    agenda: emptyAgenda(),
  };
}
