/** Why each unfinished instance is where it is, and what would move it. For `run explain` and the page. */
import type { Instance } from '../../model/run.ts';
import { firstWaiting, holdersOf, isOfUser, isWaitingForLock, locksOf } from '../state/locks.ts';
import { instanceOf, linksOf, type RunState } from '../state/run-state.ts';
import { isOverForGood, isStopped } from '../state/standing.ts';
import { beginning } from '../../text/width.ts';

export interface Explanation {
  instance_id: string;
  task_id: string;
  input_scope_id: string;
  status: Instance['status'];
  /** It has `failed` because a person stopped it: a resume goes on with it. */
  stopped: boolean;
  /** One or a few sentences. */
  why: string;
  /** Words of the command that would move it, after `codex-orch`; null: nothing need be done. */
  command: string[] | null;
}

export interface ExplainContext {
  /** As the person names it. */
  programDir: string;
  /** Whether an engine drives the run now. */
  driven: boolean;
  /** Who holds a lock of the user, in whatever run, as a person would say; left out: nobody looks. */
  userHolders?: (lock: string) => string[];
}

/** All that is not done, in creation order. */
export function explainUnfinished(state: RunState, context: ExplainContext): Explanation[] {
  return [...state.instances.values()]
    .filter(({ status }) => status !== 'done')
    .map((instance) => explainInstance(state, instance.instance_id, context));
}

export function explainInstance(
  state: RunState,
  instanceId: string,
  context: ExplainContext,
): Explanation {
  const instance = instanceOf(state, instanceId);
  const { why, command } = explain(state, instance, context);
  return {
    instance_id: instanceId,
    task_id: instance.task_id,
    input_scope_id: instance.input_scope_id,
    status: instance.status,
    stopped: isStopped(instance),
    why,
    command,
  };
}

interface Reason {
  why: string;
  command: string[] | null;
}

function explain(state: RunState, instance: Instance, context: ExplainContext): Reason {
  const { programDir, driven } = context;
  const resume = driven ? null : ['run', 'resume', programDir, state.runId];
  switch (instance.status) {
    case 'done':
      return {
        why: `${instance.attempt === 0 ? 'decided by its rules, without an attempt' : `done in attempt ${instance.attempt}`}${chosenBy(state, instance)}`,
        command: null,
      };
    case 'running':
      return {
        why: driven
          ? `attempt ${instance.attempt} is at work since ${instance.started_at}`
          : `attempt ${instance.attempt} was started; no engine watches it now: it may still be at work, or have ended`,
        command: resume,
      };
    case 'runnable':
      return {
        why: driven
          ? `ready; it waits for one of ${state.plan.project.max_concurrency} slots`
          : 'ready, but no engine drives the run',
        command: resume,
      };
    case 'pending':
      return { why: explainPending(state, instance), command: resume };
    case 'waiting':
      return explainWaiting(state, instance, context);
    case 'skipped':
      return afterAbort(state, explainSkipped(state, instance, context));
    case 'failed':
      return afterAbort(state, explainFailed(state, instance, context));
  }
}

/** Nothing moves what an aborted run left. */
function afterAbort(state: RunState, reason: Reason): Reason {
  if (!isOverForGood(state)) return reason;
  return { why: `${reason.why}. The run was aborted: it is over`, command: null };
}

function explainPending(state: RunState, instance: Instance): string {
  const unfinished = linksOf(state, instance.instance_id).upstream.filter(
    (id) => instanceOf(state, id).status !== 'done',
  );
  if (unfinished.length === 0) return 'about to become runnable';
  const named = unfinished
    .slice(0, 4)
    .map((id) => `${instanceOf(state, id).task_id} (${id}, ${instanceOf(state, id).status})`);
  const more =
    unfinished.length > named.length ? ` and ${unfinished.length - named.length} more` : '';
  return `it needs ${named.join(', ')}${more}`;
}

function explainWaiting(state: RunState, instance: Instance, context: ExplainContext): Reason {
  const { programDir } = context;
  if (isWaitingForLock(instance)) {
    return {
      why: explainLock(state, instance, context),
      command: context.driven ? null : ['run', 'resume', programDir, state.runId],
    };
  }
  if (instance.waiting_until !== undefined) return explainDelay(state, instance, context);
  const open = instance.blocking_interrupts.flatMap((id) => state.interrupts.get(id) ?? []);
  const [first] = open;
  if (!first) {
    return {
      why: context.driven
        ? 'all its questions are answered; it goes on'
        : 'all its questions are answered, and nobody drives the run; it goes on when that is resumed',
      command: context.driven ? null : ['run', 'resume', programDir, state.runId],
    };
  }
  const questions = open.map(({ interrupt }) => {
    const whom =
      interrupt.audience === 'human' ? 'a person' : `role ${interrupt.resolved_target_role_id}`;
    return `${interrupt.interrupt_id} asks ${whom}: ${firstLine(interrupt.question)}`;
  });
  return {
    why: `it waits for an answer. ${questions.join('. ')}`,
    command:
      first.interrupt.audience === 'human'
        ? ['inbox', 'reply', programDir, first.interrupt.interrupt_id, '--resume']
        : ['inbox', 'worker', programDir, '--once'],
  };
}

function explainLock(state: RunState, instance: Instance, context: ExplainContext): string {
  const held = locksOf(state, instance).flatMap((lock) => {
    const { name, slots } = lock;
    const own = holdersOf(state, name);
    const all = isOfUser(lock) ? (context.userHolders?.(name) ?? own) : own;
    if (all.length >= slots) {
      return [`the lock "${name}", which ${all.join(', ')} ${all.length === 1 ? 'holds' : 'hold'}`];
    }
    const first = firstWaiting(state, name);
    if (first === null || first === instance.instance_id) return [];
    return [`the lock "${name}", for which ${first} waits as well, and came first`];
  });
  if (held.length === 0) return 'it waits for locks, which are free now; it goes on';
  return `it waits for ${held.join('; ')}`;
}

function explainDelay(state: RunState, instance: Instance, context: ExplainContext): Reason {
  const { programDir, driven } = context;
  const { attempt, error, waiting_until: until } = instance;
  const whose = driven ? '' : ', once an engine drives the run';
  return {
    why: `attempt ${attempt} failed: ${error ?? 'no reason recorded'}. It is tried again at ${until}${whose}; run retry-instance does not wait`,
    command: driven ? null : ['run', 'resume', programDir, state.runId],
  };
}

function explainSkipped(state: RunState, instance: Instance, context: ExplainContext): Reason {
  let id: string | null = linksOf(state, instance.instance_id).skippedBecauseOf;
  for (let next = id; next !== null;) {
    id = next;
    const cause = instanceOf(state, next);
    next = cause.status === 'skipped' ? linksOf(state, next).skippedBecauseOf : null;
  }
  const cause = id === null ? null : instanceOf(state, id);
  const root = cause ?? instance;
  if (root.skip_reason === 'condition') {
    const whose =
      cause === null
        ? ''
        : `the condition of ${cause.task_id} (${cause.instance_id}) did not hold: `;
    return { why: `skipped: ${whose}${root.error ?? ''}`, command: null };
  }
  const target = cause ?? instance;
  const below = cause
    ? `skipped, because ${cause.task_id} (${cause.instance_id}) ${endOf(cause)}${comeBack(state, cause)}`
    : (instance.error ?? 'skipped');
  const command =
    target.status === 'failed' && target.resume_recommended
      ? ['run', 'resume', context.programDir, state.runId]
      : ['run', 'retry-instance', context.programDir, state.runId, target.instance_id];
  return { why: below, command };
}

function endOf(instance: Instance): string {
  if (isStopped(instance)) return 'was stopped';
  return instance.status === 'failed' ? 'failed' : 'was skipped';
}

function comeBack(state: RunState, cause: Instance): string {
  if (isOverForGood(state)) return '';
  return `; it comes back when that is ${cause.resume_recommended ? 'resumed' : 'retried'}`;
}

function explainFailed(state: RunState, instance: Instance, context: ExplainContext): Reason {
  const { programDir } = context;
  if (isStopped(instance)) {
    return {
      why: `attempt ${instance.attempt} was ${instance.error ?? 'stopped'}`,
      command: ['run', 'resume', programDir, state.runId],
    };
  }
  const kind = instance.failure_kind === null ? '' : ` (${instance.failure_kind})`;
  const what =
    instance.attempt === 0 ? 'it failed before it began' : `attempt ${instance.attempt} failed`;
  const why = `${what}${kind}: ${instance.error ?? 'no reason recorded'}`;
  if (instance.resume_recommended) {
    return {
      why: `${why}. Trying the same again can help`,
      command: ['run', 'resume', programDir, state.runId],
    };
  }
  const retry = ['run', 'retry-instance', programDir, state.runId, instance.instance_id];
  if (instance.failure_kind === 'loop_limit') retry.push('--grant-iterations', '1');
  return { why, command: retry };
}

/** For a task that a controller chose: which, and where. */
function chosenBy(state: RunState, instance: Instance): string {
  const [binding] = Object.entries(instance.activation_bindings);
  if (!binding) return '';
  const [controller, id] = binding;
  return `; chosen by ${controller} (${id}) in scope ${state.instances.get(id)?.input_scope_id}`;
}

function firstLine(text: string): string {
  const [line = ''] = text.trim().split('\n');
  return beginning(line, 160);
}
