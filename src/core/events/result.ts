/** Events of a run's result: the work of all its instances, merged, and who is to merge what does not fit. */
import { completeTask } from '../../model/defaults.ts';
import type { TaskSpec } from '../../model/program.ts';
import type { RunResult } from '../../model/trees.ts';
import { plural } from '../../text/plural.ts';
import type { RunState } from '../state/run-state.ts';
import type { Family, LoggedEvent } from './spec.ts';

interface MergeAssigned {
  /** The question whose answer it obeys. */
  interrupt_id: string;
  /** No task of the program: it depends on those whose work meets, and is in no loop. */
  task: TaskSpec;
}

export interface ResultEvents {
  result_merged: { results: RunResult[] };
  merge_assigned: MergeAssigned;
}

export const resultEvents: Family<ResultEvents> = {
  result_merged: {
    since: 2,
    misfit(state, { payload: { results } }) {
      const { counts } = state;
      const left = counts.pending + counts.runnable + counts.running + counts.waiting;
      if (left > 0) return `${left} instances have something left to do`;
      if (state.result !== null) return 'it has been merged already';
      const known = new Set(state.plan.workspace_bases?.map(({ repository }) => repository));
      const other = results.find(({ repository }) => !known.has(repository));
      return other === undefined ? null : `${other.repository} is no repository of the run`;
    },
    apply(state, { payload }) {
      state.result = payload.results;
    },
    says: ({ results }) => results.map(wordsOfResult).join(', '),
  },
  merge_assigned: {
    since: 2,
    misfit: misfitOfAssignment,
    apply(state, { payload: { interrupt_id: id, task } }) {
      const { tasks, project } = state.plan;
      const complete = completeTask(task, project.default_agent);
      state.plan = { ...state.plan, tasks: { ...tasks, [task.id]: complete } };
      state.mergeTasks.set(id, task.id);
    },
    records: ({ payload }) => [{ kind: 'task', id: payload.task.id }],
    says: ({ task }) => `${task.id}, by the agent ${task.agent}`,
  },
};

function wordsOfResult({ commit, conflicts, problem }: RunResult): string {
  if (commit !== null) return commit.slice(0, 12);
  return problem ?? plural(conflicts.length, 'conflict');
}

function misfitOfAssignment(
  state: RunState,
  { payload: { interrupt_id: id, task } }: LoggedEvent<string, MergeAssigned>,
): string | null {
  const record = state.interrupts.get(id);
  if (record?.interrupt.subject !== 'result_conflict' || record.reply === null) {
    return `${id} is no answered question about the result`;
  }
  if (state.mergeTasks.has(id)) return `${id} has its task already`;
  if (state.plan.tasks[task.id] !== undefined) return `there is a task ${task.id} already`;
  const unknown = task.depends_on.find((each) => state.plan.tasks[each.task] === undefined);
  return unknown === undefined ? null : `there is no task ${unknown.task}`;
}
