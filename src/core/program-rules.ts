/**
 * What must hold between the parts of a program: section 3 of the contract, as far as it can be said
 * without looking at the disk. Pure: model in, findings out.
 */
import { commandOf, resolveAgent, SHELL_AGENT } from './agents.ts';
import { parsePathTemplate } from './path-template.ts';
import { scopeName, type ProjectSpec, type RoleSpec, type TaskSpec } from './program.ts';
import { parseReference } from './references.ts';
import { controlTargets } from './selection.ts';
import { suggest } from './suggest.ts';

export interface ProgramModel {
  project: ProjectSpec;
  tasks: readonly TaskSpec[];
  roles: readonly RoleSpec[];
  /** Ids that exist, but whose file cannot be read: pointing to them is no mistake. */
  unreadableTasks: ReadonlySet<string>;
  unreadableRoles: ReadonlySet<string>;
}

export interface RuleFinding {
  severity: 'error' | 'warning';
  code: string;
  message: string;
  /** `project`, or `tasks.<id>`. */
  subject: string;
  path: readonly (string | number)[];
  hint: string | null;
}

type Add = (
  severity: RuleFinding['severity'],
  code: string,
  path: RuleFinding['path'],
  message: string,
  hint?: string | null,
) => void;

export function checkProgramRules(model: ProgramModel): RuleFinding[] {
  const findings: RuleFinding[] = [];
  const addTo =
    (subject: string): Add =>
    (severity, code, path, message, hint = null) =>
      findings.push({ severity, code, message, subject, path, hint });
  const byId = new Map(model.tasks.map((task) => [task.id, task]));
  checkAgents(model.project, addTo('project'));
  checkTemplate(model.project.workspace, ['workspace'], addTo('project'));
  for (const task of model.tasks) {
    const add = addTo(`tasks.${task.id}`);
    checkDependencies(task, byId, model, add);
    checkReferences(task, add);
    checkPublish(task, add);
    checkTaskAgent(task, model.project, add);
    checkPaths(task, model.project, add);
    checkRoles(task, model, add);
    checkControl(task, byId, model, add);
  }
  checkTargetOwners(model.tasks, addTo);
  for (const cycle of findCycles(model.tasks)) {
    const [first = '', second = first] = cycle;
    const index = byId.get(first)?.depends_on.findIndex((dep) => dep.task === second) ?? 0;
    addTo(`tasks.${first}`)(
      'error',
      'task.cycle',
      ['depends_on', Math.max(index, 0), 'task'],
      `the tasks depend on each other in a circle: ${[...cycle, first].join(' -> ')} (each depends on the next)`,
      'A task that is to run again belongs into a loop: see control.continue_targets.',
    );
  }
  return findings;
}

/** The tasks above `id` by `depends_on`, without itself unless it is in a cycle. */
export function ancestorsOf(id: string, byId: ReadonlyMap<string, TaskSpec>): Set<string> {
  const found = new Set<string>();
  const queue = [id];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    for (const { task } of byId.get(next)?.depends_on ?? []) {
      if (!found.has(task)) {
        found.add(task);
        queue.push(task);
      }
    }
  }
  return found;
}

/** One cycle for each knot of tasks that depend on each other; each begins at its first id. */
export function findCycles(tasks: readonly TaskSpec[]): string[][] {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const state = new Map<string, 'open' | 'closed'>();
  const cycles: string[][] = [];
  for (const { id: start } of tasks) {
    if (state.has(start)) continue;
    // By hand instead of by recursion: chains may be thousands of tasks long.
    const stack: { id: string; next: number }[] = [{ id: start, next: 0 }];
    state.set(start, 'open');
    for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
      const dependency = byId.get(top.id)?.depends_on[top.next];
      top.next += 1;
      if (!dependency) {
        state.set(top.id, 'closed');
        stack.pop();
        continue;
      }
      const seen = state.get(dependency.task);
      if (seen === undefined && byId.has(dependency.task)) {
        state.set(dependency.task, 'open');
        stack.push({ id: dependency.task, next: 0 });
      } else if (seen === 'open') {
        const from = stack.findIndex((frame) => frame.id === dependency.task);
        cycles.push(fromSmallest(stack.slice(from).map((frame) => frame.id)));
      }
    }
  }
  return cycles;
}

function fromSmallest(cycle: string[]): string[] {
  const smallest = cycle.reduce(
    (least, id, index) => (id < (cycle[least] ?? '') ? index : least),
    0,
  );
  return [...cycle.slice(smallest), ...cycle.slice(0, smallest)];
}

function near(word: string, candidates: Iterable<string>): string | null {
  const found = suggest(word, candidates);
  return found === null ? null : `Did you mean "${found}"?`;
}

function checkDependencies(
  task: TaskSpec,
  byId: ReadonlyMap<string, TaskSpec>,
  model: ProgramModel,
  add: Add,
): void {
  const scopes = new Map<string, number>();
  for (const [index, dependency] of task.depends_on.entries()) {
    const at = ['depends_on', index];
    const upstream = byId.get(dependency.task);
    if (!upstream && !model.unreadableTasks.has(dependency.task)) {
      add(
        'error',
        'task.unknown_dependency',
        [...at, 'task'],
        `there is no task "${dependency.task}" to depend on`,
        near(dependency.task, byId.keys()),
      );
    }
    const scope = scopeName(dependency);
    const earlier = scopes.get(scope);
    if (earlier !== undefined) {
      add(
        'error',
        'task.duplicate_scope',
        [...at, dependency.as === null ? 'task' : 'as'],
        `the dependency scope "${scope}" is taken by item ${earlier + 1} of "depends_on"`,
        'Give one of them another name with "as".',
      );
    } else scopes.set(scope, index);
    if (dependency.kind === 'context' && dependency.consume.length === 0) {
      add(
        'error',
        'task.context_without_consume',
        [...at, 'consume'],
        `the context dependency on "${dependency.task}" consumes nothing`,
        'Name the files to take in "consume", or make it an order dependency.',
      );
    }
    if (dependency.kind === 'order' && dependency.consume.length > 0) {
      add(
        'error',
        'task.order_with_consume',
        [...at, 'consume'],
        `the order dependency on "${dependency.task}" cannot consume files`,
        'Make it "kind: context".',
      );
    }
    for (const [position, path] of dependency.consume.entries()) {
      if (!upstream || upstream.publish.includes(path)) continue;
      const published = upstream.publish.length > 0 ? upstream.publish.join(', ') : 'nothing';
      add(
        'error',
        'task.consume_not_published',
        [...at, 'consume', position],
        `"${dependency.task}" does not publish "${path}"; it publishes ${published}`,
        near(path, upstream.publish),
      );
    }
  }
}

function checkReferences(task: TaskSpec, add: Add): void {
  const byScope = new Map(task.depends_on.map((dependency) => [scopeName(dependency), dependency]));
  for (const [index, part] of task.compose.entries()) {
    if (part.kind !== 'ref') continue;
    const at = ['compose', index, 'ref'];
    const parsed = parseReference(part.ref, byScope.keys());
    if (!parsed.ok) {
      if (parsed.scope !== null) {
        add(
          'error',
          'task.unknown_reference',
          at,
          `"${part.ref}" names the dependency "${parsed.scope}", which this task does not have`,
          near(parsed.scope, byScope.keys()) ?? 'Add it to "depends_on".',
        );
      } else {
        add(
          'error',
          'task.unknown_reference',
          at,
          `"${part.ref}" is no reference`,
          near(part.ref, ['runtime.replies', 'runtime.latest_reply']) ??
            'Use deps.<scope>.result, deps.<scope>.artifacts.<path>, inputs.<key>, runtime.replies or runtime.latest_reply.',
        );
      }
      continue;
    }
    const { reference } = parsed;
    if (reference.kind !== 'dep_artifact') continue;
    const dependency = byScope.get(reference.scope);
    if (!dependency || dependency.consume.includes(reference.path)) continue;
    add(
      'error',
      'task.reference_not_consumed',
      at,
      `"${part.ref}" needs a context dependency "${reference.scope}" that consumes "${reference.path}"`,
      near(reference.path, dependency.consume) ??
        `Add "${reference.path}" to its "consume" (kind: context).`,
    );
  }
}

function checkPublish(task: TaskSpec, add: Add): void {
  for (const [index, path] of task.publish.entries()) {
    if (task.publish.indexOf(path) !== index) {
      add('warning', 'task.duplicate_publish', ['publish', index], `"${path}" is published twice`);
    }
  }
}

const codexOnly = 'is ignored: commands run without a sandbox and without a model';

function checkAgents(project: ProjectSpec, add: Add): void {
  for (const [name, agent] of Object.entries(project.agents)) {
    const at = ['agents', name];
    if (agent.backend === 'codex') {
      for (const field of ['command', 'run'] as const) {
        if (agent[field] === null) continue;
        add(
          'error',
          'agent.unresolved',
          [...at, field],
          `the agent "${name}" runs Codex, which takes no "${field}"`,
          'Set "backend: command" to run a command of yours.',
        );
      }
      continue;
    }
    if (agent.command !== null && agent.run !== null) {
      add(
        'error',
        'agent.unresolved',
        [...at, 'run'],
        `the agent "${name}" has both "command" and "run"`,
        'Keep one of them.',
      );
    }
    for (const field of ['model', 'sandbox'] as const) {
      if (agent[field] === null) continue;
      const message = `"${field}" of the agent "${name}" ${codexOnly}`;
      add('warning', 'agent.unsupported_field', [...at, field], message);
    }
  }
}

function checkTaskAgent(task: TaskSpec, project: ProjectSpec, add: Add): void {
  const agent = resolveAgent(project, task.agent);
  if (!Object.hasOwn(project.agents, task.agent) && task.agent !== SHELL_AGENT) {
    const close = suggest(task.agent, [...Object.keys(project.agents), SHELL_AGENT]);
    if (close !== null && close.toLowerCase() !== task.agent.slice(0, close.length).toLowerCase()) {
      add(
        'warning',
        'agent.undefined',
        ['agent'],
        `the agent "${task.agent}" is not defined, so it runs Codex`,
        `Did you mean "${close}"?`,
      );
    }
  }
  if (agent.backend === 'codex') {
    if (task.run === null) return;
    add(
      'error',
      'agent.unresolved',
      ['run'],
      `"run" needs an agent that runs commands, but "${task.agent}" runs Codex`,
      `Set "agent: ${SHELL_AGENT}", or name an agent with "backend: command".`,
    );
    return;
  }
  if (commandOf(task, agent) === null) {
    add(
      'error',
      'agent.unresolved',
      ['agent'],
      `the agent "${task.agent}" runs commands, but neither it nor the task says which`,
      'Add "run" to the task.',
    );
  }
  for (const field of ['model', 'sandbox'] as const) {
    if (task[field] === null) continue;
    add('warning', 'agent.unsupported_field', [field], `"${field}" ${codexOnly}`);
  }
  if (task.extra_writable_roots.length > 0) {
    add(
      'warning',
      'agent.unsupported_field',
      ['extra_writable_roots'],
      `"extra_writable_roots" ${codexOnly}`,
    );
  }
}

function checkPaths(task: TaskSpec, project: ProjectSpec, add: Add): void {
  if (task.workspace !== null) checkTemplate(task.workspace, ['workspace'], add);
  for (const [index, root] of task.extra_writable_roots.entries()) {
    checkTemplate(root, ['extra_writable_roots', index], add);
  }
  const agent = resolveAgent(project, task.agent);
  const sandbox = task.sandbox ?? agent.sandbox ?? project.default_sandbox;
  if (
    agent.backend === 'codex' &&
    sandbox === 'read-only' &&
    task.extra_writable_roots.length > 0
  ) {
    add(
      'error',
      'task.read_only_roots',
      ['extra_writable_roots'],
      'a read-only sandbox cannot have extra writable roots',
      'Set "sandbox: workspace-write", or remove the roots.',
    );
  }
}

function checkTemplate(template: string, path: RuleFinding['path'], add: Add): void {
  const parsed = parsePathTemplate(template);
  if (!parsed.ok) add('error', 'path_binding.unknown_reference', path, parsed.reason);
}

function checkRoles(task: TaskSpec, model: ProgramModel, add: Add): void {
  const roles = new Set([...model.roles.map((role) => role.id), ...model.unreadableRoles]);
  const { assistant_hints: hints, interaction_policy: policy } = task;
  const known = (id: string, path: RuleFinding['path']): void => {
    if (roles.has(id)) return;
    add(
      'error',
      'task.unknown_role',
      path,
      `there is no assistant role "${id}"`,
      near(id, roles) ?? `Define it in assistant_roles/${id}/role.yaml.`,
    );
  };
  for (const [index, id] of hints.preferred_roles.entries()) {
    known(id, ['assistant_hints', 'preferred_roles', index]);
  }
  for (const [kind, id] of Object.entries(hints.decision_kind_overrides)) {
    const path = ['assistant_hints', 'decision_kind_overrides', kind];
    known(id, path);
    if (policy.allowed_assistant_roles !== null && !policy.allowed_assistant_roles.includes(id)) {
      add(
        'warning',
        'task.override_not_allowed',
        path,
        `the role "${id}" is to decide "${kind}", but the task may not ask it`,
        'Add it to interaction_policy.allowed_assistant_roles.',
      );
    }
  }
  for (const [index, id] of (policy.allowed_assistant_roles ?? []).entries()) {
    known(id, ['interaction_policy', 'allowed_assistant_roles', index]);
  }
  const assistants = (policy.allowed_assistant_roles ?? [...roles]).length > 0;
  for (const [index, decision] of task.required_decisions.entries()) {
    const possible = {
      human: policy.allow_human,
      assistant: assistants,
      any: policy.allow_human || assistants,
    };
    if (possible[decision.audience]) continue;
    const whom = decision.audience === 'any' ? 'anyone' : `any ${decision.audience}`;
    add(
      'error',
      'task.unanswerable_decision',
      ['required_decisions', index],
      `the decision "${decision.decision_kind}" is required, but the task may not ask ${whom}`,
      'Change interaction_policy, or the audience of the decision.',
    );
  }
}

function checkControl(
  task: TaskSpec,
  byId: ReadonlyMap<string, TaskSpec>,
  model: ProgramModel,
  add: Add,
): void {
  const { control } = task;
  if (control === null) {
    if (task.kind === 'controller') {
      add(
        'error',
        'control.missing',
        ['control'],
        'a controller needs "control"',
        'Add it, or set "kind: work".',
      );
    }
    return;
  }
  if (task.kind === 'work') {
    add(
      'error',
      'control.unexpected',
      ['control'],
      '"control" is for controllers only',
      'Set "kind: controller".',
    );
    return;
  }
  const exists = (target: string, path: RuleFinding['path']): boolean => {
    if (byId.has(target)) return true;
    if (model.unreadableTasks.has(target)) return false;
    add(
      'error',
      'control.unknown_target',
      path,
      `there is no task "${target}" to go to`,
      near(target, byId.keys()),
    );
    return false;
  };
  const dependsOnThis = (target: string, path: RuleFinding['path']): void => {
    if (!exists(target, path)) return;
    if (byId.get(target)?.depends_on.some((dependency) => dependency.task === task.id)) return;
    add(
      'error',
      'control.target_not_dependent',
      path,
      `the target "${target}" does not depend on its controller "${task.id}"`,
      `Add {task: ${task.id}, kind: order} to "depends_on" of "${target}".`,
    );
  };
  if (control.mode === 'route') {
    const labels = new Set<string>();
    for (const [index, route] of control.routes.entries()) {
      if (labels.has(route.label)) {
        add(
          'error',
          'control.duplicate_label',
          ['control', 'routes', index, 'label'],
          `the route label "${route.label}" occurs twice`,
        );
      }
      labels.add(route.label);
      for (const [position, target] of route.targets.entries()) {
        dependsOnThis(target, ['control', 'routes', index, 'targets', position]);
      }
    }
    return;
  }
  const ancestors = ancestorsOf(task.id, byId);
  for (const [index, target] of control.continue_targets.entries()) {
    const path = ['control', 'continue_targets', index];
    if (!exists(target, path)) continue;
    if (!ancestors.has(target)) {
      add(
        'error',
        'control.continue_not_ancestor',
        path,
        `the continue target "${target}" is no ancestor of the loop controller "${task.id}"`,
        `"${task.id}" must depend on it, directly or through other tasks.`,
      );
    }
  }
  for (const [index, target] of control.stop_targets.entries()) {
    const path = ['control', 'stop_targets', index];
    if (control.continue_targets.includes(target)) {
      add(
        'error',
        'control.overlap',
        path,
        `"${target}" is both a continue target and a stop target`,
      );
    } else dependsOnThis(target, path);
  }
}

/** A target belongs to one control edge only. */
function checkTargetOwners(tasks: readonly TaskSpec[], addTo: (subject: string) => Add): void {
  const owners = new Map<string, string>();
  for (const task of tasks) {
    if (task.kind !== 'controller' || task.control === null) continue;
    const overlap = new Set<string>();
    if (task.control.mode === 'loop') {
      const { continue_targets: again, stop_targets: stop } = task.control;
      for (const target of stop) if (again.includes(target)) overlap.add(target);
    }
    const places = targetPlaces(task);
    for (const [index, target] of controlTargets(task).entries()) {
      const { edge, path } = places[index] ?? { edge: task.id, path: ['control'] };
      const owner = owners.get(target);
      if (owner === undefined) {
        owners.set(target, edge);
      } else if (!overlap.has(target)) {
        addTo(`tasks.${task.id}`)(
          'error',
          'control.shared_target',
          path,
          `"${target}" is already a target of ${owner}; a target belongs to one control edge only`,
        );
      }
    }
  }
}

/** For each of `controlTargets`, in its order: the edge in words, and where it is written. */
function targetPlaces(task: TaskSpec): { edge: string; path: RuleFinding['path'] }[] {
  const { control } = task;
  if (control === null) return [];
  if (control.mode === 'route') {
    return control.routes.flatMap((route, index) =>
      route.targets.map((_target, position) => ({
        edge: `the route "${route.label}" of "${task.id}"`,
        path: ['control', 'routes', index, 'targets', position],
      })),
    );
  }
  return [
    ...control.continue_targets.map((_target, index) => ({
      edge: `the continue edge of "${task.id}"`,
      path: ['control', 'continue_targets', index],
    })),
    ...control.stop_targets.map((_target, index) => ({
      edge: `the stop edge of "${task.id}"`,
      path: ['control', 'stop_targets', index],
    })),
  ];
}
