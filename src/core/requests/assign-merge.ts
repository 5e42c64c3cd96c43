/**
 * A person wants an agent to merge what the instances of a run did: one more instance, of a task that the program does
 * not have. It starts from the conflicted merge, and is in all else as every instance is.
 */
import { taskDefaults } from '../../model/defaults.ts';
import { derivedId } from '../../model/ids.ts';
import type { Dependency, TaskSpec } from '../../model/program.ts';
import type { Interrupt } from '../../model/run.ts';
import { treeOf, type RunResult } from '../../model/trees.ts';
import type { Recorder } from '../state/recorder.ts';
import { instanceOf, type RunState } from '../state/run-state.ts';

const told = `Several instances of this run worked on one repository at the same time. All of them are done, and on some files what they did does not fit together. Your working tree is their merge, with what disagrees left open in it.

Resolve each conflict so that what every one of them was asked to do holds, and see that the whole still works. Do nothing beyond that.`;

/** Makes the task and its instance; a crash may have kept the first of them. */
export function assignMerge(recorder: Recorder, interrupt: Interrupt): void {
  const { state } = recorder;
  const { interrupt_id: id, metadata } = interrupt;
  const result = metadata as unknown as RunResult;
  const resolver = state.plan.tasks[result.resolver ?? ''];
  if (resolver === undefined) return;
  const sides = result.sides.map(({ instance_id: side }, at) => ({ side, as: `side-${at + 1}` }));
  if (!state.mergeTasks.has(id)) {
    const depends = sides.map(({ side, as }): Dependency => {
      const { task_id: task } = instanceOf(state, side);
      return { task, kind: 'context', consume: [], as };
    });
    const task = mergeTask(state, resolver, result.worktree, depends);
    recorder.emit('merge_assigned', null, { interrupt_id: id, task });
  }
  const task = state.mergeTasks.get(id) ?? '';
  const instanceId = derivedId(task, `${state.runId}/${id}`);
  if (state.instances.has(instanceId)) return;
  recorder.emit('instance_created', instanceId, {
    task_id: task,
    input_scope_id: state.baseScopeId,
    dependency_instances: Object.fromEntries(sides.map(({ side, as }) => [as, side])),
    activation_bindings: {},
  });
}

/** With the agent of `resolver`, as that task has it. */
function mergeTask(
  state: RunState,
  resolver: TaskSpec,
  worktree: string,
  depends: Dependency[],
): TaskSpec {
  const { agent, model, sandbox, locks, retry, on_wall } = resolver;
  const tree = treeOf(state.plan.project, resolver);
  return {
    ...taskDefaults,
    id: freeId(state),
    title: 'Merge what the instances of the run did',
    status: 'ready',
    depends_on: depends,
    compose: [{ kind: 'literal', text: told }],
    agent,
    model,
    sandbox,
    // The whole of it: what disagrees may lie anywhere.
    workspace: worktree,
    isolation: 'tree',
    ...(tree === null ? {} : { tree: { ...tree, on_conflict: 'resolve' } }),
    ...(locks === undefined ? {} : { locks }),
    ...(retry === undefined ? {} : { retry }),
    ...(on_wall === undefined ? {} : { on_wall }),
  };
}

function freeId({ plan }: RunState): string {
  for (let count = 1; ; count += 1) {
    const id = count === 1 ? 'merge' : `merge-${count}`;
    if (plan.tasks[id] === undefined) return id;
  }
}
