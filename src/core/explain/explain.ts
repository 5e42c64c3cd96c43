/** Why each unfinished instance is where it is, and what would move it. For `run explain` and the page. */
import type { Instance } from '../../model/run.ts';
import { leftOutInWords } from '../../model/trees.ts';
import { awaitsChecks, checkInWords, checksInWords } from '../state/checks.ts';
import { openChooser } from '../state/choosers.ts';
import { beginning } from '../../text/width.ts';
import { itemName } from '../state/item-names.ts';
import { forEachOf, itemWithoutPlace } from '../state/regions.ts';
import { instanceOf, linksOf, taskOf, type RunState } from '../state/run-state.ts';
import { openRunQuestion } from '../state/questions.ts';
import { isOverForGood, isStopped } from '../state/standing.ts';
import { takenOver } from './taken-over.ts';
import { explainFailed, explainSkipped } from './ended.ts';
import { moverOf, questionOfItems, type Movers } from './mover.ts';
import type { ExplainContext, Reason } from './reason.ts';
import { explainWaiting, openingLine } from './waiting.ts';

export interface Explanation extends Reason {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  status: Instance['status'];
  /** It has `failed` because a person stopped it: a resume goes on with it. */
  stopped: boolean;
}

/** All that is not done, in creation order. */
export function explainUnfinished(state: RunState, context: ExplainContext): Explanation[] {
  const known: Movers['known'] = new Map();
  return [...state.instances.values()]
    .filter(({ status }) => status !== 'done')
    .map((instance) => explainInstance(state, instance.instance_id, context, known));
}

export function explainInstance(
  state: RunState,
  instanceId: string,
  context: ExplainContext,
  known: Movers['known'] = new Map(),
): Explanation {
  const instance = instanceOf(state, instanceId);
  const { why, command } = explain(state, instance, context, known);
  const item = itemName(state, instance.input_scope_id);
  return {
    instance_id: instanceId,
    task_id: instance.task_id,
    input_scope_id: instance.input_scope_id,
    status: instance.status,
    stopped: isStopped(instance),
    why: item === '' ? why : `item ${beginning(item, 100)}: ${why}`,
    command,
  };
}

function explain(
  state: RunState,
  instance: Instance,
  context: ExplainContext,
  known: Movers['known'],
): Reason {
  const { programDir, driven } = context;
  const where = context.whereabouts?.(instance) ?? null;
  const elsewhere = where === null ? '' : `, ${where.inWords}`;
  const resume = driven ? null : ['run', 'resume', programDir, state.runId];
  switch (instance.status) {
    case 'done':
      return {
        why: `${instance.attempt === 0 ? 'decided by its rules, without an attempt' : `done in attempt ${instance.attempt}${after(checksInWords(instance))}`}${takenOver(instance)}${chosenBy(state, instance)}${leftOutOf(instance, context)}`,
        command: null,
      };
    case 'running':
      if (awaitsChecks(instance)) {
        const next = checkInWords(state, instance);
        return {
          why: driven
            ? `attempt ${instance.attempt} has ended well, and is checked now: ${next}`
            : `attempt ${instance.attempt} has ended well, and has yet to be checked, once an engine drives the run: ${next}`,
          command: resume,
        };
      }
      if (driven && where?.isTaken === false) {
        return {
          why: `attempt ${instance.attempt} is not at work yet: ${where.inWords}`,
          command: resume,
        };
      }
      return {
        why: driven
          ? `attempt ${instance.attempt} is at work since ${instance.started_at}${elsewhere}${goesOnSince(instance)}${triesOut(instance)}${takenOver(instance)}`
          : `attempt ${instance.attempt} was started${elsewhere}${goesOnSince(instance)}; no engine watches it now: it may still be at work, or have ended`,
        command: resume,
      };
    case 'runnable':
      return explainRunnable(state, context, resume);
    case 'pending':
      return {
        why: explainPending(state, instance),
        command: moverOf(state, instance, {
          programDir,
          of: (each) => explain(state, each, context, known).command,
          resume,
          known,
        }),
      };
    case 'waiting':
      return explainWaiting(state, instance, context);
    case 'skipped':
      return afterAbort(state, explainSkipped(state, instance, context));
    case 'failed':
      return afterAbort(state, explainFailed(state, instance, context));
  }
}

/** What is in no commit stays in the tree. */
function leftOutOf({ workspace }: Instance, { isThere }: ExplainContext): string {
  const { directory = null, commit = null } = workspace ?? {};
  if (commit === null || commit.left_out.length === 0) return '';
  const isGone = directory === null || isThere?.(directory) === false;
  return `; ${leftOutInWords(commit.left_out)}${isGone ? '' : `, in ${directory}`}`;
}

function after(words: string): string {
  return words === '' ? '' : `; ${words}`;
}

/** Why its attempt follows on the one before, where that did not fail. */
function goesOnSince({ attempts }: Instance): string {
  const { attempt, continued } = attempts.at(-2) ?? {};
  if (continued === undefined) return '';
  return `; it goes on (${continued.reason}) after attempt ${attempt}: ${openingLine(continued.message)}`;
}

function explainRunnable(
  state: RunState,
  { programDir, driven }: ExplainContext,
  resume: string[] | null,
): Reason {
  const asked = openRunQuestion(state, 'budget');
  if (asked !== null) {
    return {
      why: `ready, but the run has used up its budget, and asks a person: ${asked}`,
      command: ['inbox', 'reply', programDir, asked, '--resume'],
    };
  }
  return {
    why: driven
      ? `ready; it waits for one of ${state.plan.project.max_concurrency} slots`
      : 'ready, but no engine drives the run',
    command: resume,
  };
}

/** Nothing moves what an aborted run left. */
function afterAbort(state: RunState, reason: Reason): Reason {
  if (!isOverForGood(state)) return reason;
  return { why: `${reason.why}. The run was aborted: it is over`, command: null };
}

function explainPending(state: RunState, instance: Instance): string {
  const items: string[] = [];
  const unfinished = linksOf(state, instance.instance_id).upstream.flatMap((id) => {
    const upstream = state.instances.get(id);
    if (upstream === undefined) {
      items.push(...itemsToCome(state, instance, id));
      return [];
    }
    const { task_id: task, status } = upstream;
    return status === 'done' ? [] : [`${task} (${id}, ${status})`];
  });
  if (unfinished.length === 0) {
    return items.length === 0
      ? explainReady(state, instance)
      : `it waits for ${items.join(' and ')}`;
  }
  const named = [...unfinished.slice(0, 4), ...items];
  const more = unfinished.length > 4 ? ` and ${unfinished.length - 4} more` : '';
  return `it needs ${named.join(', ')}${more}`;
}

/** Of a region that it gathers. */
function itemsToCome(state: RunState, instance: Instance, regionId: string): string[] {
  const region = state.regions.get(regionId);
  return taskOf(state, instance).depends_on.flatMap(({ task }) => {
    const open = region?.gathering.find((each) => each.task === task)?.open ?? 0;
    return open === 0 ? [] : [`${open} of ${region?.count} items of ${task}`];
  });
}

/** All above it is settled. */
function explainReady(state: RunState, instance: Instance): string {
  if (questionOfItems(state, instance) !== null) {
    return 'a person is asked how many items it is to have';
  }
  const chooser = openChooser(state, instance);
  if (chooser !== null) {
    const { task_id: task, instance_id: id, status } = chooser;
    return `it waits for ${task} (${id}, ${status}): what that chooses may lead to more of what it gathers`;
  }
  const item = itemWithoutPlace(state, instance);
  if (item === null) return 'about to become runnable';
  const { max_parallel: most } = forEachOf(state, item.region);
  return `its item waits for a place: ${item.region.task_id} has ${most} at a time (max_parallel)`;
}

function triesOut({ attempts }: Instance): string {
  const account = attempts.at(-1)?.probes;
  return account === undefined
    ? ''
    : `, and tries whether the usage limit of account ${account} is over`;
}

/** For a task that a controller chose: which, and where. */
function chosenBy(state: RunState, instance: Instance): string {
  const [binding] = Object.entries(instance.activation_bindings);
  if (!binding) return '';
  const [controller, id] = binding;
  return `; chosen by ${controller} (${id}) in scope ${state.instances.get(id)?.input_scope_id}`;
}
