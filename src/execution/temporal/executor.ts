/**
 * Attempts on other machines: each is placed as an activity of a Temporal server, begins once, and is brought back by the
 * depot. See docs/design/machines.md.
 */
import type { AttemptOrder } from '../../model/attempt.ts';
import type { TemporalSettings } from '../../model/machines.ts';
import type { Executor, Found, Handle, Heard } from '../executor.ts';
import type { Dispatch } from './protocol.ts';
import { Gate } from './placement/gate.ts';
import { readRecord, writeRecord } from './placement/record.ts';
import { RemoteAttempt, type RemoteParts } from './placement/remote-attempt.ts';
import { PlacementServer } from './placement/server.ts';
import { queueKey } from './seal.ts';

export interface TemporalExecutorOptions {
  /** Its files are absolute. */
  settings: TemporalSettings;
  dispatch: Dispatch;
  /** Of which the keys are taken. */
  env: Readonly<NodeJS.ProcessEnv>;
}

/** Attempts of a queue that were handed out and of which no host has given a sign: more at once are lost in bursts. */
const MOST_UNCONFIRMED = 16;

export class TemporalExecutor implements Executor {
  readonly #options: TemporalExecutorOptions;
  readonly #server: PlacementServer;
  readonly #key: Buffer | null;
  readonly #gates = new Map<string, Gate>();

  /** @throws Refusal for settings that cannot be used */
  constructor(options: TemporalExecutorOptions) {
    this.#options = options;
    this.#server = new PlacementServer(options.settings, options.env);
    this.#key = queueKey(options.settings, options.env);
  }

  start(order: AttemptOrder, heard: Heard): Promise<Handle> {
    return Promise.resolve(new RemoteAttempt(order, this.#parts(order), heard, readRecord(order)));
  }

  find(order: AttemptOrder, heard: Heard): Promise<Found> {
    const record = readRecord(order);
    if (record === null || record.state === 'void') {
      const before = record === null ? 0 : record.generation + 1;
      const generation = Math.max(order.generation, before);
      const none = { takes: 0, host: null, end: null };
      writeRecord(order, { generation, state: 'void', ...none });
      return Promise.resolve({ kind: 'never_started', nextGeneration: generation + 1 });
    }
    const handle = new RemoteAttempt(order, this.#parts(order), heard, record);
    if (record.state === 'over') return Promise.resolve({ kind: 'ended', handle });
    // Its worker keeps its limits.
    return Promise.resolve({ kind: 'running', handle, isOverdue: false });
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  #parts({ remote }: AttemptOrder): RemoteParts {
    const { settings, dispatch } = this.#options;
    const queue = remote?.queue ?? '';
    let gate = this.#gates.get(queue);
    if (gate === undefined) this.#gates.set(queue, (gate = new Gate(MOST_UNCONFIRMED)));
    return { server: this.#server, dispatch, settings, key: this.#key, gate };
  }
}
