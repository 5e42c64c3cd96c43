/** Run plans for the core's tests, from as little as a test cares to say. */
import type { Dependency, TaskSpec } from '../../src/model/program.ts';
import { FORMAT_VERSION, type RunPlan } from '../../src/model/run.ts';

export const NOW = '2026-01-01T00:00:00.000Z';
export const RUN_ID = '20260101000000-0123abcd';

export type TaskSketch = Partial<Omit<TaskSpec, 'depends_on'>> & {
  id: string;
  /** Task ids, `alias=task`, or whole dependencies. */
  depends_on?: (string | Dependency)[];
};

export function task(sketch: TaskSketch): TaskSpec {
  const { depends_on: dependencies = [], ...rest } = sketch;
  return {
    title: rest.id,
    agent: 'default',
    kind: rest.control ? 'controller' : 'work',
    status: 'ready',
    description: '',
    labels: [],
    compose: [],
    publish: ['final.md'],
    control: null,
    assistant_hints: { preferred_roles: [], decision_kind_overrides: {}, ask_when: [] },
    interaction_policy: { allowed_assistant_roles: null, allow_human: true },
    required_decisions: [],
    model: null,
    sandbox: null,
    workspace: null,
    extra_writable_roots: [],
    result_schema: null,
    run: null,
    ...rest,
    depends_on: dependencies.map((each) => (typeof each === 'string' ? dependency(each) : each)),
  };
}

function dependency(text: string): Dependency {
  const [first = '', second] = text.split('=');
  const [as, id] = second === undefined ? [null, first] : [first, second];
  return { task: id, kind: 'order', consume: [], as };
}

export function route(routes: Record<string, string[]>): TaskSpec['control'] {
  return {
    mode: 'route',
    routes: Object.entries(routes).map(([label, targets]) => ({ label, targets })),
  };
}

export function loop(
  continueTargets: string[],
  stopTargets: string[] = [],
  maxIterations: number | null = null,
): TaskSpec['control'] {
  return {
    mode: 'loop',
    continue_targets: continueTargets,
    stop_targets: stopTargets,
    max_iterations: maxIterations,
  };
}

export function planOf(tasks: readonly TaskSpec[], inputs: RunPlan['user_inputs'] = {}): RunPlan {
  return {
    format_version: FORMAT_VERSION,
    tool_version: '0.0.0-test',
    roots: [],
    labels: [],
    project: {
      name: 'test',
      workspace: '.',
      description: '',
      default_agent: 'default',
      default_model: null,
      default_sandbox: 'workspace-write',
      max_concurrency: 2,
      node_wall_timeout_sec: 3600,
      node_idle_timeout_sec: 600,
      node_terminate_grace_sec: 10,
      user_inputs: {},
      agents: {},
      assistants: 'worker',
    },
    project_workspace_template: '.',
    tasks: Object.fromEntries(tasks.map((each) => [each.id, each])),
    task_path_templates: {},
    user_inputs: inputs,
    files: [],
  };
}
