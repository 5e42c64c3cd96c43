import type { RunState } from '../../core/state/run-state.ts';
import { scopeName, type TaskSpec } from '../../model/program.ts';
import { parseReference } from '../../model/references.ts';
import { referencesOf } from '../../program/rules/references.ts';

/** A controller, a task with a schema, one that publishes its result, or one whose result is read. */
export function isResultCalledFor(state: RunState, task: TaskSpec): boolean {
  if (task.control !== null || task.result_schema !== null) return true;
  if (task.publish.includes('result.json')) return true;
  const { dependents, gatheredBy } = state.graph;
  const readers = [...(dependents.get(task.id) ?? []), ...(gatheredBy.get(task.id) ?? [])];
  return readers.some((dependent) => {
    const spec = state.plan.tasks[dependent];
    const scopes = new Map(spec?.depends_on.map((each) => [scopeName(each), each.task]));
    return (
      spec !== undefined &&
      referencesOf(spec).some(({ ref }) => {
        const parsed = parseReference(ref, scopes.keys());
        if (!parsed.ok || parsed.reference.kind !== 'dep_result') return false;
        return scopes.get(parsed.reference.scope) === task.id;
      })
    );
  });
}
