/**
 * What budgets let begin. Nothing of a run begins whose budget is used up: it asks, once, or has been stopped. No attempt of
 * an instance begins whose own is: it waits for the answer. An attempt at work is stopped by whoever carries it out.
 */
import { budgetKeys, type Amounts, type Budget, type BudgetKey } from '../../model/budget.ts';
import type { Instance } from '../../model/run.ts';
import {
  boundOf,
  spentOfInstance,
  spentOfRun,
  usedByInstance,
  usedByRun,
  type AtWork,
} from '../state/budgets.ts';
import { askPerson } from '../state/questions.ts';
import type { Recorder } from '../state/recorder.ts';
import { bareAmount, inWords } from '../../text/budget-amounts.ts';
import { linksOf, taskOf, type RunState } from '../state/run-state.ts';

/** `hold`: nothing may begin now; `again`: this one may not, and others may. */
export function barByBudget(
  recorder: Recorder,
  instance: Instance,
  atWork: AtWork | null,
): 'hold' | 'again' | null {
  const { state, now } = recorder;
  if (state.isStopped) {
    failStopped(recorder, instance);
    return 'again';
  }
  const spent = spentOfRun(state, now, atWork);
  if (spent.length > 0) {
    askForRun(recorder, spent, usedByRun(state, now, atWork));
    return 'hold';
  }
  if (instance.status !== 'runnable' || spentOfInstance(state, instance).length === 0) return null;
  askForInstance(recorder, instance);
  return 'again';
}

/** Asks for more of what an instance has used up; it waits for the answer. */
export function askForInstance(recorder: Recorder, instance: Instance): void {
  const { state } = recorder;
  const { instance_id: id, task_id: task, attempt } = instance;
  const { budget = {} } = taskOf(state, instance);
  const { granted } = linksOf(state, id);
  const used = usedByInstance(state, instance);
  // What an attempt was stopped for while it worked may be less than used up by what was counted in the end.
  const spent = spentOfInstance(state, instance);
  askPerson(recorder, {
    subject: 'budget',
    key: `${id}/${answeredOf(state, id)}`,
    instanceId: id,
    question:
      `Task ${task} has used up its budget, in ${inWords('attempts', attempt)}: ` +
      `${usedOf(budget, granted, used)}. May it go on where it was? ${answers}`,
    metadata: { attempt, spent: [...spent], used, budget: { ...budget }, granted: { ...granted } },
  });
  const { blocking_interrupts: open } = instance;
  recorder.emit('instance_waiting', id, {
    waiting_reason: 'budget',
    blocking_interrupts: [...open],
  });
}

function askForRun(recorder: Recorder, spent: readonly BudgetKey[], used: Amounts): void {
  const { state } = recorder;
  const { budget = {} } = state.plan.project;
  askPerson(recorder, {
    subject: 'budget',
    key: `run/${answeredOf(state, null)}`,
    instanceId: null,
    question:
      `The budget of the run is used up: ${usedOf(budget, state.granted, used)}. ` +
      `Nothing more of it begins. May it go on? ${answers}`,
    metadata: {
      spent: [...spent],
      used: { ...used },
      budget: { ...budget },
      granted: { ...state.granted },
    },
  });
}

const answers =
  '"grant", with how much more (tokens, cost_usd, wall_sec, attempts; as much again as it had ' +
  'where you name none), or "stop".';

/** How often it was asked before, so that each question has an id of its own. */
function answeredOf({ interrupts }: RunState, instanceId: string | null): number {
  let count = 0;
  for (const { interrupt } of interrupts.values()) {
    const isSame = interrupt.subject === 'budget' && interrupt.instance_id === instanceId;
    if (isSame && interrupt.status !== 'open') count += 1;
  }
  return count;
}

/** `12.3k of 10k tokens, 2 of 5 attempts` */
function usedOf(budget: Budget, granted: Budget, used: Amounts): string {
  const parts = budgetKeys.flatMap((key) => {
    const bound = boundOf(budget, granted, key);
    return bound === null ? [] : [`${bareAmount(key, used[key])} of ${inWords(key, bound)}`];
  });
  return parts.join(', ');
}

/** What had not begun when a person stopped the run, or was to begin again. */
export function failStopped(recorder: Recorder, { instance_id: id, termination_reason }: Instance) {
  const error = 'the run was stopped at its budget';
  recorder.emit('instance_failed', id, {
    error,
    failure_kind: 'budget',
    failure_summary: error,
    termination_reason,
    resume_recommended: true,
  });
}
