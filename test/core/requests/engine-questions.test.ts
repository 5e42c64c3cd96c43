/** Section 18 of the contract: what the engine asks by itself, first of all at the time limit of an attempt. */
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../src/model/json.ts';
import type { Reply } from '../../../src/model/run.ts';
import { task } from '../../support/make.ts';
import { broken, ScriptedRun } from '../scripted-run.ts';

const stopped = {
  ...broken,
  termination_reason: 'wall_timeout',
  failure_summary: 'the attempt reached its time limit of 3600 s',
} as const;

/** A run whose only attempt was stopped at its time limit, and the id of the question. */
function stoppedRun(edition: 1 | 2 = 2): { run: ScriptedRun; id: string } {
  const run = new ScriptedRun([task({ id: 'a' })], { project: { edition } });
  run.finish('a', { process: stopped });
  return { run, id: run.last('a').blocking_interrupts[0] ?? '' };
}

const wallSec = (run: ScriptedRun): number | null | undefined =>
  run.state.links.get(run.last('a').instance_id)?.wallSec;

const grant = (run: ScriptedRun, wall_sec: number) =>
  run.decide({ command: 'grant', instance_id: run.last('a').instance_id, wall_sec });

describe('the time limit', () => {
  it('fails the instance in edition 1, and where on_wall says so', () => {
    expect(stoppedRun(1).run.board()).toEqual(['a failed']);
    const run = new ScriptedRun([task({ id: 'a', on_wall: 'fail' })], { project: { edition: 2 } });
    run.finish('a', { process: stopped });
    expect(run.board()).toEqual(['a failed']);
  });

  it('asks a person in edition 2, once', () => {
    const { run, id } = stoppedRun();
    expect(run.board()).toEqual(['a waiting']);
    expect(run.status()).toBe('waiting');
    expect(run.state.interrupts.get(id)?.interrupt).toMatchObject({
      instance_id: run.last('a').instance_id,
      request_kind: 'control_request',
      audience: 'human',
      options: ['grant', 'give up'],
      reply_schema: 'codex-orch/wall_limit.json',
      subject: 'wall_limit',
    });
  });

  it.each<[string, Partial<Reply>, number]>([
    ['a number', { text: 'grant 600' }, 600],
    ['a name and a number', { text: 'Grant: wall_sec=90.' }, 90],
    ['no number', { text: 'grant' }, 3600],
    ['a payload', { text: 'it is nearly done', payload: { choice: 'grant', wall_sec: 5 } }, 5],
  ])('a grant with %s lets it go on for so long, in the same session', (_name, given, seconds) => {
    const { run, id } = stoppedRun();
    expect(run.reply(id, given).ok).toBe(true);
    expect(run.plan()).toMatchObject([{ attempt: 2, sessionId: 's-1' }]);
    expect(wallSec(run)).toBe(seconds);
    expect(run.payloads('attempt_started').at(-1)?.replies).toEqual([id]);
    run.finish('a');
    expect(run.board()).toEqual(['a done']);
  });

  it('a grant comes once, wherever the log was cut off', () => {
    const { run, id } = stoppedRun();
    run.reply(id, { text: 'grant 600' });
    const answered = run.events.length;
    run.plan();
    for (let count = answered; count <= run.events.length; count += 1) {
      const again = new ScriptedRun([]);
      again.events.splice(0, Infinity, ...run.events);
      again.crashAfter(count);
      again.plan();
      expect(again.payloads('granted')).toEqual([{ wall_sec: 600, interrupt_id: id }]);
      expect(again.last('a')).toMatchObject({ status: 'running', attempt: 2 });
    }
  });

  it('what is given up has failed, and may be tried again', () => {
    const { run, id } = stoppedRun();
    run.reply(id, { text: 'give up' });
    run.plan();
    expect(run.last('a')).toMatchObject({
      status: 'failed',
      failure_kind: 'task_runtime',
      termination_reason: 'wall_timeout',
      resume_recommended: false,
    });
    expect(run.retry(run.last('a'))).toBeNull();
    expect(run.last('a')).toMatchObject({ status: 'running', attempt: 2 });
    expect(wallSec(run)).toBeNull();
  });

  it.each(['perhaps', 'grant a lot', 'grant -5', 'granted', 'grant 5 6', 'give up 3'])(
    'takes no other answer: %s',
    (text) => {
      const { run, id } = stoppedRun();
      expect(run.reply(id, { text })).toMatchObject({ ok: false, code: 'not-a-choice' });
    },
  );

  it('no payload that is no answer', () => {
    const { run, id } = stoppedRun();
    const none: JsonObject[] = [
      { choice: 'maybe' },
      { wall_sec: 3 },
      { choice: 'grant', wall_sec: 0 },
    ];
    for (const payload of none) {
      expect(run.reply(id, { text: 'grant', payload })).toMatchObject({ ok: false });
    }
  });
});

describe('a grant', () => {
  it('answers the question that is open', () => {
    const { run, id } = stoppedRun();
    expect(grant(run, 60).ok).toBe(true);
    expect(run.state.interrupts.get(id)?.interrupt.status).toBe('resolved');
    run.plan();
    expect(wallSec(run)).toBe(60);
    expect(run.last('a')).toMatchObject({ status: 'running', attempt: 2 });
  });

  it('adds to the limit of an attempt at work, as often as it is given', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    grant(run, 60);
    grant(run, 60);
    expect(wallSec(run)).toBe(3720);
    run.finish('a', { process: broken });
    expect(wallSec(run)).toBeNull();
  });

  it('is refused to what needs none', () => {
    const run = new ScriptedRun([task({ id: 'a' })]);
    run.finish('a');
    expect(grant(run, 60)).toMatchObject({ ok: false, code: 'not-grantable' });
    const endless = new ScriptedRun([task({ id: 'a' })], {
      project: { node_wall_timeout_sec: null },
    });
    expect(grant(endless, 60)).toMatchObject({ ok: false, code: 'no-limit' });
  });
});

describe('an edition-1 run of format 1', () => {
  it('neither asks nor grants', () => {
    const run = new ScriptedRun([task({ id: 'a' })], { formatVersion: 1 });
    run.finish('a', { process: stopped });
    expect(run.board()).toEqual(['a failed']);
  });
});
