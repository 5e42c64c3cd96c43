/**
 * Section 9 of the contract, every cell: whom the question goes to × blocking or not × when the answer
 * comes × how it comes × how the attempt that asked ended. All cells are tasks of two runs of the built
 * program with real worker processes; the answers come in four phases.
 *
 * `running`: the engine lives and the attempt still works. `waiting`: no engine lives, the instance waits
 * (those whose question is not blocking wait at another one, the gate). `after`: the instance is done or
 * failed; one that waits can only get there by an abort, in the second run: there the question is closed, and no
 * answer is taken.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerInterrupt } from '../../src/app/inbox/answer.ts';
import { listInterrupts, type InterruptEntry } from '../../src/app/inbox/list.ts';
import { tryAgain } from '../../src/app/run/retry.ts';
import type { Instance } from '../../src/model/run.ts';
import { runPaths, type RunPaths } from '../../src/store/layout.ts';
import { viewRun } from '../../src/store/directory/view.ts';
import {
  codexOrch,
  testDirectory,
  until,
  writeFiles,
  type Ended,
} from '../support/built-program.ts';
import { ownWorld } from '../support/world.ts';

const audiences = ['human', 'assistant'] as const;
const blockings = ['blocking', 'non-blocking'] as const;
const whens = ['running', 'waiting', 'after'] as const;
const hows = ['command', 'file', 'app'] as const;
const ends = ['completed', 'failed', 'asked_again'] as const;

interface Cell {
  id: string;
  audience: (typeof audiences)[number];
  blocking: (typeof blockings)[number];
  when: (typeof whens)[number];
  how: (typeof hows)[number];
  end: (typeof ends)[number];
}

const cells: Cell[] = audiences.flatMap((audience) =>
  blockings.flatMap((blocking) =>
    whens.flatMap((when) =>
      hows.flatMap((how) =>
        ends.map((end) => {
          const id = [audience, blocking, when, how, end].join('.');
          return { id, audience, blocking, when, how, end };
        }),
      ),
    ),
  ),
);

/** What the worker does: asks q1, holds on while it is `running`, ends; attempt 2 may ask q2. */
const worker = `
audience=$1 blocking=$2 when=$3 end=$4
attempt=$(basename "$CODEX_ORCH_ATTEMPT_DIR")
ask() {
  role=; [ "$2" = assistant ] && role='--target-role reviewer'
  codex-orch interrupt create --audience "$2" $role --kind question "--$3" \\
    --question "$1 of $CODEX_ORCH_TASK_ID" --metadata "name=$1" >/dev/null || exit 9
}
if [ "$attempt" = 0001 ]; then
  ask q1 "$audience" "$blocking"
  [ "$when.$blocking" = waiting.non-blocking ] && ask gate human blocking
  if [ "$when" = running ]; then
    mkfifo "$CODEX_ORCH_INSTANCE_DIR/go"
    read -r _ <"$CODEX_ORCH_INSTANCE_DIR/go"
  fi
  [ "$end.$when" = asked_again.running ] && ask q2 "$audience" "$blocking"
  [ "$end.$when" = asked_again.after ] && ask q2 "$audience" "$blocking"
  [ "$end" = failed ] && exit 7
fi
[ "$attempt.$end.$when" = 0002.asked_again.waiting ] && ask q2 "$audience" "$blocking"
cp "$CODEX_ORCH_ATTEMPT_DIR/context/refs/runtime/replies.json" "$CODEX_ORCH_ATTEMPT_DIR/final.md"
`;

const program = testDirectory('interrupts');
afterAll(() => rmSync(program, { recursive: true, force: true }));

const main = { runId: '', entries: [] as InterruptEntry[], instances: new Map<string, Instance>() };
const aborted = { ...main, instances: new Map<string, Instance>() };
/** The answer that each question got, by task and question. */
const answers = new Map<string, string>();

function isAborted(cell: Cell): boolean {
  return cell.blocking === 'blocking' && cell.when === 'after';
}

async function cli(...args: string[]): Promise<Ended> {
  return codexOrch(args, { cwd: program });
}

async function entryOf(runId: string, task: string, name: string): Promise<InterruptEntry | null> {
  const { entries } = await listInterrupts(program, { run: runId });
  return entries.find((e) => e.task_id === task && e.interrupt.metadata['name'] === name) ?? null;
}

/** Answers a question of a cell in the cell's own way. */
async function answer(
  runId: string,
  cell: Cell,
  name: string,
  known?: InterruptEntry,
): Promise<void> {
  const entry = known ?? (await until(() => entryOf(runId, cell.id, name)));
  const interruptId = entry.interrupt.interrupt_id;
  const text = `answer to ${name} of ${cell.id}`;
  answers.set(`${cell.id}/${name}`, text);
  const paths = runPaths(program, runId);
  switch (cell.how) {
    case 'command': {
      const ended = await cli('inbox', 'reply', '.', interruptId, '--text', text);
      expect(ended).toMatchObject({ code: 0 });
      return;
    }
    case 'file':
      writeFileSync(paths.replyFile(interruptId), JSON.stringify({ text }));
      return;
    case 'app':
      await answerInterrupt(
        ownWorld,
        { paths, interruptId },
        {
          text,
          replyKind: 'answer',
          payload: null,
          rationale: null,
          confidence: null,
          citations: [],
        },
        { command: 'test' },
      );
  }
}

/** Answers a closed question in the cell's own way. */
async function beRefused(runId: string, cell: Cell, interruptId: string): Promise<void> {
  const paths = runPaths(program, runId);
  switch (cell.how) {
    case 'command': {
      const ended = await cli('inbox', 'reply', '.', interruptId, '--text', 'late');
      expect(ended.code).toBe(2);
      expect(ended.stderr).toContain('the question is closed: the run was aborted');
      return;
    }
    case 'file':
      writeFileSync(paths.replyFile(interruptId), JSON.stringify({ text: 'late' }));
      return;
    case 'app':
      await expect(answerNo(paths, interruptId)).rejects.toMatchObject({
        code: 'interrupt-closed',
      });
  }
}

function answerNo(paths: RunPaths, interruptId: string): Promise<unknown> {
  const reply = {
    text: 'no',
    replyKind: 'answer',
    payload: null,
    rationale: null,
    confidence: null,
    citations: [],
  } as const;
  return answerInterrupt(ownWorld, { paths, interruptId }, reply, { command: 'test' });
}

async function each(list: Cell[], work: (cell: Cell) => Promise<void>): Promise<void> {
  // Two at a time: each is a process of its own.
  const queue = [...list];
  const lane = async (): Promise<void> => {
    for (let cell = queue.shift(); cell; cell = queue.shift()) await work(cell);
  };
  await Promise.all([lane(), lane()]);
}

function instancesOf(runId: string): Map<string, Instance> {
  const { instances } = viewRun(runPaths(program, runId)).state;
  return new Map([...instances.values()].map((instance) => [instance.task_id, instance]));
}

async function start(label: string): Promise<{ runId: string; ended: Promise<Ended> }> {
  const known = new Set(
    (await cli('run', 'list', '.')).stdout.split('\n').map((l) => l.split('\t')[0]),
  );
  const ended = cli('run', 'start', '.', '--label', label);
  const runId = await until(async () => {
    const ids = (await cli('run', 'list', '.')).stdout.split('\n').map((l) => l.split('\t')[0]);
    return ids.find((id) => id !== undefined && id !== '' && !known.has(id));
  });
  return { runId, ended };
}

beforeAll(async () => {
  writeFiles(program, {
    'project.yaml': { name: 'cells', workspace: 'ws', default_agent: 'shell', max_concurrency: 40 },
    'ws/worker.sh': worker,
    'assistant_roles/reviewer/role.yaml': { id: 'reviewer', title: 'Reviewer' },
    'assistant_roles/reviewer/instructions.md': 'Review.',
    'assistant_roles/_shared/operating-model.md': 'Answer.',
    ...Object.fromEntries(
      cells.map((cell) => [
        `tasks/${cell.id}.yaml`,
        {
          id: cell.id,
          title: cell.id,
          status: 'ready',
          labels: [isAborted(cell) ? 'aborted' : 'main'],
          compose: [{ kind: 'ref', ref: 'runtime.replies' }],
          run: `sh ./worker.sh ${cell.audience} ${cell.blocking} ${cell.when} ${cell.end}`,
        },
      ]),
    ),
  });
  await runMain();
  await runAborted();
}, 240_000);

async function runMain(): Promise<void> {
  const mine = cells.filter((cell) => !isAborted(cell));
  const { runId, ended } = await start('main');
  main.runId = runId;
  // Phase 1: answers come while the attempt works.
  await each(
    mine.filter((cell) => cell.when === 'running'),
    async (cell) => {
      await answer(runId, cell, 'q1');
      const entry = await until(async () => {
        const found = await entryOf(runId, cell.id, 'q1');
        return found?.reply ? found : null;
      });
      expect(entry.interrupt.status).toBe('resolved');
      const go = path.join(runPaths(program, runId).instanceDir(entry.instance_id ?? ''), 'go');
      writeFileSync(go, 'go\n');
    },
  );
  // Some wait, some failed without a question that held them up.
  expect((await ended).code).toBe(1);
  // Phase 2: no process is alive.
  const { entries } = await listInterrupts(program, { run: runId });
  await each(
    mine.filter((cell) => cell.when !== 'running'),
    (cell) =>
      answer(
        runId,
        cell,
        'q1',
        entries.find((e) => e.task_id === cell.id && e.interrupt.metadata['name'] === 'q1'),
      ),
  );
  expect((await cli('run', 'resume', '.', runId)).code).toBe(1);
  // Phase 3: what was asked by attempts that were given an answer, and the gates.
  const gated = instancesOf(runId);
  for (const cell of mine.filter((c) => c.blocking === 'non-blocking' && c.when === 'waiting')) {
    expect(gated.get(cell.id), cell.id).toMatchObject({ status: 'waiting', attempt: 1 });
  }
  const later = (await listInterrupts(program, { run: runId, unresolvedOnly: true })).entries;
  await each(mine, async (cell) => {
    for (const name of ['q2', 'gate']) {
      const open = later.find(
        (e) => e.task_id === cell.id && e.interrupt.metadata['name'] === name,
      );
      if (open?.interrupt.blocking) await answer(runId, cell, name, open);
    }
  });
  await cli('run', 'resume', '.', runId);
  // Phase 4: failed ones get the answer when they are tried again.
  await retryFailed(runId);
  main.entries = (await listInterrupts(program, { run: runId })).entries;
  main.instances = instancesOf(runId);
}

async function runAborted(): Promise<void> {
  const mine = cells.filter(isAborted);
  const { runId, ended } = await start('aborted');
  aborted.runId = runId;
  expect((await ended).code).toBe(3);
  expect((await cli('run', 'abort', '.', runId)).code).toBe(0);
  for (const cell of mine) {
    expect(instancesOf(runId).get(cell.id)).toMatchObject({ status: 'failed', attempt: 1 });
  }
  const { entries } = await listInterrupts(program, { run: runId });
  await each(mine, async (cell) => {
    for (const { interrupt } of entries.filter((e) => e.task_id === cell.id)) {
      await beRefused(runId, cell, interrupt.interrupt_id);
    }
  });
  expect((await cli('run', 'resume', '.', runId)).code).toBe(1);
  aborted.entries = (await listInterrupts(program, { run: runId })).entries;
  aborted.instances = instancesOf(runId);
}

async function retryFailed(runId: string): Promise<void> {
  const failed = [...instancesOf(runId).values()].filter(({ status }) => status === 'failed');
  const options = { grantIterations: 0, newSession: false, freshTree: false };
  for (const { instance_id: id } of failed) {
    await tryAgain(ownWorld, program, runId, id, options);
  }
  await cli('run', 'resume', '.', runId);
}

interface Expected {
  attempts: number;
  q1: 'resolved' | 'applied';
  /** null: never asked. */
  q2: 'closed' | 'applied' | null;
}

function expected({ blocking, when, end }: Cell): Expected {
  if (blocking === 'blocking') {
    const again = end === 'asked_again';
    return {
      attempts: again && when === 'waiting' ? 3 : 2,
      q1: 'applied',
      q2: again ? 'applied' : null,
    };
  }
  // The run is over when all else in it is.
  const q2 = end === 'asked_again' ? 'closed' : null;
  const wasResumed = when === 'waiting' || end === 'failed';
  return { attempts: wasResumed ? 2 : 1, q1: wasResumed ? 'applied' : 'resolved', q2 };
}

describe('9. Interrupts: an answer is given once, to the attempt that needs it', () => {
  it.each(cells.filter(isAborted))('$id: closed by the abort', ({ id }) => {
    expect(aborted.instances.get(id)).toMatchObject({ status: 'failed', attempt: 1 });
    const mine = aborted.entries.filter((entry) => entry.task_id === id);
    expect(mine).not.toEqual([]);
    for (const { interrupt, reply } of mine) {
      expect({ status: interrupt.status, reply }).toEqual({ status: 'closed', reply: null });
    }
  });

  it.each(cells.filter((cell) => !isAborted(cell)))('$id', async (cell) => {
    const { runId, entries, instances } = main;
    const want = expected(cell);
    const mine = entries.filter((entry) => entry.task_id === cell.id);
    const named = (name: string) => mine.find((e) => e.interrupt.metadata['name'] === name);
    const statusOf = (name: string) => named(name)?.interrupt.status ?? null;
    const instance = instances.get(cell.id);
    expect(instance).toMatchObject({ status: 'done', attempt: want.attempts, error: null });
    expect({ q1: statusOf('q1'), q2: statusOf('q2') }).toEqual({ q1: want.q1, q2: want.q2 });

    // The answer that stands is the one that was given, and the last attempt had all of them.
    const paths = runPaths(program, runId);
    const received = JSON.parse(
      readFileSync(path.join(paths.publishedDir(instance?.instance_id ?? ''), 'final.md'), 'utf8'),
    ) as { text?: string; reply?: { text: string } }[];
    for (const name of ['q1', 'q2', 'gate']) {
      const given = answers.get(`${cell.id}/${name}`);
      expect(named(name)?.reply?.text).toBe(given);
      if (given === undefined || want.attempts === 1) continue;
      expect(JSON.stringify(received)).toContain(JSON.stringify(given));
    }

    // A second answer is refused, however the first one came.
    const first = named('q1')?.interrupt.interrupt_id ?? '';
    await expect(answerNo(paths, first)).rejects.toMatchObject({ code: 'already-answered' });
  });
});
