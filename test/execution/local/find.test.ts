import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { buildSync } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { attemptFiles } from '../../../src/execution/local/attempt-files.ts';
import { launchAttempt } from '../../../src/execution/local/launch.ts';
import type { Found } from '../../../src/execution/executor.ts';
import type { AttemptEnd, AttemptOrder } from '../../../src/model/attempt.ts';
import { ownScope } from '../../../src/processes/identity.ts';
import {
  exists,
  pidOf,
  read,
  shellOrder,
  temporaryDirectory,
  until,
  untilPrinted,
} from './orders.ts';
import { findAttempt, startAttempt } from './start.ts';

const root = temporaryDirectory('recover');
const engineFile = path.join(root, 'engine.mjs');

beforeAll(() => {
  buildSync({
    entryPoints: [path.join(import.meta.dirname, 'engine-process.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: engineFile,
  });
});

/** Runs an engine process until it has said its first line. */
async function engine(order: AttemptOrder, mode: 'start' | 'detach' | 'recover') {
  const file = path.join(order.programDir, `order-${mode}.json`);
  writeFileSync(file, JSON.stringify(order));
  const child = spawn(process.execPath, [engineFile, file, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async (): Promise<string> => String((await lines.next()).value);
  return { child, first: await next(), next };
}

async function kill(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** An attempt whose engine was killed in the middle. */
async function orphan(order: AttemptOrder): Promise<number> {
  const { child } = await engine(order, 'start');
  await untilPrinted(order, 'ready');
  await kill(child);
  return pidOf(order);
}

/** An order that was just given has come to its process: what precedes that waits for nothing. */
function begun(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function endOf(finding: Promise<Found>): Promise<AttemptEnd> {
  const found = await finding;
  if (found.kind === 'never_started') throw new Error('it says that nothing ever ran');
  return found.handle.ended;
}

describe('after the engine was killed', () => {
  it('attaches to the agent that goes on working, and gets its exit status', async () => {
    const order = shellOrder(
      root,
      'echo ready; until [ -e go ]; do sleep 0.01; done; echo more; exit 6',
    );
    const pid = await orphan(order);
    expect(exists(pid)).toBe(true);
    const seen: string[] = [];
    const found = await findAttempt(order, (all) => {
      for (const activity of all) if (activity.type === 'output') seen.push(activity.text);
    });
    expect(found.kind).toBe('running');
    if (found.kind !== 'running') return;
    writeFileSync(path.join(order.cwd, 'go'), '');
    expect(await found.handle.ended).toMatchObject({
      termination_reason: 'nonzero_exit',
      return_code: 6,
      failure_kind: 'task_runtime',
    });
    expect(seen).toEqual(['ready', 'more']);
    expect(JSON.parse(read(order, 'runtime.json'))).toMatchObject({ pid, return_code: 6 });
  });

  it('harvests an agent that finished meanwhile', async () => {
    const order = shellOrder(root, 'echo ready; until [ -e go ]; do sleep 0.01; done; echo last');
    const pid = await orphan(order);
    writeFileSync(path.join(order.cwd, 'go'), '');
    await until('the agent is gone', () => !exists(pid));
    const found = await findAttempt(order);
    expect(found.kind).toBe('ended');
    const end = await endOf(Promise.resolve(found));
    expect(end).toMatchObject({ termination_reason: 'completed', return_code: 0 });
    expect(Date.parse(end.finished_at)).toBeLessThanOrEqual(Date.now());
    expect(read(order, 'events.jsonl')).toBe('ready\nlast\n');
    // And again: recovering is repeatable.
    expect(await endOf(findAttempt(order))).toEqual(end);
  });

  it('calls an agent that was killed with its wrapper orphaned', async () => {
    const order = shellOrder(root, 'echo ready; sleep 300');
    const pid = await orphan(order);
    process.kill(-pid, 'SIGKILL');
    await until('the agent is gone', () => !exists(pid));
    expect(await endOf(findAttempt(order))).toMatchObject({
      termination_reason: 'orphaned',
      return_code: null,
      failure_kind: 'unknown',
      resume_recommended: false,
    });
  });

  it('ends what still lives of a group whose leader is gone', async () => {
    const order = shellOrder(root, 'echo "ready $$"; sleep 300');
    const pid = await orphan(order);
    const agent = Number(/ready (\d+)/.exec(read(order, 'events.jsonl'))?.[1]);
    process.kill(pid, 'SIGKILL'); // the wrapper alone
    await until('the wrapper is gone', () => !exists(pid));
    expect(exists(agent)).toBe(true);
    expect(await endOf(findAttempt(order))).toMatchObject({ termination_reason: 'orphaned' });
    expect(exists(agent)).toBe(false);
  });

  it('stops an agent that it re-attached to', async () => {
    const order = shellOrder(root, "trap '' TERM; echo ready; while :; do sleep 0.05; done", {
      graceMs: 200,
    });
    const pid = await orphan(order);
    const found = await findAttempt(order);
    if (found.kind !== 'running') throw new Error(found.kind);
    found.handle.stop('terminated', 'ask');
    expect(await found.handle.ended).toMatchObject({ termination_reason: 'terminated' });
    expect(exists(pid)).toBe(false);
  });

  it('goes on with the limits where the dead engine left them', async () => {
    const order = shellOrder(root, 'echo ready; sleep 300', {
      wallTimeoutMs: 3_600_000,
      idleTimeoutMs: 3_600_000,
    });
    await orphan(order);
    // It is as old as its process, which the first look finds to be older than this.
    const late = { ...order, wallTimeoutMs: 1 };
    expect(await endOf(findAttempt(late))).toMatchObject({ termination_reason: 'wall_timeout' });

    const silent = shellOrder(root, 'echo ready; sleep 300', { idleTimeoutMs: 3_600_000 });
    await orphan(silent);
    expect(await endOf(findAttempt({ ...silent, idleTimeoutMs: 1 }))).toMatchObject({
      termination_reason: 'idle_timeout',
    });
  });

  it('remembers why the dead engine was stopping it', async () => {
    const order = shellOrder(
      root,
      'trap "touch asked" TERM; echo ready; until [ -e go ]; do sleep 0.01; done',
      { wallTimeoutMs: 3_600_000, graceMs: 60_000 },
    );
    const { child } = await engine(order, 'start');
    await untilPrinted(order, 'ready');
    child.kill('SIGUSR2');
    await until('it is asked to stop', () => existsSync(path.join(order.cwd, 'asked')));
    await kill(child);
    writeFileSync(path.join(order.cwd, 'go'), '');
    // The limit itself is lifted: only the record can tell.
    expect(await endOf(findAttempt({ ...order, wallTimeoutMs: null }))).toMatchObject({
      termination_reason: 'wall_timeout',
    });
  });

  it('is attached to by an engine in another process as well', async () => {
    const order = shellOrder(root, 'echo ready; until [ -e go ]; do sleep 0.01; done; exit 3');
    await orphan(order);
    const second = await engine(order, 'recover');
    expect(second.first).toBe('running');
    writeFileSync(path.join(order.cwd, 'go'), '');
    expect(JSON.parse(await second.next())).toMatchObject({ return_code: 3 });
  });
});

it('does not keep an engine from ending once it is detached', async () => {
  const order = shellOrder(root, 'echo ready; until [ -e go ]; do sleep 0.01; done');
  const { child } = await engine(order, 'detach');
  if (child.exitCode === null) await once(child, 'exit');
  const pid = await pidOf(order);
  expect(exists(pid)).toBe(true);
  writeFileSync(path.join(order.cwd, 'go'), '');
  await until('the agent ends', () => !exists(pid));
  expect(await endOf(findAttempt(order))).toMatchObject({ termination_reason: 'completed' });
});

describe('an attempt that never started', () => {
  it('forgets that the generation which never ran was being stopped', async () => {
    const order = shellOrder(root, 'echo ready; until [ -e go ]; do sleep 0.01; done');
    expect((await findAttempt(order)).kind).toBe('never_started');
    writeFileSync(path.join(order.controlDir, 'stop'), 'wall_timeout\n');
    const second = await startAttempt({ ...order, generation: 1 });
    await untilPrinted(order, 'ready');
    second.detach();
    const found = await findAttempt(order);
    writeFileSync(path.join(order.cwd, 'go'), '');
    expect(await endOf(Promise.resolve(found))).toMatchObject({ termination_reason: 'completed' });
  });

  it('runs nothing when the wrapper comes late', async () => {
    const order = shellOrder(root, 'echo ran');
    // Void the claim after the engine looked and before the wrapper does.
    const starting = startAttempt(order);
    await begun();
    const found = await findAttempt(order);
    const end = await (await starting).ended;
    if (found.kind === 'never_started') {
      expect(end).toMatchObject({ failure_kind: 'runner_invocation' });
      expect(read(order, 'events.jsonl')).toBe('');
    } else {
      expect(end.return_code).toBe(0);
    }
  });

  it('two wrappers of one generation never both run', async () => {
    const order = shellOrder(root, 'echo ran; sleep 0.2');
    // The same start twice is a defect; it is refused, or where it comes too early, harmless.
    const claimed = (): boolean => existsSync(path.join(order.controlDir, 'claim-0'));
    const argv = ['/bin/sh', '-c', 'echo ran'];
    const exits: Promise<unknown[]>[] = [];
    const start = async (): Promise<void> => {
      const launched = await launchAttempt(order, attemptFiles(order), argv, {}, null);
      if (launched.kind === 'child') exits.push(once(launched.child, 'exit'));
    };
    await start();
    while (!claimed()) await start().catch(() => undefined);
    const codes = (await Promise.all(exits)).map(([code]) => code as number);
    expect(read(order, 'events.jsonl')).toBe('ran\n');
    expect(codes.sort()).toEqual([0, ...exits.slice(1).map(() => 75)]);
  });
});

describe('a process that cannot be looked at', () => {
  const unseen = (
    order: AttemptOrder,
    change: { pidNamespace?: string; bootId?: string; host?: string },
  ) => {
    const scope = { ...ownScope(), ...change };
    const directory = order.controlDir;
    const lines = [process.pid, '1 (x) S', scope.bootId, scope.pidNamespace, scope.host, ''];
    writeFileSync(path.join(directory, 'agent-0'), lines.join('\n'));
    writeFileSync(path.join(directory, 'claim-0'), 'run\n');
    writeFileSync(path.join(directory, 'events.jsonl'), '');
    return path.join(directory, 'exit');
  };

  it('counts as running until it has recorded its exit', async () => {
    const order = shellOrder(root, 'true', { idleTimeoutMs: 60_000 });
    const exitFile = unseen(order, { pidNamespace: 'pid:[1]' });
    const found = await findAttempt(order);
    expect(found.kind).toBe('running');
    writeFileSync(exitFile, '4'); // without its newline it is not there yet
    writeFileSync(exitFile, '4\n');
    expect(await endOf(Promise.resolve(found))).toMatchObject({ return_code: 4 });
  });

  it('is given up after silence', async () => {
    const order = shellOrder(root, 'true', { idleTimeoutMs: 200 });
    unseen(order, { pidNamespace: 'pid:[1]' });
    const found = await findAttempt(order);
    expect(found.kind).toBe('running');
    expect(['orphaned', 'idle_timeout']).toContain(
      (await endOf(Promise.resolve(found))).termination_reason,
    );
  });

  it('is gone with an earlier boot of this host', async () => {
    const order = shellOrder(root, 'true');
    unseen(order, { bootId: 'an-earlier-one' });
    expect((await endOf(findAttempt(order))).termination_reason).toBe('orphaned');
  });

  it('is gone where a power cut left the claim alone', async () => {
    const order = shellOrder(root, 'true');
    unseen(order, {});
    rmSync(path.join(order.controlDir, 'agent-0'));
    expect((await endOf(findAttempt(order))).termination_reason).toBe('orphaned');
  });

  it('is gone where its pid belongs to another process by now', async () => {
    const order = shellOrder(root, 'true');
    const other = shellOrder(root, 'echo ready; sleep 300');
    const bystander = await startAttempt(other);
    unseen(order, {});
    const lines = [await pidOf(other), '1 (x) S 1 1 1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 7 0'];
    const { bootId, pidNamespace, host } = ownScope();
    const file = path.join(order.controlDir, 'agent-0');
    writeFileSync(file, [...lines, bootId, pidNamespace, host, ''].join('\n'));
    expect((await endOf(findAttempt(order))).termination_reason).toBe('orphaned');
    expect(exists(await pidOf(other))).toBe(true);
    bystander.stop('terminated', 'kill');
    await bystander.ended;
  });
});
