/** Why an instance waits: for answers, for a lock, or for a time. */
import type { Instance } from '../../model/run.ts';
import { firstWaiting, holdersOf, isOfUser, isWaitingForLock, locksOf } from '../state/locks.ts';
import { linksOf, type RunState } from '../state/run-state.ts';
import { isWaitingForLimit } from '../state/usage-limits.ts';
import { probeLock } from '../../model/limits.ts';
import { openingWords } from '../../text/markdown.ts';
import { beginning } from '../../text/width.ts';
import type { ExplainContext, Reason } from './reason.ts';

export function explainWaiting(
  state: RunState,
  instance: Instance,
  context: ExplainContext,
): Reason {
  const { programDir } = context;
  if (isWaitingForLock(instance)) {
    return {
      why: explainLock(state, instance, context),
      command: context.driven ? null : ['run', 'resume', programDir, state.runId],
    };
  }
  if (isWaitingForLimit(instance)) return explainLimit(state, instance, context);
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
    return `${interrupt.interrupt_id} asks ${whom}: ${openingWords(openingLine(interrupt.question))}`;
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

function explainLimit(state: RunState, instance: Instance, context: ExplainContext): Reason {
  const { programDir, driven } = context;
  const { error, waiting_until: until } = instance;
  const { limit } = linksOf(state, instance.instance_id);
  const whose = driven ? '' : ', once an engine drives the run';
  const [tries] = limit === null ? [] : (context.userHolders?.(probeLock(limit).name) ?? []);
  const next =
    tries === undefined
      ? `One attempt tries it from ${until} on${whose}`
      : `${tries} tries it now; the rest follow when that succeeds`;
  const asked = limit?.askAt ? `; a person is asked at ${limit.askAt}` : '';
  const cleared = `codex-orch limits clear ${limit?.account ?? ''}`.trimEnd();
  return {
    why: `${error ?? 'its account has come to a usage limit'}. ${next}${asked}; ${cleared} does not wait`,
    command: driven ? null : ['run', 'resume', programDir, state.runId],
  };
}

/** What it begins with, short enough for a sentence. */
export function openingLine(text: string): string {
  const [line = ''] = text.trim().split('\n');
  return beginning(line, 160);
}
