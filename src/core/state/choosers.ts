/**
 * Controllers outside of a region that may yet choose something on which its items wait to come to be: whoever gathers
 * these waits for such a controller, too, or it would miss what is yet to come. Section 17 of the contract.
 */
import type { Instance } from '../../model/run.ts';
import { isHead } from './regions.ts';
import type { RunState } from './run-state.ts';
import { scopeOf, scopesBelow } from './scope-index.ts';

/** One that has not ended, of those that bear on what the instance gathers; null: there is none. */
export function openChooser(state: RunState, instance: Instance): Instance | null {
  if (state.graph.choosers.size === 0) return null;
  for (const task of state.graph.choosers.get(instance.task_id) ?? none) {
    for (const id of nearest(state, instance.input_scope_id, task)) {
      const chooser = state.instances.get(id);
      if (chooser === undefined || ended.has(chooser.status)) continue;
      // What stands for a region chooses nothing.
      if (!isHead(state, chooser)) return chooser;
    }
  }
  return null;
}

/** An instance has ended: whoever has waited for what it chooses is looked at again. */
export function lookAtGatherers(state: RunState, { task_id: task, input_scope_id }: Instance) {
  const gatherers = state.graph.chooses.get(task);
  if (gatherers === undefined) return;
  for (const scopeId of [input_scope_id, ...scopesBelow(state, input_scope_id)]) {
    const { instancesOf } = scopeOf(state, scopeId);
    for (const gatherer of gatherers) {
      for (const id of instancesOf.get(gatherer) ?? none) {
        if (state.instances.has(id)) state.agenda.unsettled.push(id);
      }
    }
  }
}

const none: readonly string[] = [];
const ended: ReadonlySet<Instance['status']> = new Set(['done', 'failed', 'skipped']);

/** The instances of a task to which one in the scope would be bound. */
function nearest(state: RunState, scopeId: string, task: string): readonly string[] {
  for (let id: string | null = scopeId; id !== null;) {
    const { body, instancesOf, parent } = scopeOf(state, id);
    const found = instancesOf.get(task);
    if (found !== undefined) return found;
    // What the scope itself repeats is bound in it, or not at all.
    if (id === scopeId && body.has(task)) break;
    id = parent;
  }
  return none;
}
