/**
 * The Temporal server as an attempt's way needs it: start one activity, hear what came of it, see who has it, cancel it. The
 * SDK's client is loaded with the first of these. It tries nothing again by itself: its callers do, and say so.
 */
import { setMaxListeners } from 'node:events';
import type * as Sdk from '@temporalio/client';
import type { TemporalSettings } from '../../../model/machines.ts';
import { nowMs, Stopwatch } from '../../local/stopwatch.ts';
import { lastPoll } from '../last-poll.ts';
import { activityNames, type Argument, type PlacementResult } from '../protocol.ts';
import { serverAddress, type ServerAddress } from '../server-address.ts';
import type { Outcome } from './next-step.ts';

/** The server could not be reached, or would not answer. `passes`: whether to ask again. */
export class ServerFailure extends Error {
  readonly passes: boolean;

  constructor(message: string, passes: boolean) {
    super(message);
    this.passes = passes;
  }
}

export interface NewActivity {
  name: keyof typeof activityNames;
  id: string;
  queue: string;
  argument: Argument;
  /** How long it may wait for a worker. */
  scheduleToStartMs: number;
}

/** Who has an activity. */
export interface Seen {
  /** null: it was never handed out. */
  host: string | null;
  isOpen: boolean;
}

const CALL_MS = 10_000;
/** How old an answer may be. */
const SERVED_MS = 15_000;
/** The server answers a wait of its own accord before that. */
const WAIT_MS = 90_000;
/** An attempt's own limits are kept by its worker. */
const START_TO_CLOSE_MS = 30 * 24 * 3_600_000;

/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html: asked again, these are no better. */
const lasting: Record<number, string> = {
  3: 'it does not take what it was asked',
  5: 'it does not have the namespace',
  7: 'it does not let us',
  12: 'it is too old: standalone activities need Temporal 1.31',
  16: 'it does not know who we are',
};

interface Opened {
  client: Sdk.Client;
  connection: Sdk.Connection;
  sdk: typeof Sdk;
}

export class PlacementServer {
  readonly #settings: TemporalSettings;
  readonly #address: ServerAddress;
  #opened: Promise<Opened> | null = null;
  readonly #closing = new AbortController();
  #retentionMs: number | null = null;
  readonly #served = new Map<string, { since: Stopwatch; answer: Promise<boolean> }>();

  /** @throws Refusal for settings that cannot be used */
  constructor(settings: TemporalSettings, env: Readonly<NodeJS.ProcessEnv>) {
    this.#settings = settings;
    this.#address = serverAddress(settings, env);
    // One for each wait.
    setMaxListeners(0, this.#closing.signal);
  }

  /** Starts it; one of this id that is there, or was, is that. @throws ServerFailure */
  async start(activity: NewActivity): Promise<void> {
    const { client, sdk } = await this.#open();
    try {
      await this.#call(CALL_MS, () =>
        client.activity.start(activityNames[activity.name], {
          id: activity.id,
          taskQueue: activity.queue,
          args: [activity.argument],
          // It is never tried again by the server: that would be on another host.
          retry: { maximumAttempts: 1 },
          heartbeatTimeout: this.#settings.heartbeat_timeout_sec * 1000,
          scheduleToStartTimeout: activity.scheduleToStartMs,
          startToCloseTimeout: START_TO_CLOSE_MS,
          idReusePolicy: 'REJECT_DUPLICATE',
          idConflictPolicy: 'USE_EXISTING',
        }),
      );
    } catch (error) {
      if (error instanceof sdk.ActivityExecutionAlreadyStartedError) return;
      throw this.#failure(error);
    }
  }

  /** Waits until the activity is over. @throws ServerFailure */
  async outcome(id: string): Promise<Outcome> {
    const { client, sdk } = await this.#open();
    for (;;) {
      try {
        const result = await this.#call(WAIT_MS, () =>
          client.activity.getHandle<PlacementResult>(id).result(),
        );
        return asOutcome(result);
      } catch (error) {
        if (error instanceof sdk.ActivityExecutionFailedError) return outcomeOf(error.cause, sdk);
        if (error instanceof sdk.ActivityNotFoundError) return { kind: 'unknown' };
        if (sdk.isGrpcDeadlineError(error)) continue;
        throw this.#failure(error);
      }
    }
  }

  /** null: the server does not know it. @throws ServerFailure */
  async look(id: string): Promise<Seen | null> {
    const { client, sdk } = await this.#open();
    try {
      const seen = await this.#call(CALL_MS, () => client.activity.getHandle(id).describe());
      return { host: seen.lastWorkerIdentity ?? null, isOpen: seen.status === 'RUNNING' };
    } catch (error) {
      if (error instanceof sdk.ActivityNotFoundError) return null;
      throw this.#failure(error);
    }
  }

  /**
   * How long it remembers what is over: what was asked of it before that, and is unknown, may have run. Asked once.
   * @throws ServerFailure
   */
  async retentionMs(): Promise<number> {
    const { connection } = await this.#open();
    const { namespace } = this.#settings;
    try {
      this.#retentionMs ??= await this.#call(CALL_MS, () => retention(connection, namespace));
    } catch (error) {
      throw this.#failure(error);
    }
    return this.#retentionMs;
  }

  /**
   * Whether anybody asks for work of a queue, or has in the last minutes. Asked once in a while for all that wait there.
   * @throws ServerFailure
   */
  isServed(queue: string): Promise<boolean> {
    const known = this.#served.get(queue);
    if (known !== undefined && known.since.elapsedMs() < SERVED_MS) return known.answer;
    const answer = this.#isServed(queue);
    this.#served.set(queue, { since: new Stopwatch(), answer });
    return answer;
  }

  async #isServed(queue: string): Promise<boolean> {
    const { connection } = await this.#open();
    const { namespace } = this.#settings;
    try {
      return (await this.#call(CALL_MS, () => lastPoll(connection, namespace, queue))) !== null;
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** What is over stays as it is. @throws ServerFailure */
  async cancel(id: string, reason: string): Promise<void> {
    const { client, sdk } = await this.#open();
    try {
      await this.#call(CALL_MS, () => client.activity.getHandle(id).cancel(reason));
    } catch (error) {
      if (error instanceof sdk.ActivityNotFoundError) return;
      throw this.#failure(error);
    }
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const opened = await this.#opened;
    this.#opened = null;
    await opened?.connection.close();
  }

  #open(): Promise<Opened> {
    this.#opened ??= import('@temporalio/client').then((sdk) => {
      const connection = sdk.Connection.lazy({ ...this.#address, interceptors: [] });
      const { namespace } = this.#settings;
      return { client: new sdk.Client({ connection, namespace }), connection, sdk };
    });
    return this.#opened;
  }

  async #call<T>(withinMs: number, call: () => Promise<T>): Promise<T> {
    const { connection } = await this.#open();
    return connection.withDeadline(nowMs() + withinMs, () =>
      connection.withAbortSignal(this.#closing.signal, call),
    );
  }

  #failure(error: unknown): ServerFailure {
    const told = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const code = (told as { code?: unknown }).code;
    const why = typeof code === 'number' ? lasting[code] : undefined;
    const message = told instanceof Error ? told.message : String(told);
    const server = `Temporal at ${this.#settings.address}`;
    if (why !== undefined) return new ServerFailure(`${server}: ${why} (${message})`, false);
    return new ServerFailure(`${server} cannot be reached: ${message}`, true);
  }
}

/** Of a namespace that does not say, as of a development server. */
const LEAST_RETENTION_SEC = 24 * 3600;

async function retention(
  { workflowService: service }: Sdk.Connection,
  namespace: string,
): Promise<number> {
  const { config } = await service.describeNamespace({ namespace });
  const seconds = config?.workflowExecutionRetentionTtl?.seconds;
  return Number(seconds ?? LEAST_RETENTION_SEC) * 1000;
}

/** It is of whoever serves the queue. */
function asOutcome(result: unknown): Outcome {
  const { kind, why } = (result ?? {}) as { kind?: unknown; why?: unknown };
  if (kind === 'ended' || kind === 'never_started') return { kind };
  if (kind === 'refused' || kind === 'lost') return { kind, why: String(why).slice(0, 2000) };
  return { kind: 'gone' };
}

function outcomeOf(cause: unknown, sdk: typeof Sdk): Outcome {
  if (cause instanceof sdk.TimeoutFailure && cause.timeoutType === 'SCHEDULE_TO_START') {
    return { kind: 'not_fetched' };
  }
  return { kind: cause instanceof sdk.CancelledFailure ? 'cancelled' : 'gone' };
}
