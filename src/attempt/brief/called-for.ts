import type { RunState } from '../../core/state/run-state.ts';
import type { TaskSpec } from '../../model/program.ts';

/** A controller, a task with a schema, one that publishes its result, or one whose result is read. */
export function isResultCalledFor(state: RunState, task: TaskSpec): boolean {
  if (task.control !== null || task.result_schema !== null) return true;
  if (task.publish.includes('result.json')) return true;
  return (state.graph.dependents.get(task.id) ?? []).some((dependent) => {
    const spec = state.plan.tasks[dependent];
    const names = (state.graph.upstream.get(dependent) ?? []).find(
      (u) => u.task === task.id,
    )?.names;
    return (
      spec?.compose.some(
        (part) => part.kind === 'ref' && names?.some((name) => part.ref === `deps.${name}.result`),
      ) === true
    );
  });
}
