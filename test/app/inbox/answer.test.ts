/** An answer becomes true with one reading of the run's log, whoever holds the run. */
import { existsSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { answerInterrupt, refuseIfAnswered, type Answer } from '../../../src/app/inbox/answer.ts';
import { decide } from '../../../src/core/requests/decide.ts';
import { replay } from '../../../src/core/events/evolve.ts';
import type { RunWriter } from '../../../src/store/run-store.ts';
import type { RunPaths } from '../../../src/store/layout.ts';
import {
  sampleEvents,
  sampleReply,
  storeOf,
  systemNow,
  temporaryProgram,
} from '../../store/sample-run.ts';
import { countOpens, type FileOpens } from '../../support/file-opens.ts';
import { ownWorld } from '../../support/world.ts';

const RUN = '20260102030405-0123abcd';
const ID = 'int-0123456789ab';
const answer: Answer = {
  text: 'left',
  replyKind: 'answer',
  payload: null,
  rationale: null,
  confidence: null,
  citations: [],
};

let program: { dir: string; remove: () => void };
let paths: RunPaths;
let opens: FileOpens;
let asker: string;

beforeEach(() => {
  program = temporaryProgram();
  const sample = sampleEvents(RUN);
  const asked = sample.events.findIndex(({ event_type: type }) => type === 'instance_waiting') + 1;
  const events = sample.events.slice(0, asked);
  const run = storeOf(program.dir).create(RUN);
  run.begin(events, replay(events)!);
  paths = run.paths;
  asker = sample.asker;
  opens = countOpens('/events.jsonl');
});
afterEach(() => {
  opens.stop();
  program.remove();
});

function hold(): RunWriter {
  const attempt = storeOf(program.dir).write(RUN, 'engine');
  if (!attempt.ok) throw attempt.refusal;
  return attempt.writer;
}

it('where nobody drives the run, as its writer', async () => {
  const found = { paths, interruptId: ID };
  const answered = await answerInterrupt(ownWorld, found, answer, { command: 'inbox reply' });
  expect(opens.count()).toBe(1);
  expect(answered).toMatchObject({
    recorded: true,
    holder: null,
    stillOpen: [],
    setAside: null,
    entry: { interrupt: { status: 'resolved' }, reply: { text: 'left' } },
  });
  const { state } = storeOf(program.dir).view(RUN);
  expect(state.interrupts.get(ID)?.reply?.text).toBe('left');
  expect(existsSync(paths.replyFile(ID))).toBe(true);
});

it('where nobody drives the run, and an answer lies in the inbox: that one stands', async () => {
  storeOf(program.dir).drop(RUN, { kind: 'reply', reply: sampleReply(ID, { text: 'right' }) });
  const found = { paths, interruptId: ID };
  const late = answerInterrupt(ownWorld, found, answer, { command: 'inbox reply' });
  await expect(late).rejects.toMatchObject({ code: 'already-answered' });
  const { state } = storeOf(program.dir).view(RUN);
  expect(state.interrupts.get(ID)?.reply?.text).toBe('right');
});

it('where an engine drives the run, and takes it', async () => {
  const engine = hold();
  opens.count();
  const stop = engine.inbox.watch(() => {
    const [item] = engine.inbox.scan(engine.state).replies;
    if (!item) return;
    stop();
    const taken = decide(engine.state, { command: 'reply', reply: item.value }, engine.now());
    if (taken.ok) engine.commit(taken.events);
  });
  const found = { paths, interruptId: ID };
  const answered = await answerInterrupt(ownWorld, found, answer, { command: 'inbox reply' });
  // Once to read it, once for what came; never again from the start.
  expect(opens.count()).toBe(2);
  expect(answered).toMatchObject({
    recorded: true,
    holder: { command: 'engine' },
    entry: { interrupt: { status: 'resolved', resolved_at: engine.state.updatedAt } },
  });
  engine.close();
});

it('where an engine drives the run, and another answer is taken first: that one stands', async () => {
  const engine = hold();
  const other = sampleReply(ID, { text: 'right', created_at: systemNow() });
  const stop = engine.inbox.watch(() => {
    if (engine.inbox.scan(engine.state).replies.length === 0) return;
    stop();
    const taken = decide(engine.state, { command: 'reply', reply: other }, engine.now());
    if (taken.ok) engine.commit(taken.events);
  });
  const found = { paths, interruptId: ID };
  const late = answerInterrupt(ownWorld, found, answer, { command: 'inbox reply' });
  await expect(late).rejects.toMatchObject({ code: 'already-answered' });
  engine.close();
});

it('is refused where one lies there that no engine has taken, with the time at which that was given', async () => {
  const engine = hold();
  const created_at = '2026-02-03T04:05:06.000Z';
  storeOf(program.dir).drop(RUN, { kind: 'reply', reply: sampleReply(ID, { created_at }) });
  const clock = { ...ownWorld.clock, now: () => '2026-02-03T04:05:07.000Z' };
  const world = { ...ownWorld, clock };
  const found = { paths, interruptId: ID };
  const message = expect.stringContaining(`was answered by a human on ${created_at}`) as string;
  const late = answerInterrupt(world, found, answer, { command: 'inbox reply' });
  await expect(late).rejects.toMatchObject({ message });
  await expect(refuseIfAnswered(world, found)).rejects.toMatchObject({ message });
  engine.close();
});

it('where an engine drives the run, and does not take it: left for it, and still open', async () => {
  const engine = hold();
  const found = { paths, interruptId: ID };
  const options = { command: 'inbox reply', waitMs: 1 };
  const answered = await answerInterrupt(ownWorld, found, answer, options);
  expect(answered).toMatchObject({
    recorded: false,
    holder: { command: 'engine' },
    entry: { interrupt: { status: 'open' }, reply: { text: 'left' } },
  });
  expect(engine.state.instances.get(asker)?.status).toBe('waiting');
  engine.close();
});

it('nothing is sent that does not fit', async () => {
  const found = { paths, interruptId: ID };
  const empty = answerInterrupt(ownWorld, found, { ...answer, text: ' ' }, { command: 'x' });
  await expect(empty).rejects.toMatchObject({ code: 'text-missing' });
  const handed = { ...answer, replyKind: 'handoff_to_human' } as const;
  const refused = answerInterrupt(ownWorld, found, handed, { command: 'x' });
  await expect(refused).rejects.toMatchObject({ code: 'human-answers' });
  expect(existsSync(paths.replyFile(ID))).toBe(false);
  expect(storeOf(program.dir).holder(RUN)).toBeNull();
});
