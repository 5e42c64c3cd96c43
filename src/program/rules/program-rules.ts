/**
 * What must hold between the parts of a program: section 3 of the contract, as far as it can be said
 * without looking at the disk. Pure: model in, findings out.
 */
import { checkAgents, checkTaskAgent } from './agents.ts';
import { backendOf } from '../../agents/backends.ts';
import { resolveAgent } from '../../agents/resolve-agent.ts';
import { checkControl, checkTargetOwners } from './control.ts';
import { findCycles } from './graph.ts';
import { parsePathTemplate } from '../../text/path-template.ts';
import { scopeName, type ProjectSpec, type TaskSpec } from '../../model/program.ts';
import { parseReference } from '../../model/references.ts';
import type { Add, ProgramModel, RuleFinding } from './finding.ts';
import { didYouMean } from '../../text/suggest.ts';

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
    if (!model.isProjectUnreadable) checkTaskAgent(task, model.project, add);
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
        didYouMean(dependency.task, byId.keys()),
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
        didYouMean(path, upstream.publish),
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
          didYouMean(parsed.scope, byScope.keys()) ?? 'Add it to "depends_on".',
        );
      } else {
        add(
          'error',
          'task.unknown_reference',
          at,
          `"${part.ref}" is no reference`,
          didYouMean(part.ref, ['runtime.replies', 'runtime.latest_reply']) ??
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
      didYouMean(reference.path, dependency.consume) ??
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

function checkPaths(task: TaskSpec, project: ProjectSpec, add: Add): void {
  if (task.workspace !== null) checkTemplate(task.workspace, ['workspace'], add);
  for (const [index, root] of task.extra_writable_roots.entries()) {
    checkTemplate(root, ['extra_writable_roots', index], add);
  }
  const agent = resolveAgent(project, task.agent);
  const sandbox = task.sandbox ?? agent.sandbox ?? project.default_sandbox;
  if (
    backendOf(agent.backend).can.sandbox &&
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
      didYouMean(id, roles) ?? `Define it in assistant_roles/${id}/role.yaml.`,
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
