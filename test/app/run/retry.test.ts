/** A retry that an engine is asked for is done, or heard of. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import { tryAgain } from '../../../src/app/run/retry.ts';
import { replay } from '../../../src/core/events/evolve.ts';
import { finishAttempt } from '../../../src/core/judge/finish.ts';
import { decide } from '../../../src/core/requests/decide.ts';
import type { RunWriter } from '../../../src/store/run-store.ts';
import { sampleEvents, storeOf, temporaryProgram } from '../../store/sample-run.ts';
import { ended } from '../../support/make.ts';
import { ownWorld } from '../../support/world.ts';

const RUN = '20260102030405-0123abcd';
const plain = { grantIterations: 0, newSession: false, freshTree: false };
const LATER = '2026-01-02T03:05:00.000Z';

let program: { dir: string; remove: () => void };
let failed: string;

beforeEach(() => {
  program = temporaryProgram();
  const sample = sampleEvents(RUN);
  failed = sample.asker;
  const begun = sample.events.findIndex(({ event_type: type }) => type === 'attempt_started') + 1;
  const events = sample.events.slice(0, begun);
  const state = replay(events)!;
  const facts = {
    process: ended({ termination_reason: 'nonzero_exit', return_code: 1 }),
    result: { kind: 'none' as const },
    artifacts: { kind: 'published' as const, artifacts: [] },
  };
  events.push(...finishAttempt(state, failed, facts, LATER));
  storeOf(program.dir).create(RUN).begin(events, state);
});
afterEach(() => program.remove());

function hold(): RunWriter {
  const attempt = storeOf(program.dir).write(RUN, 'engine');
  if (!attempt.ok) throw attempt.refusal;
  return attempt.writer;
}

/** Does `what` where a request lies in the inbox. */
function onRequest(engine: RunWriter, what: (file: string) => void): void {
  const stop = engine.inbox.watch(() => {
    const [request] = engine.inbox.scan(engine.state).commands;
    if (request === undefined) return;
    stop();
    what(request.file);
  });
}

function retry(): ReturnType<typeof tryAgain> {
  return tryAgain(ownWorld, program.dir, RUN, 'ask', plain);
}

function commitRetry(engine: RunWriter): void {
  const wish = { granted_iterations: 0, instance_id: failed } as const;
  const taken = decide(engine.state, { command: 'retry_instance', ...wish }, engine.now());
  if (taken.ok) engine.commit(taken.events);
}

function statusOf(): string | undefined {
  return storeOf(program.dir).view(RUN).state.instances.get(failed)?.status;
}

it('is in the log at once where nobody drives the run', async () => {
  expect(statusOf()).toBe('failed');
  await expect(retry()).resolves.toMatchObject({ instance_id: failed, by: null });
  expect(statusOf()).toBe('pending');
  await expect(retry()).rejects.toMatchObject({ code: 'not-retryable' });
});

it('is the engine’s that takes it', async () => {
  const engine = hold();
  onRequest(engine, (file) => {
    commitRetry(engine);
    engine.inbox.remove(file);
  });
  await expect(retry()).resolves.toMatchObject({ instance_id: failed, by: 'engine' });
  expect(statusOf()).toBe('pending');
  engine.close();
});

it('is refused where the engine has dropped it', async () => {
  const engine = hold();
  onRequest(engine, (file) => engine.inbox.remove(file));
  await expect(retry()).rejects.toMatchObject({ code: 'not-taken' });
  engine.close();
});

it('is refused as it would be now where the run has gone on', async () => {
  const engine = hold();
  onRequest(engine, (file) => {
    const over = decide(engine.state, { command: 'abort' }, engine.now());
    if (over.ok) engine.commit(over.events);
    engine.inbox.remove(file);
  });
  await expect(retry()).rejects.toMatchObject({ code: 'run-aborted' });
  engine.close();
});

it('is not lost with an engine that ends before it takes it', async () => {
  const engine = hold();
  onRequest(engine, () => engine.close());
  await expect(retry()).resolves.toMatchObject({ instance_id: failed, by: null });
  expect(statusOf()).toBe('pending');
  expect(storeOf(program.dir).holder(RUN)).toBeNull();
});
