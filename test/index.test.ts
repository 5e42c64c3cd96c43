/** The library, as another program uses it: a World of its own, and what `src/index.ts` exports. */
import { beforeEach, expect, it } from 'vitest';
import { SimulatedClock } from '../src/engine/simulated-clock.ts';
import { ScriptedExecutor, type Script } from '../src/execution/scripted/executor.ts';
import {
  answerInterrupt,
  createInterrupt,
  driveRun,
  findInterrupt,
  listInterrupts,
  listRuns,
  reconcileRun,
  showRun,
  startRun,
  type World,
} from '../src/index.ts';
import { sampleProgram, task } from './program/sample-program.ts';

let program: string;
let world: World;
/** What agents do besides: asking, say. */
let script: Script;

beforeEach(() => {
  program = sampleProgram({
    'tasks/ask.yaml': task('ask', 'agent: shell\nrun: "true"\n'),
    'tasks/go.yaml': task(
      'go',
      'agent: shell\nrun: "true"\ndepends_on: [{task: ask, kind: order}]\n',
    ),
  });
  const clock = new SimulatedClock('2030-01-01T00:00:00.000Z');
  script = () => ({ steps: [{ does: { type: 'output', text: 'done' } }] });
  world = {
    env: { HOME: program, PATH: '/usr/bin:/bin', CODEX_ORCH_NO_SYNC: '1' },
    cwd: program,
    clock,
    self: { node: process.execPath, entry: process.execPath },
    executor: new ScriptedExecutor(
      (order) => script(order),
      () => clock.now(),
    ),
  };
});

async function start(): Promise<string> {
  const all = { roots: ['go'], labels: [], inputs: [], cwd: program };
  return (await startRun(world, program, all)).runId;
}

it('starts and drives a run, with the time and the agents of its world', async () => {
  const runId = await start();
  expect(runId).toMatch(/^20300101000000-/);
  const { status } = await driveRun(world, program, runId, { command: 'test' }).ended;
  expect(status).toBe('done');
  const now = '2030-01-01T00:00:00.000Z';
  expect(showRun(program, 'latest')).toMatchObject({ id: runId, updated_at: now });
  expect(listRuns(program)).toHaveLength(1);
  const { seq } = await reconcileRun(world, program, runId);
  expect((await reconcileRun(world, program, runId)).seq).toBe(seq);
});

it('answers what a worker asked, and goes on', async () => {
  const runId = await start();
  const quiet = script;
  script = (order) => {
    script = quiet;
    const instance = order.env['CODEX_ORCH_INSTANCE_ID'] ?? '';
    const names = { programDir: program, run: runId, instance, task: null };
    const asked = createInterrupt(world, names, {
      ...({ audience: 'human', blocking: true, requestKind: 'question' } as const),
      ...({ decisionKind: null, priority: 'normal', targetRole: null, replySchema: null } as const),
      ...{ text: 'Which of the two?', options: [], artifacts: [], metadata: {} },
    });
    return { steps: [{ waits: asked }, { does: { type: 'output', text: 'asked' } }] };
  };
  const waiting = await driveRun(world, program, runId, { command: 'test' }).ended;
  expect(waiting.status).toBe('waiting');
  const [open] = (await listInterrupts(program, { unresolvedOnly: true })).entries;
  const found = findInterrupt(program, open?.interrupt.interrupt_id ?? '');
  const answer = {
    ...({ text: 'the first', replyKind: 'answer', payload: null } as const),
    ...{ rationale: null, confidence: null, citations: [] },
  };
  const answered = await answerInterrupt(world, found, answer, { command: 'test' });
  expect(answered).toMatchObject({ recorded: true, stillOpen: [], holder: null });
  expect((await driveRun(world, program, runId, { command: 'test' }).ended).status).toBe('done');
});
