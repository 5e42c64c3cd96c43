/**
 * Tells of a run while it is driven. What is to be sent lies in `outbox/` of the run until it was taken, so that it is
 * sent at least once, whoever drives the run then; a mark says up to which event of the log it was laid there. Each
 * target has a queue of its own, in the order of the events: one that is dead holds up nobody else, and never the run.
 */
import path from 'node:path';
import { later } from '../../core/plan/timers.ts';
import type { RunEvent } from '../../core/events/events.ts';
import { createFile, jsonFile, makeDirectory, remove, replaceFile } from '../../disk/disk.ts';
import { MESSAGE_LIMITS, readForeignJson } from '../../disk/foreign-json.ts';
import { namesIn } from '../../disk/names-in.ts';
import { sha256 } from '../../disk/sha256.ts';
import type { RunSession } from '../../engine/session.ts';
import { isJsonObject } from '../../model/json.ts';
import type { NotifyRule, NotifyTarget } from '../../model/program.ts';
import { scanLog } from '../../store/log/reader.ts';
import type { World } from '../world.ts';
import { notificationOf, targetsFor, type Notification, type NotifiedRun } from './message.ts';
import { send } from './send.ts';

const MARK = 'mark.json';
/** Between two tries, doubled each time. */
const [FIRST_RETRY_MS, LONGEST_RETRY_MS] = [1000, 300_000];
/** How long the end of a drive waits for what is under way. */
const PATIENCE_MS = 3000;

interface Letter {
  to: NotifyTarget;
  notification: Notification;
}

export class Notifier {
  readonly #world: Pick<World, 'env' | 'clock'>;
  readonly #session: RunSession;
  readonly #rules: readonly NotifyRule[];
  /** Target → what goes on for it. */
  readonly #queues = new Map<string, Promise<void>>();
  /** Ends the pauses between tries. */
  readonly #pauses = new Set<() => void>();
  #isClosing = false;

  /** `rules`: of the run, or else of the user. */
  constructor(
    world: Pick<World, 'env' | 'clock'>,
    session: RunSession,
    rules: readonly NotifyRule[],
  ) {
    this.#world = world;
    this.#session = session;
    this.#rules = rules;
  }

  /** Before the run goes on: takes up what is left, and what happened while nobody drove it. */
  begin(): void {
    const { paths, state } = this.#session;
    if (this.#rules.length > 0) {
      const marked = this.#mark();
      const isNew = [...state.instances.values()].every(({ attempt }) => attempt === 0);
      const from = marked ?? (isNew ? 0 : state.seq);
      scanLog(paths.eventsLog, (event) => {
        if (event.seq > from) this.#lay(event);
      });
      if (marked === null) this.#setMark(from);
      this.#session.onEvent((event) => {
        if (this.#lay(event)) this.#sendAll();
      });
    }
    this.#sendAll();
  }

  /** What is under way has a moment to end; what was not taken is left for the next drive. */
  async close(): Promise<void> {
    this.#isClosing = true;
    for (const end of [...this.#pauses]) end();
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS)));
    await Promise.race([Promise.all(this.#queues.values()), late]);
    clearTimeout(timer);
  }

  /** Whether anything is to be sent. */
  #lay(event: RunEvent): boolean {
    const { paths, state } = this.#session;
    const run: NotifiedRun = {
      programDir: paths.authoredDir,
      runId: state.runId,
      plan: state.plan,
      taskOf: (id) => state.instances.get(id)?.task_id ?? null,
    };
    const notification = notificationOf(run, event);
    const targets = notification === null ? [] : targetsFor(this.#rules, notification);
    if (notification === null || targets.length === 0) return false;
    try {
      makeDirectory(paths.outboxDir);
      for (const to of targets) {
        const name = `${String(event.seq).padStart(8, '0')}-${keyOf(to)}.json`;
        const letter: Letter = { to, notification };
        createFile(path.join(paths.outboxDir, name), jsonFile(letter), { durable: true });
      }
      this.#setMark(event.seq);
      return true;
    } catch {
      // The run goes on where the disk does not take it; the mark stands, and the next drive tries again.
      return false;
    }
  }

  #sendAll(): void {
    const keys = namesIn(this.#session.paths.outboxDir).flatMap((name) => keyIn(name) ?? []);
    for (const key of new Set(keys)) {
      if (this.#queues.has(key)) continue;
      const queue = this.#drain(key).finally(() => this.#queues.delete(key));
      this.#queues.set(key, queue);
    }
  }

  /** Sends what there is for a target, in order. Never rejects. */
  async #drain(key: string): Promise<void> {
    for (let failures = 0; ;) {
      const file = this.#next(key);
      if (file === null) return;
      const letter = letterIn(file);
      const cwd = this.#session.paths.authoredDir;
      const { env } = this.#world;
      const trouble =
        letter === null ? null : await send(letter.to, letter.notification, { env, cwd });
      if (trouble === null) {
        failures = 0;
        try {
          remove(file);
        } catch {
          return;
        }
        continue;
      }
      // Nobody stays for another try.
      if (this.#isClosing) return;
      await this.#pause(Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS));
      failures += 1;
    }
  }

  #next(key: string): string | null {
    const { outboxDir } = this.#session.paths;
    const [first] = namesIn(outboxDir)
      .filter((name) => keyIn(name) === key)
      .sort();
    return first === undefined ? null : path.join(outboxDir, first);
  }

  #pause(ms: number): Promise<void> {
    const { clock } = this.#world;
    return new Promise((resolve) => {
      const end = (): void => {
        cancel();
        this.#pauses.delete(end);
        resolve();
      };
      const cancel = clock.wakeAt(later(clock.now(), ms), end);
      this.#pauses.add(end);
    });
  }

  #mark(): number | null {
    const read = readForeignJson(this.#markFile(), MESSAGE_LIMITS);
    const seq = read.ok && isJsonObject(read.value) ? read.value['seq'] : null;
    return typeof seq === 'number' ? seq : null;
  }

  #setMark(seq: number): void {
    makeDirectory(this.#session.paths.outboxDir);
    replaceFile(this.#markFile(), jsonFile({ seq }));
  }

  #markFile(): string {
    return path.join(this.#session.paths.outboxDir, MARK);
  }
}

function keyOf(target: NotifyTarget): string {
  return sha256(JSON.stringify(target)).slice(0, 8);
}

function keyIn(name: string): string | null {
  return /^\d{8}-([0-9a-f]{8})\.json$/.exec(name)?.[1] ?? null;
}

/** null where it is damaged: nobody can be told. */
function letterIn(file: string): Letter | null {
  const read = readForeignJson(file, MESSAGE_LIMITS);
  if (!read.ok || !isJsonObject(read.value)) return null;
  const { to, notification } = read.value;
  if (!isJsonObject(to ?? null) || !isJsonObject(notification ?? null)) return null;
  return read.value as unknown as Letter;
}
