/** Workers as processes of the built program, each with a home of its own, and the executor of a run that hands them attempts. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DepotDispatch } from '../../../src/execution/temporal/depot/dispatch.ts';
import { TemporalExecutor } from '../../../src/execution/temporal/executor.ts';
import { temporalDefaults, type TemporalSettings } from '../../../src/model/machines.ts';
import { builtEntry } from '../../support/built-program.ts';
import { testEnv } from '../../git/made-repository.ts';
import { until } from '../local/orders.ts';

/** A worker is missed after seconds, and lost only after what a new one may need to start on a busy machine. */
export function fastSettings(address: string): TemporalSettings {
  return { ...temporalDefaults, address, heartbeat_timeout_sec: 5, lost_after_sec: 120 };
}

export interface TestWorker {
  home: string;
  /** What runs call it. */
  host: string;
  /** What it has said so far. */
  said(): string;
  kill(signal: NodeJS.Signals): void;
  /** Resolves once it is gone. */
  gone: Promise<number | null>;
}

const running = new Set<{ child: ChildProcess; gone: Promise<unknown> }>();

/** Kills all that are left, also those that stand still; resolves once they are gone. For afterEach or afterAll of each user. */
export async function endWorkers(): Promise<void> {
  const left = [...running];
  for (const { child } of left) child.kill('SIGKILL');
  await Promise.all(left.map(({ gone }) => gone));
}

/**
 * A worker that serves `queue` when this resolves. The same `home` again: the same worker, come back.
 *
 * @throws Error where it does not come to serve; nothing of it is left then
 */
export async function startWorkerProcess(
  home: string,
  {
    settings,
    queue,
    slots = 8,
    words = [],
    env = {},
  }: {
    settings: TemporalSettings;
    queue: string;
    slots?: number;
    words?: string[];
    env?: NodeJS.ProcessEnv;
  },
): Promise<TestWorker> {
  mkdirSync(path.join(home, '.codex-orch'), { recursive: true });
  const lines = ['[temporal]', `address = "${settings.address}"`];
  lines.push(`heartbeat_timeout_sec = ${settings.heartbeat_timeout_sec}`);
  lines.push(`lost_after_sec = ${settings.lost_after_sec}`);
  if (settings.tls !== null) {
    const files = Object.entries(settings.tls).map(([name, file]) => `${name} = "${file}"`);
    lines.push(`tls = {${files.join(', ')}}`);
  }
  if (settings.queue_key_env !== null) lines.push(`queue_key_env = "${settings.queue_key_env}"`);
  writeFileSync(path.join(home, '.codex-orch', 'config.toml'), `${lines.join('\n')}\n`);
  const log = path.join(home, 'worker.log');
  const file = openSync(log, 'a');
  const before = readFileSync(log, 'utf8').length;
  const child: ChildProcess = spawn(
    process.execPath,
    [builtEntry, 'worker', '--queue', queue, '--slots', `${slots}`, ...words],
    { cwd: home, env: { ...testEnv, HOME: home, ...env }, stdio: ['ignore', file, file] },
  );
  closeSync(file);
  let isGone = false;
  const gone = new Promise<number | null>((resolve) =>
    child.once('exit', (code) => {
      running.delete(entry);
      isGone = true;
      resolve(code);
    }),
  );
  const entry = { child, gone };
  running.add(entry);
  const said = (): string => readFileSync(log, 'utf8').slice(before);
  try {
    const host = await until('the worker serves its queue', () => {
      if (isGone) throw new Error(`the worker ended: ${said()}`);
      return /serves \S+ as ([\w.-]+),/.exec(said())?.[1];
    });
    return { home, host, said, kill: (signal) => void child.kill(signal), gone };
  } catch (error) {
    child.kill('SIGKILL');
    await gone;
    throw error;
  }
}

/** The executor of an engine whose depot is a directory that all see. */
export function remoteExecutor(
  settings: TemporalSettings,
  {
    depot,
    globalRoot,
    fenceMs = 600_000,
    env = {},
  }: { depot: string; globalRoot: string; fenceMs?: number; env?: NodeJS.ProcessEnv },
): TemporalExecutor {
  mkdirSync(depot, { recursive: true });
  const dispatch = new DepotDispatch({
    depot: { directory: depot, listen: null, url: null },
    globalRoot,
    env: testEnv,
    fenceMs,
  });
  return new TemporalExecutor({ settings, dispatch, env: { ...testEnv, ...env } });
}
