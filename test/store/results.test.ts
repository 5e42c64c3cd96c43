/** The result of an instance is what its latest attempt left, and the log says what that is. */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createRun } from '../../src/core/plan/create-run.ts';
import { plan } from '../../src/core/plan/plan.ts';
import { finishAttempt } from '../../src/core/judge/finish.ts';
import type { ResultFacts } from '../../src/core/judge/result.ts';
import { decide } from '../../src/core/requests/decide.ts';
import { sha256 } from '../../src/disk/sha256.ts';
import type { RunWriter } from '../../src/store/run-store.ts';
import type { Json } from '../../src/model/json.ts';
import { newRunId, runPaths, type RunPaths } from '../../src/store/layout.ts';
import { verifyRunDirectory } from '../../src/store/verify/verify.ts';
import { samplePlan, storeOf, systemNow, temporaryProgram } from './sample-run.ts';
import { ended } from '../support/make.ts';

let program: { dir: string; remove: () => void };
let paths: RunPaths;
let session: RunWriter;
let asker: string;

beforeEach(() => {
  program = temporaryProgram();
  paths = runPaths(program.dir, newRunId(systemNow()));
  const run = storeOf(program.dir).create(paths.runId);
  mkdirSync(path.join(paths.programDir, 'prompts'));
  writeFileSync(path.join(paths.programDir, 'prompts', 'ask.md'), 'Ask first.\n');
  const plan = samplePlan();
  const { ask } = plan.tasks;
  if (ask) plan.tasks['ask'] = { ...ask, publish: [] };
  const { events, state } = createRun(plan, paths.runId, '2026-01-02T03:04:05.000Z');
  run.begin(events, state);
  open();
  step();
  asker = [...session.state.instances.keys()][0] ?? '';
});
afterEach(() => {
  session.close();
  program.remove();
});

function open(): void {
  const attempt = storeOf(program.dir).write(paths.runId, 'test');
  if (!attempt.ok) throw attempt.refusal;
  session = attempt.writer;
}

/** Ends the session, as an engine that was killed would, or in order, and opens the next. */
function reopen(): void {
  session.close();
  open();
}

function step(): void {
  session.commit(plan(session.state, { slots: 1, now: session.now() }).events);
}

/** Ends the running attempt: it wrote this result, and what it was to publish or not. */
function finish(result: Json | undefined, published: boolean): void {
  const { attempt } = session.state.instances.get(asker) ?? { attempt: 0 };
  const directory = paths.attemptDir(asker, attempt);
  mkdirSync(directory, { recursive: true });
  const text = JSON.stringify(result);
  if (result !== undefined) writeFileSync(path.join(directory, 'result.json'), text);
  const facts: ResultFacts =
    result === undefined
      ? { kind: 'none' }
      : { kind: 'value', value: result, sha256: sha256(text) };
  const events = finishAttempt(
    session.state,
    asker,
    {
      process: ended(),
      result: facts,
      artifacts: published
        ? { kind: 'published', artifacts: [] }
        : { kind: 'missing', message: 'publish: final.md is missing' },
    },
    session.now(),
  );
  session.commit(events);
}

function retry(): void {
  const request = { command: 'retry_instance', instance_id: asker, granted_iterations: 0 } as const;
  const retried = decide(session.state, request, session.now());
  if (!retried.ok) throw new Error(retried.reason);
  session.commit(retried.events);
  step();
}

async function problems(): Promise<string[]> {
  const { problems: found } = await verifyRunDirectory(paths, { now: systemNow });
  return found.map(({ severity, where, message }) => `${severity} ${where} ${message}`);
}

it.each([
  ['while one engine drives', (): void => {}],
  ['over the restart of an engine', reopen],
])('a retry that leaves none has none, %s', async (_name, between) => {
  finish({ n: 1 }, false);
  expect(session.state.instances.get(asker)?.status).toBe('failed');
  expect(session.result(asker)).toBeNull();
  between();
  retry();
  expect(session.result(asker)).toBeNull();
  between();
  finish(undefined, true);
  expect(session.state.instances.get(asker)?.status).toBe('done');
  expect(session.result(asker)).toBeNull();
  reopen();
  expect(session.result(asker)).toBeNull();
  expect(existsSync(paths.resultFile(asker))).toBe(false);
  session.close();
  expect(await problems()).toEqual([]);

  // As a program left it that knew no better.
  mkdirSync(path.dirname(paths.resultFile(asker)), { recursive: true });
  writeFileSync(paths.resultFile(asker), '{\n  "n": 1\n}\n');
  expect(await problems()).toEqual([
    `error state/results/${asker}.json is the result of attempt 1; attempt 2, which came after it, has left none`,
  ]);
  await verifyRunDirectory(paths, { repair: true, now: systemNow });
  expect(await problems()).toEqual([]);
});

it.each([
  ['while one engine drives', (): void => {}],
  ['over the restart of an engine', reopen],
])('a retry that leaves one has that, %s', async (_name, between) => {
  finish({ n: 1 }, false);
  between();
  retry();
  between();
  finish({ n: 2 }, true);
  expect(session.result(asker)).toMatchObject({ attempt: 2, value: { n: 2 } });
  between();
  expect(session.result(asker)).toMatchObject({ attempt: 2, value: { n: 2 } });
  session.close();
  expect(JSON.parse(readFileSync(paths.resultFile(asker), 'utf8'))).toEqual({ n: 2 });
  expect(await problems()).toEqual([]);
});

it('a result longer than one read is whole', () => {
  const long = 'ä\n"'.repeat(200_000);
  finish(long, true);
  expect(session.result(asker)?.value).toBe(long);
});

it('a result of null is one', () => {
  finish(null, true);
  expect(session.result(asker)).toMatchObject({ attempt: 1, value: null });
});

it('a log that changed under its reader gives no result', () => {
  finish({ n: 1 }, true);
  const text = readFileSync(paths.eventsLog, 'utf8');
  const start = text.indexOf('"event_type":"result_materialized') + 14;
  writeFileSync(paths.eventsLog, `${text.slice(0, start)}!${text.slice(start + 1)}`);
  expect(() => session.result(asker)).toThrow(/has been changed while the log was in use/);
});

it.skipIf(!existsSync('/proc/self/fd'))('who reads a result leaves no file open', () => {
  finish({ n: 1 }, true);
  const view = storeOf(program.dir).view(paths.runId);
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  for (let time = 0; time < 20; time += 1) expect(view.result(asker)?.value).toEqual({ n: 1 });
  expect(open()).toBeLessThan(before + 10);
});
