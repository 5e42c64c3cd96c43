/**
 * Tasks, projects, run plans, interrupts and replies, from as little as a test cares to say. Fields stand in
 * the order in which the program writes them.
 */
import type { AttemptFacts } from '../../src/core/judge/finish.ts';
import type { Dependency, ProjectSpec, TaskSpec } from '../../src/model/program.ts';
import {
  FORMAT_VERSION,
  type Reply,
  type RunPlan,
  type InstanceInterrupt,
} from '../../src/model/run.ts';

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

export function project(change: Partial<ProjectSpec> = {}): ProjectSpec {
  return {
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
    ...change,
  };
}

/** What a run of these tasks freezes. */
export function runPlan(tasks: readonly TaskSpec[], change: Partial<RunPlan> = {}): RunPlan {
  return {
    format_version: FORMAT_VERSION,
    tool_version: '0.0.0-test',
    roots: [],
    labels: [],
    project: project(),
    project_workspace_template: '.',
    tasks: Object.fromEntries(tasks.map((each) => [each.id, each])),
    task_path_templates: {},
    user_inputs: {},
    files: [],
    ...change,
  };
}

/** An open, blocking question of the task `ask` to a person. */
export function interrupt(change: Partial<InstanceInterrupt> = {}): InstanceInterrupt {
  return {
    interrupt_id: 'int-0123456789ab',
    run_id: RUN_ID,
    instance_id: 'ask-00000000',
    task_id: 'ask',
    audience: 'human',
    blocking: true,
    request_kind: 'question',
    question: 'which one?',
    decision_kind: null,
    options: [],
    context_artifacts: [],
    reply_schema: null,
    priority: 'normal',
    requested_target_role_id: null,
    recommended_target_role_id: null,
    resolved_target_role_id: null,
    target_resolution_reason: null,
    metadata: {},
    status: 'open',
    created_at: NOW,
    resolved_at: null,
    applied_at: null,
    ...change,
  };
}

/** An answer of a person to it. */
export function reply(change: Partial<Reply> = {}): Reply {
  return {
    interrupt_id: 'int-0123456789ab',
    audience: 'human',
    reply_kind: 'answer',
    text: 'the first',
    payload: null,
    rationale: null,
    confidence: null,
    citations: [],
    created_at: NOW,
    ...change,
  };
}

/** How the process of an attempt ended; well, unless told otherwise. */
export function ended(change: Partial<AttemptFacts['process']> = {}): AttemptFacts['process'] {
  return {
    termination_reason: 'completed',
    return_code: 0,
    failure_kind: null,
    failure_summary: null,
    resume_recommended: false,
    session_id: null,
    usage: null,
    ...change,
  };
}
