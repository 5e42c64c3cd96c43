/** What a command does that an engine holds up: it waits for it, and takes back what nobody obeyed. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sessionOrRequest } from '../../src/engine/as-writer.ts';
import { systemClock } from '../../src/engine/clock.ts';
import { createRun } from '../../src/core/plan/create-run.ts';
import { ownIdentity, parseStat, type ProcessIdentity } from '../../src/processes/identity.ts';
import { DirectoryRunStore } from '../../src/store/directory/store.ts';
import { runPaths, type RunPaths } from '../../src/store/layout.ts';
import { samplePlan, systemNow, temporaryProgram } from '../store/sample-run.ts';
import { RUN_ID } from '../support/make.ts';
import { ownWorld } from '../support/world.ts';
import { until } from '../support/built-program.ts';

let program: { dir: string; remove: () => void };
let paths: RunPaths;
beforeEach(() => {
  program = temporaryProgram();
  paths = runPaths(program.dir, RUN_ID);
  const store = new DirectoryRunStore(program.dir, { now: systemNow, sync: false });
  const { state, events } = createRun(samplePlan(), RUN_ID, systemNow());
  store.create(RUN_ID).begin(events, state);
});
afterEach(() => program.remove());

const lockFile = (): string => path.join(paths.lockDir, '00000001.json');
const commands = (): string[] => readdirSync(paths.inboxCommands);

function held(by: Partial<ProcessIdentity>): void {
  mkdirSync(paths.lockDir, { recursive: true });
  const record = { command: 'run start', acquired_at: systemNow(), released_at: null };
  writeFileSync(lockFile(), JSON.stringify({ ...ownIdentity(), ...by, ...record }));
}

/** Each look takes ten seconds. */
function hurrying(): typeof ownWorld {
  let looks = 0;
  return { ...ownWorld, clock: { ...systemClock, elapsedMs: () => (looks += 1) * 10_000 } };
}

const abort = { command: 'abort' } as const;

describe('a request to an engine', () => {
  it('that cannot be seen from here is given up, and taken back', async () => {
    held({ bootId: 'other', host: 'elsewhere' });
    const told: string[] = [];
    const asked = sessionOrRequest(hurrying(), program.dir, RUN_ID, 'run abort', abort, {
      onWait: ({ host }) => {
        told.push(host, ...commands().map(() => 'asked'));
        return () => told.push('over');
      },
    });
    await expect(asked).rejects.toMatchObject({
      code: 'not-taken',
      exit: 1,
      message: expect.stringContaining('taken back') as string,
      hint: expect.stringContaining(`rm ${lockFile()}`) as string,
    });
    expect(told).toEqual(['elsewhere', 'asked', 'over']);
    expect(commands()).toEqual([]);
  });

  it('that is halted is given up, and taken back', async () => {
    const child = spawn('sleep', ['300'], { stdio: 'ignore' });
    try {
      const pid = child.pid ?? 0;
      child.kill('SIGSTOP');
      const stat = await until(() => {
        const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
        return / T /.test(text) ? text : undefined;
      });
      held({ pid, startTime: parseStat(stat)?.startTime ?? '' });
      const asked = sessionOrRequest(hurrying(), program.dir, RUN_ID, 'run abort', abort);
      await expect(asked).rejects.toMatchObject({
        code: 'not-taken',
        hint: expect.stringContaining(`kill -CONT ${pid}`) as string,
      });
      expect(commands()).toEqual([]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('is taken back when the person has had enough', async () => {
    held({});
    const enough = new AbortController();
    const asked = sessionOrRequest(ownWorld, program.dir, RUN_ID, 'run abort', abort, {
      onWait: () => () => undefined,
      signal: enough.signal,
    });
    await until(() => commands()[0]);
    enough.abort();
    await expect(asked).rejects.toMatchObject({ code: 'interrupted', exit: 130 });
    expect(commands()).toEqual([]);
  });

  it('was obeyed where it has vanished', async () => {
    held({ bootId: 'other', host: 'elsewhere' });
    const asked = sessionOrRequest(ownWorld, program.dir, RUN_ID, 'run abort', abort);
    const name = await until(() => commands()[0]);
    rmSync(path.join(paths.inboxCommands, name));
    expect(await asked).toBeNull();
  });

  it('is ours once its holder is declared dead', async () => {
    held({ bootId: 'other', host: 'elsewhere' });
    const asked = sessionOrRequest(ownWorld, program.dir, RUN_ID, 'run abort', abort);
    await until(() => commands()[0]);
    rmSync(lockFile());
    const session = await asked;
    expect(session?.state.runId).toBe(RUN_ID);
    expect(commands()).toEqual([]);
    session?.close();
  });
});
