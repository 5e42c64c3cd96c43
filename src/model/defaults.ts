/**
 * What stands for a field that is not there: an author left it out, or a run was frozen before it came to be. Whoever
 * adds a field to what runs freeze says here what it is to mean for those that have none; the compiler asks for it.
 */
import type {
  AgentSpec,
  ControlSpec,
  Dependency,
  ForEach,
  ProjectSpec,
  RequiredDecision,
  TaskSpec,
} from './program.ts';

type Loop = ControlSpec & { mode: 'loop' };

export const dependencyDefaults: Omit<Dependency, 'task' | 'kind'> = { consume: [], as: null };

export const forEachDefaults: Omit<ForEach, 'items' | 'as'> = {
  key: null,
  max_parallel: null,
  ask_above: 25,
  max_items: 1000,
  stop_after: null,
};

export const loopDefaults: Omit<Loop, 'mode' | 'continue_targets'> = {
  stop_targets: [],
  max_iterations: null,
};

export const decisionDefaults: Omit<RequiredDecision, 'decision_kind'> = {
  audience: 'human',
  description: '',
};

/** Without `agent`, which is the project's to say. */
export const taskDefaults: Omit<TaskSpec, 'id' | 'title' | 'agent'> = {
  kind: 'work',
  status: 'draft',
  description: '',
  labels: [],
  depends_on: [],
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
};

export const agentDefaults: AgentSpec = {
  backend: 'codex',
  model: null,
  sandbox: null,
  args: [],
  env: {},
  command: null,
  run: null,
};

export const projectDefaults: Omit<ProjectSpec, 'name' | 'workspace'> = {
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
};

/** A task as a run froze it, with what it lacks. Fields stay in their order, new ones come last. */
export function completeTask(frozen: TaskSpec, defaultAgent: string): TaskSpec {
  if (lacksNothing(frozen)) return frozen;
  const task = complete(complete(frozen, taskDefaults), { agent: defaultAgent });
  const { control, for_each } = task;
  return completeIn(task, {
    depends_on: completeEach(task.depends_on, dependencyDefaults),
    control: control?.mode === 'loop' ? complete(control, loopDefaults) : control,
    assistant_hints: complete(task.assistant_hints, taskDefaults.assistant_hints),
    interaction_policy: complete(task.interaction_policy, taskDefaults.interaction_policy),
    required_decisions: completeEach(task.required_decisions, decisionDefaults),
    ...(for_each === undefined ? {} : { for_each: complete(for_each, forEachDefaults) }),
  });
}

/** Whether it is complete as it stands, as nearly all are: a run may have many thousands. */
function lacksNothing(task: TaskSpec): boolean {
  if (task.agent === undefined || !has(task, taskDefaults)) return false;
  const { depends_on, control, required_decisions: decisions, for_each } = task;
  for (const each of depends_on) if (!has(each, dependencyDefaults)) return false;
  for (const each of decisions) if (!has(each, decisionDefaults)) return false;
  if (control?.mode === 'loop' && !has(control, loopDefaults)) return false;
  if (for_each !== undefined && !has(for_each, forEachDefaults)) return false;
  return (
    has(task.assistant_hints, taskDefaults.assistant_hints) &&
    has(task.interaction_policy, taskDefaults.interaction_policy)
  );
}

function has<T extends object>(value: T, defaults: Partial<T>): boolean {
  for (const name in defaults) if (value[name] === undefined) return false;
  return true;
}

/** As `completeTask`. */
export function completeProject(frozen: ProjectSpec): ProjectSpec {
  const project = complete(frozen, projectDefaults);
  const agents = Object.entries(project.agents);
  return {
    ...project,
    agents: Object.fromEntries(
      agents.map(([name, agent]) => [name, complete(agent, agentDefaults)]),
    ),
  };
}

/** The value itself where it lacks nothing, as nearly all do: a run may have many thousands. */
function complete<T extends object>(value: T, defaults: Partial<T>): T {
  for (const name in defaults) {
    if (!Object.hasOwn(value, name)) return { ...value, ...lackingIn(value, defaults) };
  }
  return value;
}

function lackingIn<T extends object>(value: T, defaults: Partial<T>): object {
  const lacking = Object.entries(defaults).filter(([name]) => !Object.hasOwn(value, name));
  return Object.fromEntries(lacking);
}

function completeEach<T extends object>(values: T[], defaults: Partial<T>): T[] {
  const all = values.map((each) => complete(each, defaults));
  return all.some((each, index) => each !== values[index]) ? all : values;
}

/** The value with these fields; itself where they are its own. */
function completeIn<T extends object>(value: T, fields: Partial<T>): T {
  for (const name in fields) if (fields[name] !== value[name]) return { ...value, ...fields };
  return value;
}
