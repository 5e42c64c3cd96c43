/** The planner alone: no disk, no process. */
import { plan } from '../src/core/plan/plan.ts';
import { createRun } from '../src/core/plan/create-run.ts';
import { finishAttempt, type AttemptFacts } from '../src/core/judge/finish.ts';
import type { ProjectSpec, TaskSpec } from '../src/model/program.ts';
import type { RunPlan } from '../src/model/run.ts';
import type { RunState } from '../src/core/state/run-state.ts';
import type { RunEvent } from '../src/core/events/events.ts';

const now = '2026-01-01T00:00:00.000Z';

const project: ProjectSpec = {
  name: 'bench',
  workspace: '.',
  description: '',
  default_agent: 'shell',
  default_model: null,
  default_sandbox: 'workspace-write',
  max_concurrency: 2,
  node_wall_timeout_sec: null,
  node_idle_timeout_sec: null,
  node_terminate_grace_sec: 10,
  user_inputs: {},
  agents: {},
  assistants: 'worker',
};

export function taskSpec(id: string, upstream: string[]): TaskSpec {
  return {
    id,
    title: id,
    agent: 'shell',
    kind: 'work',
    status: 'ready',
    description: '',
    labels: [],
    depends_on: upstream.map((task) => ({ task, kind: 'order', consume: [], as: null })),
    compose: [],
    publish: [],
    control: null,
    assistant_hints: { preferred_roles: [], decision_kind_overrides: {}, ask_when: [] },
    interaction_policy: { allowed_assistant_roles: null, allow_human: true },
    required_decisions: [],
    model: null,
    sandbox: null,
    workspace: null,
    extra_writable_roots: [],
    result_schema: null,
    run: ':',
  };
}

/** A task for each of `count` items, and one that gathers them. */
export function listTasks(id: string, count: number): TaskSpec[] {
  const forEach = {
    ...{ items: Array.from({ length: count }, (_, at) => at), as: 'one', key: null },
    ...{ max_parallel: null, ask_above: null, max_items: count, stop_after: null },
  };
  return [
    { ...taskSpec(id, []), for_each: forEach },
    {
      ...taskSpec(`${id}_end`, []),
      depends_on: [{ task: id, kind: 'order', consume: [], as: null, gather: 'settled' }],
    },
  ];
}

export function planOf(tasks: TaskSpec[]): RunPlan {
  return {
    format_version: tasks.some(({ for_each: forEach }) => forEach !== undefined) ? 2 : 1,
    tool_version: 'bench',
    roots: [],
    labels: [],
    project,
    project_workspace_template: '.',
    tasks: Object.fromEntries(tasks.map((task) => [task.id, task])),
    task_path_templates: {},
    user_inputs: {},
    files: [],
  };
}

const completed: AttemptFacts = {
  process: {
    termination_reason: 'completed',
    return_code: 0,
    failure_kind: null,
    failure_summary: null,
    resume_recommended: false,
    session_id: null,
    usage: null,
  },
  result: { kind: 'none' },
  artifacts: { kind: 'published', artifacts: [] },
};

/** Plans a whole run in memory, every attempt succeeding; gives all events to `visit`. */
export function planWhole(
  frozen: RunPlan,
  runId: string,
  options: { slots: number; leave?: string; visit?: (events: RunEvent[]) => void },
): RunState {
  const { state, events } = createRun(frozen, runId, now);
  options.visit?.(events);
  let pending: string[] = [];
  for (;;) {
    const step = plan(state, { slots: options.slots, now });
    options.visit?.(step.events);
    pending.push(...step.starts.map((start) => start.instanceId));
    pending = pending.filter((id) => state.instances.get(id)?.task_id !== options.leave);
    const next = pending.shift();
    if (next === undefined) return state;
    const ended = finishAttempt(state, next, completed, now);
    options.visit?.(ended);
  }
}

export interface Planned {
  name: string;
  count: number;
  /** Microseconds per instance. */
  us: number;
}

/** This module, or that of another commit, which may know no lists yet. */
export interface Planner {
  planOf: typeof planOf;
  taskSpec: typeof taskSpec;
  planWhole: typeof planWhole;
  listTasks?: typeof listTasks;
}

/** µs per instance at several sizes, for graphs of four shapes. */
export function measurePlanning(
  counts: readonly number[],
  planner: Planner = { planOf, taskSpec, planWhole, listTasks },
): Planned[] {
  const { planOf, taskSpec, planWhole, listTasks } = planner;
  const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `t${i}`);
  const shapes: Record<string, (count: number) => TaskSpec[]> = {
    wide: (count) => names(count).map((id) => taskSpec(id, [])),
    chain: (count) => names(count).map((id, i, all) => taskSpec(id, i === 0 ? [] : [all[i - 1]!])),
    ...(listTasks && { items: (count) => listTasks('each', count) }),
    'fan-in': (count) => [
      ...names(count - 1).map((id) => taskSpec(id, [])),
      taskSpec('last', names(count - 1)),
    ],
  };
  // Earlier commits end no attempt unless somebody wants to see the events.
  const visit = (): void => undefined;
  return Object.entries(shapes).flatMap(([name, make]) =>
    counts.map((count) => {
      const frozen = planOf(make(count));
      // As many instances at each size, so that compiling and collecting have the same share.
      const times = Math.ceil(Math.max(...counts) / count);
      // Processor time: it waits for nothing, so what else the machine does need not count.
      const before = process.cpuUsage();
      for (let time = 0; time < times; time += 1) planWhole(frozen, 'bench', { slots: 2, visit });
      const { user, system } = process.cpuUsage(before);
      return { name, count, us: (user + system) / (count * times) };
    }),
  );
}
