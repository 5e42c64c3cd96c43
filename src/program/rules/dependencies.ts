/** What a task may depend on, what it takes from there, and what it hands on. Pure. */
import { scopeName, type TaskSpec } from '../../model/program.ts';
import { didYouMean } from '../../text/suggest.ts';
import type { Add, ProgramModel } from './finding.ts';

export function checkDependencies(
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

export function checkPublish(task: TaskSpec, add: Add): void {
  for (const [index, path] of task.publish.entries()) {
    if (task.publish.indexOf(path) !== index) {
      add('warning', 'task.duplicate_publish', ['publish', index], `"${path}" is published twice`);
    }
  }
}
