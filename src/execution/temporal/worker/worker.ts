/**
 * A worker: it has the attempts of one queue, and takes up again those of its own directory. It goes on until it is told to
 * leave, whatever happens to the server meanwhile.
 */
import type { NativeConnection, Worker } from '@temporalio/worker';
import type { TemporalSettings } from '../../../model/machines.ts';
import type { Executor } from '../../executor.ts';
import { nowMs } from '../../local/stopwatch.ts';
import { hostQueue } from '../placement/names.ts';
import { Backoff, Pause } from '../placement/pause.ts';
import type { Delivery, Placement } from '../protocol.ts';
import { queueKey } from '../seal.ts';
import { serverAddress, type ServerAddress } from '../server-address.ts';
import { activitiesOf } from './attend.ts';
import { Contact } from './contact.ts';
import { HostedAttempts } from './hosted-attempts.ts';
import { Room } from './room.ts';
import { loadWorkerSdk, type WorkerSdk } from './sdk.ts';
import { Slots, type Slot } from './slots.ts';
import { partsOf, sweep } from './sweep.ts';

export interface WorkerOptions {
  settings: TemporalSettings;
  queue: string;
  /** Attempts that are carried out at once. */
  slots: number;
  /** Its own, which nobody else has now. */
  directory: string;
  /** Of `hostOf`. */
  host: string;
  env: Readonly<NodeJS.ProcessEnv>;
  /** Carries attempts out on this machine. */
  executor: Executor;
  deliver(placement: Placement): Delivery;
  /** Told, for a person, a line each. */
  say(what: string): void;
}

/** What a worker that leaves does with its attempts: lets their agents live on, or waits for them, and takes no more. */
export type Leave = 'at_once' | 'drained';

export interface RunningWorker {
  leave(how: Leave): void;
  /** Resolves once it has left. */
  left: Promise<void>;
}

const SWEEP_MS = 24 * 3_600_000;
const PROBE_CALL_MS = 5000;
const MOST_TAKES = 1000;

/** @throws Refusal where the SDK is missing, or the settings cannot be used */
export async function startQueueWorker(options: WorkerOptions): Promise<RunningWorker> {
  const address = serverAddress(options.settings, options.env);
  const key = queueKey(options.settings, options.env);
  const sdk = await loadWorkerSdk();
  const running = new WorkerRun(options, { address, key, sdk });
  return { leave: (how) => running.leave(how), left: running.run() };
}

interface Means {
  address: ServerAddress;
  key: Buffer | null;
  sdk: WorkerSdk;
}

class WorkerRun {
  readonly #options: WorkerOptions;
  readonly #means: Means;
  readonly #contact = new Contact();
  readonly #attempts: HostedAttempts;
  readonly #slots: Slots;
  readonly #room: Room;
  readonly #pause = new Pause();
  #attending = 0;
  #leaving: Leave | null = null;
  #workers: { queue: Worker; host: Worker } | null = null;

  constructor(options: WorkerOptions, means: Means) {
    this.#options = options;
    this.#means = means;
    const { host, directory, executor, deliver, say } = options;
    const root = partsOf(directory).attempts;
    const changed = (): void => {
      this.#slots.changed();
      if (this.#leaving === 'drained') this.#leaveIfDrained();
    };
    const contact = this.#contact;
    this.#attempts = new HostedAttempts({ host, root, executor, contact, deliver, say, changed });
    this.#room = new Room({ directory, say, changed: () => this.#slots.changed() });
    this.#slots = new Slots(options.slots, {
      hasRoom: () => this.#room.has(),
      working: () => [...this.#attempts.live.values()].filter((each) => each.isWorking).length,
      attending: () => this.#attending,
    });
  }

  async run(): Promise<void> {
    const { say, queue, host } = this.#options;
    this.#installRuntime();
    await this.#attempts.findAgain();
    void this.#sweepDaily();
    const backoff = new Backoff();
    while (this.#leaving !== 'at_once') {
      try {
        await this.#serve(() => {
          say(`serves ${queue} as ${host}, ${this.#options.slots} at once`);
        });
        if (this.#leaving !== null) break;
      } catch (error) {
        say(`Temporal at ${this.#options.settings.address}: ${reasonOf(error)}; trying again`);
      }
      if (this.#isDrained()) break;
      await this.#pause.for(backoff.nextMs());
    }
    this.#attempts.leave();
  }

  async #sweepDaily(): Promise<void> {
    const { say, directory } = this.#options;
    while (this.#leaving === null) {
      await sweep(directory).catch((error: Error) => say(`${directory}: ${error.message}`));
      if (this.#leaving === null) await this.#pause.for(SWEEP_MS);
    }
  }

  leave(how: Leave): void {
    if (this.#leaving === 'at_once' || this.#leaving === how) return;
    this.#leaving = how;
    this.#slots.close();
    this.#room.close();
    this.#attempts.close();
    this.#pause.wake();
    const { say } = this.#options;
    if (how === 'drained') {
      say(`takes no more, and waits for ${this.#attempts.live.size} at work`);
      this.#leaveIfDrained();
      return;
    }
    const left = this.#attempts.live.size;
    say(left === 0 ? 'leaves' : `leaves ${left} at work`);
    // What waits for one of them ends with that, whatever else it waits for.
    this.#attempts.leave();
    shutDown(this.#workers?.queue);
    shutDown(this.#workers?.host);
  }

  #isDrained(): boolean {
    return this.#leaving === 'drained' && this.#attempts.live.size === 0;
  }

  #leaveIfDrained(): void {
    // Its activity is to tell the server first.
    if (!this.#isDrained()) return;
    setImmediate(() => {
      shutDown(this.#workers?.queue);
      shutDown(this.#workers?.host);
    });
  }

  /** Until it is told to leave, or the server has been away for too long for the SDK. */
  async #serve(ready: () => void): Promise<void> {
    const { worker } = this.#means.sdk;
    // Polls wait on connections of their own: of what was handed out on a crowded one, some never arrived.
    const connections: NativeConnection[] = [];
    const connect = async (): Promise<NativeConnection> => {
      const connection = await worker.NativeConnection.connect(this.#means.address);
      connections.push(connection);
      return connection;
    };
    const over = new AbortController();
    try {
      const [forQueue, forHost, forProbes] = [await connect(), await connect(), await connect()];
      const workers = await this.#create(forQueue, forHost);
      // It may have been told to leave meanwhile.
      if (this.#leaving === 'at_once' || this.#isDrained()) return;
      this.#workers = workers;
      this.#contact.serverAnswered();
      void this.#probe(forProbes, over.signal);
      ready();
      const runs = [workers.queue.run(), workers.host.run()];
      // One that fails takes the other with it.
      await Promise.all(
        runs.map((run) =>
          run.catch((error: unknown) => {
            shutDown(workers.queue);
            shutDown(workers.host);
            throw error;
          }),
        ),
      );
    } finally {
      over.abort();
      this.#pause.wake();
      this.#workers = null;
      await Promise.allSettled(connections.map((connection) => connection.close()));
    }
  }

  async #create(
    forQueue: NativeConnection,
    forHost: NativeConnection,
  ): Promise<{ queue: Worker; host: Worker }> {
    const { worker, activity } = this.#means.sdk;
    const { queue, host, settings, say } = this.#options;
    const { attempt, take } = activitiesOf({
      activity,
      attempts: this.#attempts,
      key: this.#means.key,
      say,
      attending: (change) => {
        this.#attending += change;
        this.#slots.changed();
      },
    });
    const common = {
      namespace: settings.namespace,
      identity: host,
      maxConcurrentActivityTaskPolls: 1,
      maxHeartbeatThrottleInterval: (settings.heartbeat_timeout_sec * 1000) / 4,
    };
    const none = { type: 'fixed-size', numSlots: 1 } as const;
    return {
      queue: await worker.Worker.create({
        ...common,
        connection: forQueue,
        taskQueue: queue,
        activities: { attempt },
        tuner: {
          workflowTaskSlotSupplier: { type: 'fixed-size', numSlots: 2 },
          localActivityTaskSlotSupplier: none,
          nexusTaskSlotSupplier: none,
          activityTaskSlotSupplier: {
            type: 'custom',
            // Whoever leaves polls no more.
            reserveSlot: (_, signal) => this.#slots.reserve(signal),
            tryReserveSlot: () => this.#slots.tryReserve(),
            markSlotUsed: ({ permit }) => this.#slots.used(permit as Slot),
            releaseSlot: ({ permit }) => this.#slots.release(permit as Slot),
          },
        },
      }),
      host: await worker.Worker.create({
        ...common,
        connection: forHost,
        taskQueue: hostQueue(queue, host),
        activities: { take },
        maxConcurrentActivityTaskExecutions: MOST_TAKES,
      }),
    };
  }

  /** Asks the server whether it is there, so that attempts know whether anybody is. */
  async #probe(connection: NativeConnection, over: AbortSignal): Promise<void> {
    const everyMs = Math.max(1000, (this.#options.settings.heartbeat_timeout_sec * 1000) / 4);
    while (!over.aborted) {
      try {
        await connection.withDeadline(nowMs() + PROBE_CALL_MS, () =>
          connection.workflowService.getSystemInfo({}),
        );
        this.#contact.serverAnswered();
      } catch {
        // Its silence is what counts.
      }
      if (!over.aborted) await this.#pause.for(everyMs);
    }
  }

  #installRuntime(): void {
    const { worker } = this.#means.sdk;
    const { say } = this.#options;
    worker.Runtime.install({
      // The signals are ours.
      shutdownSignals: [],
      logger: new worker.DefaultLogger('WARN', ({ message }) => {
        // It never has workflows.
        if (!message.startsWith('No workflows registered')) say(`temporal: ${message}`);
      }),
      telemetryOptions: {
        logging: { filter: worker.makeTelemetryFilterString({ core: 'ERROR' }), forward: {} },
      },
    });
  }
}

function shutDown(worker: Worker | undefined): void {
  if (worker === undefined) return;
  // It takes it once, and only while it runs or is about to.
  if (worker.getState() === 'RUNNING') worker.shutdown();
}

/** In words: what the SDK's native part says of a connection is a dump of it, whose innermost message tells why. */
function reasonOf(error: unknown): string {
  const [said = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const inner = [...said.matchAll(/\bmessage: "([^"]+)"/g)].at(-1)?.[1];
  return inner === undefined ? said : `cannot be reached: ${inner}`;
}
