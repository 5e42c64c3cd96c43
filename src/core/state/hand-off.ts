/**
 * A hand-off's question carries the assistant's words in its metadata. Nobody else's question may: what a worker
 * writes there is not shown or handed on as an assistant's word.
 */
import { handOffKeys, type Interrupt, type InterruptRecord } from '../../model/run.ts';
import type { RunState } from './run-state.ts';

/** Whether `human` is a question that a hand-off of `assistant`'s question has opened. */
export function isHandOffOf(human: Interrupt, assistant: Interrupt): boolean {
  return (
    human.audience === 'human' &&
    human.instance_id === assistant.instance_id &&
    human.metadata['assistant_interrupt_id'] === assistant.interrupt_id
  );
}

/** A record as it may be shown, or told to an agent: see `withoutForgedWords`. */
export function asShown(
  state: Pick<RunState, 'interrupts'>,
  record: InterruptRecord,
): InterruptRecord {
  const interrupt = withoutForgedWords(state, record.interrupt);
  return interrupt === record.interrupt ? record : { ...record, interrupt };
}

/**
 * The question as it may be shown: what claims to be an assistant's word is left out, unless the log has that
 * assistant's hand-off. A run that an earlier version drove may hold such a claim.
 */
export function withoutForgedWords(
  { interrupts }: Pick<RunState, 'interrupts'>,
  interrupt: Interrupt,
): Interrupt {
  const claims = handOffKeys.some((key) => Object.hasOwn(interrupt.metadata, key));
  if (!claims) return interrupt;
  const from = interrupt.metadata['assistant_interrupt_id'];
  const asked = typeof from === 'string' ? interrupts.get(from) : undefined;
  const reply = asked?.reply ?? null;
  if (asked && reply?.reply_kind === 'handoff_to_human') {
    const isTrue = interrupt.metadata['assistant_summary'] === reply.text;
    if (isTrue && isHandOffOf(interrupt, asked.interrupt)) return interrupt;
  }
  const rest = Object.entries(interrupt.metadata).filter(
    ([key]) => !(handOffKeys as readonly string[]).includes(key),
  );
  return { ...interrupt, metadata: Object.fromEntries(rest) };
}
