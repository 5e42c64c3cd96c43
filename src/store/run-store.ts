/**
 * The runs of a program, as all who read or write them see them. Two implementations keep the same promises
 * (test/conformance/store.ts): `directory/`, where runs live, and `memory/`, for tests and for what is never
 * to be kept.
 */
import type { RunEvent } from '../core/events/events.ts';
import type { RunState } from '../core/state/run-state.ts';
import type { Refusal } from '../model/refusal.ts';
import type { Interrupt, Reply, InstanceInterrupt } from '../model/run.ts';
import type { RunSummary } from './cache/documents.ts';
import type { InboxCommand } from './inbox/records.ts';
import type { Asker, InboxScan, KnownInbox } from './inbox/scanner.ts';
import type { RunPaths } from './layout.ts';
import type { LockHolder } from './lock/numbered-lock.ts';
import type { RecordedResult } from './log/results.ts';

/** Shows an event after it has been applied. */
export type Visit = (event: RunEvent, state: RunState) => void;

/** A reader's own replay of a run: made once, then brought up to date from where it stopped. */
export interface RunView {
  readonly paths: RunPaths;
  /** As of the last `refresh`. The view's own: whoever changes it goes on with `read`, not with `refresh`. */
  readonly state: RunState;
  /**
   * Reads what has come since, applies it, and returns it.
   * @throws Refusal `log-damaged`, `log-missing`
   */
  refresh(): RunEvent[];
  /** As `refresh`, but leaves the state alone: for one who has tried something out on it. */
  read(): RunEvent[];
  /**
   * The result of a done instance as the log recorded it; null where the attempt that ended well left none.
   * @throws Refusal `log-damaged`
   */
  result(instanceId: string): RecordedResult | null;
}

/** What lies in the inbox of a run; see `InboxScanner`. */
export interface Inbox {
  /** `askers`: all attempts that may have left questions; absent: none. */
  scan(known: KnownInbox, askers?: readonly Asker[]): InboxScan;
  reject(file: string, reason: string): void;
  /** Takes a command away whose effect is in the log. */
  remove(file: string): void;
  /** Calls back when something may have come, and every so often. Returns what ends that. */
  watch(onChange: () => void): () => void;
}

/** The one writer of a run: who has it holds the run, and everything that becomes true does so by `commit`. */
export interface RunWriter {
  readonly paths: RunPaths;
  /** With all that was decided. */
  readonly state: RunState;
  readonly inbox: Inbox;
  /** Now, as ISO 8601 in UTC; never before the last event, also when the clock jumped back: see `RunClock`. */
  now(): string;
  /**
   * Makes events true: on disk, flushed, before this returns. They have been applied to the state by
   * whoever decided them; if this throws, the state in memory is ahead of the log and must be dropped.
   *
   * @throws Refusal `disk-full`, `write-failed`, `log-changed`, `log-closed`
   */
  commit(events: readonly RunEvent[]): void;
  /**
   * As `commit`, but other work goes on while the device takes the events. One at a time. Whether the lock is still
   * ours is for the caller to see just before (`checkPlace`).
   */
  commitAsync(events: readonly RunEvent[]): Promise<void>;
  /**
   * Sees that the run still lies where it was opened, and is ours: cheap, for before anything is begun.
   * @throws Refusal `run-gone`, `lock-lost`
   */
  checkPlace(): void;
  /** Called after each event is on disk. Returns how to unsubscribe. */
  onEvent(listener: Visit): () => void;
  /**
   * Brings the readable cache, `state/` and the inbox's records, up to date. Nothing true hangs on it, so
   * that a disk which does not take it harms no one; but who reads it should know: see `onStaleCache`.
   * Not during a commit: it must not tell of events that a power cut may take back.
   */
  flushCache(): void;
  /** Calls back, once, when the cache could not be written. */
  onStaleCache(listener: (reason: Refusal) => void): void;
  /** As `RunView.result`. Where the file under `state/` says anything else, that is written anew. */
  result(instanceId: string): RecordedResult | null;
  /** Leaves a readable copy of a session id beside the instance, for people. */
  noteSession(instanceId: string, sessionId: string): void;
  /** Gives the run back. More than once is fine. */
  close(): void;
}

export type Writing =
  | { ok: true; writer: RunWriter }
  /** `holder`: null where nobody holds it, but it cannot be written to. */
  | { ok: false; reason: 'held' | 'not-writable'; refusal: Refusal; holder: LockHolder | null };

/** A run that is being prepared: nobody sees it. */
export interface NewRun {
  readonly paths: RunPaths;
  /** Makes it a run, with its first events; all that they refer to is in place. @throws Refusal `run-exists` */
  begin(events: readonly RunEvent[], state: RunState): void;
  /** Leaves nothing of it. */
  discard(): void;
}

/** What anyone may say to a run. */
export type InboxMessage =
  | { kind: 'interrupt'; interrupt: Interrupt }
  /** A question of the worker of that attempt of its instance, left in the attempt's own directory. */
  | { kind: 'question'; interrupt: InstanceInterrupt; attempt: number }
  | { kind: 'reply'; reply: Reply }
  | { kind: 'command'; command: InboxCommand };

export type ListedRun =
  { ok: true; summary: RunSummary } | { ok: false; runId: string; refusal: Refusal };

export interface RunStore {
  /** Absolute. */
  readonly programDir: string;
  /** @throws Refusal `run-exists`, `disk-full`, `write-failed` */
  create(runId: string): NewRun;
  /** Newest first; one that cannot be read is named. */
  list(): ListedRun[];
  /**
   * `visit` is shown every event on the way.
   * @throws Refusal `log-damaged`, `format-newer`, `log-missing`, `run-empty`
   */
  view(runId: string, visit?: Visit): RunView;
  /** Takes the run, or says who has it. `as`: what the writer does, to be shown to others. @throws as `view` */
  write(runId: string, as: string): Writing;
  /** Who writes to the run now; null if nobody does. */
  holder(runId: string): LockHolder | null;
  /**
   * Events after number `after`, in batches, then each further one as it comes, until `signal` aborts. An empty
   * batch says that all there is has been given out; it comes again several times a second.
   *
   * @throws Refusal as `view`, once what can be read has been given out
   */
  follow(runId: string, after: number, signal: AbortSignal): AsyncIterable<RunEvent[]>;
  /**
   * Leaves a message in the inbox, where the run's writer finds it. Returns its file; null where one of that
   * name lies there, which then stands.
   *
   * @throws Refusal `inbox-missing`, `inbox-not-writable`, `disk-full`, `write-failed`
   */
  drop(runId: string, message: InboxMessage): string | null;
}
