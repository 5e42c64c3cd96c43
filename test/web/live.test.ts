/** Server-sent events: what happens in the log and in an attempt's output reaches every listener in time. */
import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ActivityUpdate, ProgramLive, RunLive, RunUpdate } from '../../src/web/api/live.ts';
import type { RunView } from '../../src/web/api/run.ts';
import { builtEntry, until } from '../support/built-program.ts';
import {
  ask,
  clientOf,
  finish,
  listen,
  rememberToken,
  serveForTests,
  writeProgram,
  type Stream,
} from './fixture.ts';

/** A task that works until the test lets it. */
const held = (name: string): string =>
  `echo begin; until [ -e "$CODEX_ORCH_PROGRAM_DIR/../${name}" ]; do sleep 0.05; done; echo end; ${finish}`;

const served = await serveForTests('web-live', (dir) => {
  writeProgram(dir, {
    quick: { run: finish },
    after: { run: finish, depends_on: [{ task: 'quick', kind: 'order' }] },
    prints: { run: held('prints') },
    ask: {
      run: `codex-orch interrupt create --audience human --kind question --question Why; ${finish}`,
    },
  });
});
const { root, dir, start } = served;

function updates(stream: Stream): RunUpdate[] {
  return stream.events
    .filter(({ event }) => event === 'update')
    .map(({ data }) => data as RunUpdate);
}

function seqs(stream: Stream): number[] {
  return updates(stream).flatMap(({ events }) => events.map(({ seq }) => seq));
}

const isDone = ({ event, data }: { event: string; data: unknown }): boolean =>
  event === 'update' && (data as RunUpdate).run.status === 'done';

describe('a run, live', () => {
  it('gives every event once, in order, and goes on where it was cut', async () => {
    const runId = await start('after');
    const stream = await listen(served.port, `/api/runs/${runId}/live?after=0`);
    await stream.wait(isDone);
    const all = seqs(stream);
    expect(all).toEqual(all.map((_seq, index) => index + 1));
    const { instances } = await served.get<RunView>(`/api/runs/${runId}`);
    const latest = new Map(
      updates(stream).flatMap((update) => update.instances.map((each) => [each.instance_id, each])),
    );
    // Who only listens knows what who asks again is told.
    expect([...latest.values()]).toEqual(instances);
    stream.close();

    const again = await listen(served.port, `/api/runs/${runId}/live?after=0`, {
      'last-event-id': '3',
    });
    await again.wait(isDone);
    expect(seqs(again)).toEqual(all.slice(3));
    expect(again.events.at(-1)?.id).toBe(String(all.at(-1)));
    again.close();
    const now = await listen(served.port, `/api/runs/${runId}/live`);
    const hello = await now.wait(({ event }) => event === 'hello');
    expect((hello.data as RunLive['hello']).seq).toBe(all.at(-1));
    now.close();
    expect((await ask(served.port, '/api/runs/nope/live')).status).toBe(404);
    const head = await ask(served.port, `/api/runs/${runId}/live`, { method: 'HEAD' });
    expect(head.headers['content-type']).toMatch(/^text\/event-stream/);
    await until(() => (served.server.followed() === 0 ? true : null));
  });

  it('is told of its log, to all who listen, by one reader', async () => {
    const runId = await start('prints');
    const [one, two] = await Promise.all([
      listen(served.port, `/api/runs/${runId}/live?after=0&activity=1`),
      listen(served.port, `/api/runs/${runId}/live?after=0`),
    ]);
    expect(served.server.followed()).toBe(1);
    for (const stream of [one, two]) {
      await stream.wait(
        ({ event, data }) =>
          event === 'update' &&
          (data as RunUpdate).instances.some((each) => each.status === 'running'),
      );
    }
    const log = path.join(dir, '.runs', runId, 'events.jsonl');
    const before = statSync(log).mtimeMs;
    writeFileSync(path.join(root, 'prints'), '');
    await Promise.all([one.wait(isDone), two.wait(isDone)]);
    expect(statSync(log).mtimeMs).toBeGreaterThan(before);
    expect(seqs(one)).toEqual(seqs(two));

    await one.wait(({ event, data }) => event === 'activity' && (data as ActivityUpdate).ended);
    const chunks = one.events
      .filter(({ event }) => event === 'activity')
      .map(({ data }) => data as ActivityUpdate);
    const printed = chunks.flatMap(({ activities }) =>
      activities.map(({ activity }) => (activity.type === 'output' ? activity.text : '')),
    );
    expect(printed).toContain('end');
    // Chunks join without a gap.
    for (const [index, chunk] of chunks.entries()) {
      if (index > 0) expect(chunk.from).toBe(chunks[index - 1]?.to);
    }
    expect(two.events.some(({ event }) => event === 'activity')).toBe(false);

    one.close();
    await until(() => (one.ended ? true : null));
    expect(served.server.followed()).toBe(1);
    two.close();
    // With the last listener the reader ends.
    await until(() => (served.server.followed() === 0 ? true : null));
  });

  it('ends with a reason where the log is damaged', async () => {
    const runId = await start('quick');
    const stream = await listen(served.port, `/api/runs/${runId}/live?after=0`);
    await stream.wait(isDone);
    appendFileSync(path.join(dir, '.runs', runId, 'events.jsonl'), '{"seq":99}\n{"seq":100}\n');
    const damage = await stream.wait(({ event }) => event === 'damage');
    expect(damage.data).toMatchObject({ code: 'log-damaged' });
    await until(() => (stream.ended ? true : null));
    rmSync(path.join(dir, '.runs', runId), { recursive: true });
  });
});

describe('the program, live', () => {
  it('tells of runs, questions and files that change', async () => {
    const stream = await listen(served.port, '/api/live');
    await stream.wait(({ event }) => event === 'hello');
    const runId = await start('ask');
    const question = await stream.wait(({ event }) => event === 'question');
    expect(question.data).toMatchObject({ run_id: runId, status: 'open', task_id: 'ask' });
    await stream.wait(({ event, data }) => {
      if (event !== 'run') return false;
      const run = data as ProgramLive['run'];
      return run.id === runId && run.status === 'waiting';
    });
    writeProgram(dir, { quick: { run: `true; ${finish}` } });
    await stream.wait(({ event }) => event === 'program_changed');
    rmSync(path.join(dir, '.runs', runId), { recursive: true });
    await stream.wait(({ event, data }) => {
      return event === 'run_removed' && (data as { id: string }).id === runId;
    });
    stream.close();
    await until(() => (served.server.followed() === 0 ? true : null));
  });
});

describe('the server of the built program', () => {
  it('may end and come back while a run goes on', async () => {
    const first = await spawnServer();
    rmSync(path.join(root, 'prints'), { force: true });
    const runId = await clientOf(first.port).start('prints');
    const stream = await listen(first.port, `/api/runs/${runId}/live?after=0`);
    const running = await stream.wait(
      ({ event, data }) =>
        event === 'update' &&
        (data as RunUpdate).instances.some((each) => each.status === 'running'),
    );
    first.child.kill('SIGINT');
    expect(await first.ended).toBe(130);
    await until(() => (stream.ended ? true : null));

    const second = await spawnServer();
    try {
      const { text } = await ask(second.port, `/api/runs/${runId}`);
      const view = JSON.parse(text) as RunView;
      expect(view.holder).not.toBeNull();
      const resumed = await listen(second.port, `/api/runs/${runId}/live`, {
        'last-event-id': running.id ?? '',
      });
      writeFileSync(path.join(root, 'prints'), '');
      await resumed.wait(isDone);
      expect(seqs(resumed)[0]).toBe(Number(running.id) + 1);
      resumed.close();
    } finally {
      second.child.kill('SIGTERM');
      await second.ended;
    }
  });

  it('says when its port is taken', async () => {
    const { port } = served;
    const child = spawn(process.execPath, [builtEntry, 'web', dir, '--port', String(port)]);
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => (stderr += chunk));
    const code = await new Promise((resolve) => child.on('close', resolve));
    expect(code).toBe(2);
    expect(stderr).toMatch(new RegExp(`^error: port ${port} is in use[^]*hint: `));
  });
});

async function spawnServer(): Promise<{
  child: ChildProcess;
  port: number;
  ended: Promise<number | null>;
}> {
  const child = spawn(process.execPath, [builtEntry, 'web', dir, '--port', '0', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], HOME: root },
  });
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (stdout += chunk));
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  await until(() => (stdout.includes('\n') ? true : null));
  const said = JSON.parse(stdout) as { port: number; token: string };
  rememberToken(said);
  return { child, port: said.port, ended };
}
