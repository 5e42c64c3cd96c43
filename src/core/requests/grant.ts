/** `run grant`: more than a limit allows, said before anybody asks, or in answer to the question. */
import { budgetKeys, type Budget, type BudgetKey } from '../../model/budget.ts';
import type { Subject } from '../../model/questions.ts';
import type { Instance, Reply } from '../../model/run.ts';
import { answersOf } from '../../model/questions.ts';
import { openRunQuestion } from '../state/questions.ts';
import { Recorder } from '../state/recorder.ts';
import { taskOf, type RunState } from '../state/run-state.ts';
import { refuse, type Decision } from './decision.ts';
import { answerQuestion } from './reply.ts';
import { retryInstance } from './retry.ts';

/** Each above 0. */
export interface GrantWish extends Budget {
  /** null: of the run. */
  instance_id: string | null;
  iterations?: number;
}

export function grantMore(state: RunState, wish: GrantWish, now: string): Decision {
  if (givenOf(wish).length === 0) return refuse('nothing-granted', 'it says nothing of how much');
  return wish.instance_id === null
    ? grantToRun(state, wish, now)
    : grantToInstance(state, wish.instance_id, wish, now);
}

function grantToRun(state: RunState, wish: GrantWish, now: string): Decision {
  if (wish.iterations !== undefined) {
    return refuse('not-grantable', 'iterations are of a loop: name the instance of its controller');
  }
  if (state.announced === 'done') return refuse('not-grantable', 'the run is done: it needs none');
  const { budget = {} } = state.plan.project;
  const without = budgetKeys.find((key) => wish[key] !== undefined && budget[key] === undefined);
  if (without !== undefined) {
    return refuse('no-limit', `the run has no budget of ${without} (budget, project.yaml)`);
  }
  return grant(state, null, wish, openRunQuestion(state, 'budget'), now);
}

function grantToInstance(state: RunState, id: string, wish: GrantWish, now: string): Decision {
  const instance = state.instances.get(id);
  if (!instance) return refuse('no-instance', `the run has no instance ${id}`);
  const trouble = troubleOf(state, instance, wish);
  if (trouble !== null) return trouble;
  const { failure_kind: kind, status } = instance;
  const { iterations, ...amounts } = wish;
  if (iterations === undefined || status !== 'failed' || kind !== 'loop_limit') {
    const asked = instance.blocking_interrupts.find(
      (one) => isAbout(state, one, 'budget') || isAbout(state, one, 'wall_limit'),
    );
    return grant(state, id, wish, asked ?? null, now);
  }
  const others = givenOf(amounts).length === 0 ? null : grant(state, id, amounts, null, now);
  if (others?.ok === false) return others;
  // A loop that has failed at its limit goes on with what it is granted.
  const how = { grantIterations: iterations, newSession: false, freshTree: false };
  const retried = retryInstance(state, id, how, now);
  if (!retried.ok) return retried;
  return { ok: true, events: [...(others?.events ?? []), ...retried.events] };
}

/** null: all of it may be granted. */
function troubleOf(state: RunState, instance: Instance, wish: GrantWish): Decision | null {
  const { instance_id: id, status, failure_kind: kind } = instance;
  const { budget = {}, control } = taskOf(state, instance);
  const { node_wall_timeout_sec: limit } = state.plan.project;
  if (wish.iterations !== undefined) {
    if (control?.mode !== 'loop') {
      const task = instance.task_id;
      return refuse('not-grantable', `task ${task} is no loop controller: it takes no iterations`);
    }
    if (control.max_iterations === null) {
      return refuse('no-limit', `the loop of ${instance.task_id} has no max_iterations`);
    }
  }
  if (status === 'done') return refuse('not-grantable', `instance ${id} is done: it needs nothing`);
  if (status === 'skipped' || (status === 'failed' && kind !== 'loop_limit')) {
    return refuse('not-grantable', `instance ${id} is ${status}: it needs nothing; retry it first`);
  }
  for (const key of budgetKeys) {
    if (wish[key] === undefined || budget[key] !== undefined) continue;
    if (key !== 'wall_sec') {
      return refuse('no-limit', `task ${instance.task_id} has no budget of ${key}`);
    }
    if (limit === null) {
      return refuse('no-limit', 'attempts of this run have no time limit (node_wall_timeout_sec)');
    }
  }
  return null;
}

/** In answer to a question, as far as that is about it; what it is not about is granted besides. */
function grant(
  state: RunState,
  instanceId: string | null,
  wish: GrantWish,
  asked: string | null,
  now: string,
): Decision {
  const recorder = new Recorder(state, now);
  const subject = state.interrupts.get(asked ?? '')?.interrupt.subject;
  const about: readonly string[] = subject === undefined ? [] : (answersOf(subject)['grant'] ?? []);
  const given = givenOf(wish);
  const answer = given.filter(([key]) => about.includes(key));
  const rest = given.filter(([key]) => !about.includes(key) || asked === null);
  const events = [];
  if (asked !== null && answer.length > 0) {
    const reply = grantedBy(asked, Object.fromEntries(answer), now);
    const decision = answerQuestion(state, reply, now);
    if (!decision.ok) return decision;
    events.push(...decision.events);
  }
  if (rest.length > 0) {
    recorder.emit('granted', instanceId, { ...Object.fromEntries(rest), interrupt_id: null });
  }
  return { ok: true, events: [...events, ...recorder.events] };
}

function givenOf(wish: Omit<GrantWish, 'instance_id'>): [BudgetKey | 'iterations', number][] {
  return [...budgetKeys, 'iterations' as const].flatMap((key) => {
    const amount = wish[key];
    return amount === undefined ? [] : [[key, amount] as [typeof key, number]];
  });
}

/** Whether an open question is about that. */
function isAbout(state: RunState, interruptId: string, subject: Subject): boolean {
  return state.interrupts.get(interruptId)?.interrupt.subject === subject;
}

function grantedBy(interruptId: string, amounts: Record<string, number>, now: string): Reply {
  const words = Object.entries(amounts).map(([name, value]) => ` ${name}=${value}`);
  return {
    interrupt_id: interruptId,
    audience: 'human',
    reply_kind: 'answer',
    text: `grant${words.join('')}`,
    payload: { choice: 'grant', ...amounts },
    rationale: null,
    confidence: null,
    citations: [],
    created_at: now,
  };
}
