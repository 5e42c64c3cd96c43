/** Section 9 of the contract: who may answer, what an answer moves, and a hand-off to a human. */
import { describe, expect, it } from 'vitest';
import { withoutForgedWords } from '../../../src/core/state/hand-off.ts';
import { derivedInterruptId } from '../../../src/model/ids.ts';
import { task } from '../../support/make.ts';
import { offline, ScriptedRun } from '../scripted-run.ts';

const toRole = { audience: 'assistant', resolved_target_role_id: 'helper' } as const;

describe('an answer', () => {
  it('given while the attempt runs still reaches the worker', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const id = run.ask(run.running('a'));
    run.reply(id);
    run.finish('a');
    expect(run.last('a')).toMatchObject({ status: 'running', attempt: 2 });
    expect(run.state.interrupts.get(id)?.interrupt.status).toBe('applied');
    run.finish('a');
    expect(run.board()).toEqual(['a done']);
  });

  it('lets the instance go on only with the last blocking question', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const [first, second] = [run.ask(run.running('a')), run.ask(run.running('a'))];
    const aside = run.ask(run.running('a'), { blocking: false });
    run.finish('a');
    run.reply(first);
    expect(run.plan()).toEqual([]);
    expect(run.last('a')).toMatchObject({ status: 'waiting', blocking_interrupts: [second] });
    run.reply(second);
    expect(run.plan()).toHaveLength(1);
    expect(run.payloads('attempt_started').at(-1)?.replies).toEqual([first, second]);
    expect(run.state.interrupts.get(aside)?.interrupt.status).toBe('open');
  });

  it('is given once: the second is refused, and the first stands', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const id = run.ask(run.running('a'));
    run.reply(id, { text: 'one' });
    expect(run.reply(id, { text: 'two' })).toMatchObject({ ok: false, code: 'already-answered' });
    expect(run.state.interrupts.get(id)?.reply?.text).toBe('one');
    expect(run.reply('int-ffffffffffff')).toMatchObject({ ok: false, code: 'no-interrupt' });
  });

  it('to a question that does not block is told to the next attempt, if there is one', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const id = run.ask(run.running('a'), { blocking: false });
    run.reply(id);
    run.finish('a', { process: offline });
    run.resume();
    expect(run.payloads('attempt_started').at(-1)?.replies).toEqual([id]);
    expect(run.state.interrupts.get(id)?.interrupt.status).toBe('applied');
  });

  it('that an attempt may not have read is told again; one that was read is not', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const first = run.ask(run.running('a'));
    run.finish('a');
    run.reply(first);
    run.plan();
    run.finish('a', { process: offline });
    run.resume();
    expect(run.payloads('attempt_started').at(-1)?.replies).toEqual([first]);
    const second = run.ask(run.running('a'));
    run.finish('a');
    run.reply(second);
    run.plan();
    expect(run.payloads('attempt_started').at(-1)?.replies).toEqual([second]);
  });

  it('is applied with the start of the attempt, also when a crash keeps no more than that', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const id = run.ask(run.running('a'));
    run.finish('a');
    run.reply(id);
    run.plan();
    const start = run.events.findLastIndex((event) => event.event_type === 'attempt_started');
    run.crashAfter(start + 1);
    expect(run.plan()).toEqual([]);
    run.finish('a');
    expect(run.board()).toEqual(['a done']);
  });
});

describe('a hand-off', () => {
  const handedOff = () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const id = run.ask(run.running('a'), { ...toRole, metadata: { ticket: 7 } });
    run.finish('a');
    const before = run.events.length;
    const decision = run.reply(id, {
      audience: 'assistant',
      reply_kind: 'handoff_to_human',
      text: 'ask a person',
      rationale: 'it is a matter of taste',
      citations: ['docs/taste.md'],
    });
    expect(decision.ok).toBe(true);
    return { run, id, before };
  };

  it('opens the same question to a human before it closes the first', () => {
    const { run, id, before } = handedOff();
    expect(run.events.slice(before).map((event) => event.event_type)).toEqual([
      'interrupt_requested',
      'interrupt_resolved',
    ]);
    const human = [...run.state.interrupts.values()].at(-1)?.interrupt;
    expect(human).toMatchObject({
      audience: 'human',
      blocking: true,
      question: 'which one?',
      status: 'open',
      resolved_target_role_id: null,
      metadata: {
        ticket: 7,
        assistant_interrupt_id: id,
        assistant_role_id: 'helper',
        assistant_summary: 'ask a person',
        assistant_rationale: 'it is a matter of taste',
        assistant_citations: ['docs/taste.md'],
      },
    });
    expect(human?.interrupt_id).toMatch(/^int-[0-9a-f]{12}$/);
    expect(run.plan()).toEqual([]);
    expect(run.board()).toEqual(['a waiting']);
    run.reply(human?.interrupt_id ?? '');
    expect(run.plan()).toHaveLength(1);
  });

  it('of which a crash kept half is finished, and asks the human once', () => {
    const { run, id, before } = handedOff();
    run.crashAfter(before + 1);
    expect(run.plan()).toEqual([]);
    run.reply(id, { audience: 'assistant', reply_kind: 'handoff_to_human' });
    expect(run.state.interrupts.size).toBe(2);
    expect(run.last('a').blocking_interrupts).toHaveLength(1);
  });

  it('is not for a human, nor to one who may not be asked', () => {
    const run = new ScriptedRun([
      task({ id: 'a', interaction_policy: { allowed_assistant_roles: null, allow_human: false } }),
      task({ id: 'b' }),
    ]);
    const handoff = { reply_kind: 'handoff_to_human' } as const;
    const first = run.ask(run.running('a'), toRole);
    expect(run.reply(first, { ...handoff, audience: 'human' })).toMatchObject({
      ok: false,
      code: 'wrong-audience',
    });
    expect(run.reply(first, handoff)).toMatchObject({ ok: false, code: 'human-not-allowed' });
    const second = run.ask(run.running('b'));
    expect(run.reply(second, handoff)).toMatchObject({ ok: false, code: 'human-answers' });
  });
});

describe('the question that a hand-off opens', () => {
  const handoff = {
    audience: 'assistant',
    reply_kind: 'handoff_to_human',
    text: 'ask her',
  } as const;

  it('is asked under the next free id, where a worker has taken its own beforehand', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const id = run.ask(run.running('a'), toRole);
    const [own, next] = [`${id}/human`, `${id}/human/1`].map(derivedInterruptId);
    run.ask(run.running('a'), { interrupt_id: own!, blocking: false });
    run.ask(run.running('a'), { interrupt_id: next!, blocking: false });
    run.finish('a');
    run.reply(id, handoff);
    const [asked] = run.last('a').blocking_interrupts;
    expect(asked).toBe(derivedInterruptId(`${id}/human/2`));
    expect(run.state.interrupts.get(asked!)?.interrupt).toMatchObject({
      audience: 'human',
      blocking: true,
      metadata: { assistant_interrupt_id: id, assistant_summary: 'ask her' },
    });
    expect(run.last('a').status).toBe('waiting');
  });
});

describe('an assistant’s words', () => {
  it('cannot be put into a question by a worker', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const asking = run.question(run.running('a'), { metadata: { assistant_summary: 'go ahead' } });
    expect(run.decide({ command: 'ask', interrupt: asking })).toMatchObject({
      ok: false,
      code: 'metadata-reserved',
    });
  });

  it('are shown only of a hand-off that the log has', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    const id = run.ask(run.running('a'), toRole);
    run.finish('a');
    run.reply(id, { audience: 'assistant', reply_kind: 'handoff_to_human', text: 'ask her' });
    const [human] = run.last('a').blocking_interrupts;
    const { interrupt } = run.state.interrupts.get(human!)!;
    expect(withoutForgedWords(run.state, interrupt)).toBe(interrupt);
    const metadata = { ...interrupt.metadata, assistant_summary: 'do it', own: 1 };
    expect(withoutForgedWords(run.state, { ...interrupt, metadata }).metadata).toEqual({ own: 1 });
    const elsewhere = { ...interrupt, instance_id: 'another' };
    expect(withoutForgedWords(run.state, elsewhere).metadata).toEqual({});
  });
});
