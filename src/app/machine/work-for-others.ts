/** `worker`: carries out attempts of runs of other machines, that a Temporal server hands to this one. */
import { hostname } from 'node:os';
import path from 'node:path';
import { shimDirectory, writeCommandShim } from '../../attempt/command-shim.ts';
import { makeDirectory } from '../../disk/disk.ts';
import { launchersHere, LocalExecutor } from '../../execution/local/executor.ts';
import { DepotDelivery } from '../../execution/temporal/depot/delivery.ts';
import { hostOf } from '../../execution/temporal/worker/host.ts';
import { partsOf } from '../../execution/temporal/worker/sweep.ts';
import { startQueueWorker, type RunningWorker } from '../../execution/temporal/worker/worker.ts';
import { temporalDefaults } from '../../model/machines.ts';
import { Refusal } from '../../model/refusal.ts';
import { globalRootFrom, loadGlobalConfig } from '../../program/global-config.ts';
import { refuseMachineTrouble } from '../../program/machine-trouble.ts';
import { acquireLock, describeHolder } from '../../store/lock/numbered-lock.ts';
import { selfCommand } from '../run/background.ts';
import type { World } from '../world.ts';

export interface WorkForOthersOptions {
  /** null: `temporal.task_queue` of config.toml. */
  queue: string | null;
  /** Attempts at once, at least 1. */
  slots: number;
}

/**
 * Serves the queue until it is told to leave; `left` resolves then.
 * @throws Refusal where another worker has this queue's directory, the SDK is missing, or the settings cannot be used,
 * or something is wrong with what config.toml says of them
 */
export async function workForOthers(
  world: World,
  options: WorkForOthersOptions,
  say: (what: string) => void,
): Promise<RunningWorker> {
  const globalRoot = globalRootFrom(world.env, world.cwd);
  const loaded = await loadGlobalConfig(globalRoot);
  refuseMachineTrouble(loaded, {});
  const { config, file } = loaded;
  const settings = config.temporal ?? temporalDefaults;
  const queue = options.queue ?? settings.task_queue;
  if (!/^[\w.-]{1,100}$/.test(queue) || queue.startsWith('.')) {
    throw new Refusal('bad-queue', `"${queue}" is no name of a queue.`, {
      hint: 'Letters, digits, dashes and underscores: what runs_on names.',
    });
  }
  const directory = path.join(globalRoot, 'worker', queue);
  makeDirectory(directory);
  const locked = acquireLock(path.join(directory, 'lock'), {
    command: 'worker',
    now: () => world.clock.now(),
  });
  if (!locked.ok) {
    const who = locked.reason === 'held' ? describeHolder(locked.holder) : locked.message;
    throw new Refusal('worker-busy', `${directory} is in use by ${who}.`, {
      hint: 'One worker a queue and home; --slots says how many attempts it carries out at once.',
    });
  }
  const env = withoutKeys(world.env, [settings.api_key_env, settings.queue_key_env]);
  const executor = new LocalExecutor({ env, launchers: launchersHere() });
  const release = async (): Promise<void> => {
    await executor.close();
    locked.lock.release();
  };
  try {
    const commandDir = shimDirectory(path.join(directory, 'bin'), globalRoot);
    writeCommandShim(commandDir, selfCommand(world));
    const { insecure } = settings;
    const cacheDir = partsOf(directory).cache;
    const delivering = { env, cacheDir, commandDir, insecure };
    if (config.temporal === null) say(`${file} says nothing of [temporal]: ${settings.address}`);
    const running = await startQueueWorker({
      settings,
      queue,
      slots: options.slots,
      directory,
      host: hostOf(directory, hostname()),
      env: world.env,
      executor,
      deliver: (placement) => new DepotDelivery(placement, delivering),
      say,
    });
    return { leave: (how) => running.leave(how), left: running.left.finally(release) };
  } catch (error) {
    await release();
    throw error;
  }
}

/** What opens server and queue is for the worker alone, not for agents. */
function withoutKeys(
  env: Readonly<NodeJS.ProcessEnv>,
  names: readonly (string | null)[],
): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.includes(name)));
}
