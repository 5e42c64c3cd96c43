/**
 * The event log on disk: `events.jsonl`, the truth about a run. One event a line; each line carries
 * `prev`, the SHA-256 of the bytes of the line before it (without its newline), so that any change
 * to a line but the last shows.
 *
 * What a crash may leave is a beginning of what was being appended: whole lines, then perhaps a torn
 * one. A torn last line was never acknowledged to anyone, so it is dropped. Anything else that does
 * not fit is damage: reported with its place, never skipped or guessed over.
 */
import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { EventType, RunEvent } from '../core/events.ts';
import { isJsonObject, type JsonObject } from '../core/json.ts';
import { ExitStatus, Refusal } from '../core/refusal.ts';
import { FORMAT_VERSION } from '../core/run.ts';
import { flushDirectory } from '../files/disk.ts';
import { faultPoint } from '../files/fault-point.ts';
import { sha256 } from '../files/sha256.ts';
import { writeRefusal } from './write-refusal.ts';

/** `prev` of the first line. */
export const CHAIN_START = '0'.repeat(64);

/** Longest line, in bytes; a longer one would not fit into a string of V8 on every platform. */
export const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** A place between two lines, from which reading can go on. */
export interface LogPosition {
  /** The last event before it; 0 at the start. */
  seq: number;
  /** Its offset in bytes. */
  bytes: number;
  /** SHA-256 of the line before it: the `prev` of the next. */
  head: string;
  /** null at the start. */
  runId: string | null;
}

/** Where the whole lines end, and what stands after them. */
export interface LogEnd extends LogPosition {
  /** Length of a torn last line; 0 if there is none. */
  tornBytes: number;
}

export interface ReadOptions {
  /** Go on from a place that an earlier read ended at. */
  after?: LogPosition;
  /** The run that the log must belong to. Default: whatever its first line says. */
  runId?: string;
}

export const LOG_START: LogPosition = { seq: 0, bytes: 0, head: CHAIN_START, runId: null };

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 10;

const eventTypes: Record<EventType, true> = {
  run_created: true,
  input_scope_created: true,
  instance_created: true,
  instance_runnable: true,
  attempt_started: true,
  attempt_finished: true,
  interrupt_requested: true,
  interrupt_resolved: true,
  interrupt_applied: true,
  instance_waiting: true,
  instance_resumed: true,
  instance_requeued: true,
  instance_skipped: true,
  instance_done: true,
  instance_failed: true,
  result_materialized: true,
  artifacts_published: true,
  control_emitted: true,
  route_selected: true,
  route_unselected: true,
  loop_continued: true,
  loop_stopped: true,
  proposal_recorded: true,
  proposal_dropped: true,
  proposal_status_updated: true,
  session_lost: true,
  run_aborted: true,
  run_completed: true,
};

/**
 * The events of a log in order, one at a time, each checked against the chain before it is given out.
 * Memory: one chunk and one line. The generator's return value says where the whole lines end.
 * A log that is being written to may be read at the same time: a line in the making counts as torn.
 *
 * @throws Refusal `log-damaged`, `format-newer`, or `log-missing`
 */
export function* readEvents(
  file: string,
  options: ReadOptions = {},
): Generator<RunEvent, LogEnd, undefined> {
  const fd = openLog(file, 'r');
  try {
    return yield* eventsOf(fd, file, options);
  } finally {
    closeSync(fd);
  }
}

/** Reads a whole log, or the rest of one, and says where it ends. */
export function scanLog(
  file: string,
  visit: (event: RunEvent) => void,
  options: ReadOptions = {},
): LogEnd {
  const events = readEvents(file, options);
  for (;;) {
    const next = events.next();
    if (next.done) return next.value;
    visit(next.value);
  }
}

export interface AppendOptions {
  /**
   * Flush to the device before `append` returns (default true). Without it the log survives a crash
   * of the process, but not of the machine.
   */
  sync?: boolean;
}

/**
 * The log, open for its one writer (who holds the run's lock). Synchronous: an event is true when
 * `append` returns, and not before.
 */
export class EventLog {
  readonly file: string;
  /** Bytes of a torn last line that were dropped when the log was opened. */
  readonly tornBytes: number;
  #fd: number;
  #sync: boolean;
  #position: LogPosition;
  #failed: Refusal | null = null;

  private constructor(file: string, fd: number, end: LogEnd, options: AppendOptions) {
    this.file = file;
    this.tornBytes = end.tornBytes;
    this.#fd = fd;
    this.#sync = options.sync ?? true;
    this.#position = { seq: end.seq, bytes: end.bytes, head: end.head, runId: end.runId };
  }

  /**
   * Starts the log of a new run with its first events. They, and the names of the new file and its
   * directories, are durable when this returns: from then on the run exists. What the events refer
   * to (frozen files) must be on disk before.
   *
   * @throws Refusal `run-exists` if there is a log
   */
  static create(file: string, events: RunEvent[], options: AppendOptions = {}): EventLog {
    faultPoint('write', file);
    let fd: number;
    try {
      fd = openSync(file, 'wx+');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw writeRefusal(file, error);
      throw new Refusal('run-exists', `${file} exists already.`, { hint: 'Use another run id.' });
    }
    const log = new EventLog(file, fd, { ...LOG_START, tornBytes: 0 }, options);
    try {
      log.append(events);
      if (options.sync ?? true) {
        const root = path.dirname(file);
        flushDirectory(root);
        flushDirectory(path.dirname(root));
        flushDirectory(path.dirname(path.dirname(root)));
      }
      return log;
    } catch (error) {
      log.close();
      throw error;
    }
  }

  /**
   * Opens the log of an existing run, checks all of it, hands every event to `visit` on the way, and
   * cuts off a torn last line.
   *
   * @throws Refusal as `readEvents`; then nothing has been changed
   */
  static openForAppend(
    file: string,
    options: AppendOptions & { runId?: string; visit?: (event: RunEvent) => void } = {},
  ): EventLog {
    const fd = openLog(file, 'r+');
    try {
      const read: ReadOptions = options.runId === undefined ? {} : { runId: options.runId };
      const events = eventsOf(fd, file, read);
      let next = events.next();
      for (; !next.done; next = events.next()) options.visit?.(next.value);
      const end = next.value;
      if (end.tornBytes > 0) {
        faultPoint('write', file);
        ftruncateSync(fd, end.bytes);
      }
      return new EventLog(file, fd, end, options);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
  }

  /** Where the log ends now. */
  get position(): LogPosition {
    return { ...this.#position };
  }

  /**
   * Commits events: one write of all their lines, one flush. All are on disk when it returns. If it
   * throws a Refusal none is: the log has been cut back to where it was.
   *
   * @throws Refusal `disk-full` (append may be tried again), `write-failed` or `log-changed`
   *   (then this object takes no more: the log must be opened anew)
   */
  append(events: readonly RunEvent[]): void {
    if (this.#failed) throw this.#failed;
    if (events.length === 0) return;
    const { bytes, head, last } = this.#encode(events);
    const size = fstatSync(this.#fd).size;
    if (size !== this.#position.bytes) {
      const found = `${this.file} is ${size} bytes long, not ${this.#position.bytes}`;
      this.#failed = new Refusal('log-changed', `Something else writes to the log: ${found}.`, {
        hint: 'Stop it, then run: codex-orch run verify',
        exit: ExitStatus.failed,
      });
      throw this.#failed;
    }
    try {
      faultPoint('append', this.file);
      for (let done = 0; done < bytes.length;) {
        done += writeSync(this.#fd, bytes, done, bytes.length - done, size + done);
      }
      if (this.#sync) {
        faultPoint('flush', this.file);
        fdatasyncSync(this.#fd);
      }
    } catch (error) {
      throw this.#cutBack(error);
    }
    this.#position = {
      seq: last.seq,
      bytes: size + bytes.length,
      head,
      runId: last.run_id,
    };
  }

  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
    this.#failed ??= new Refusal('log-closed', `${this.file} has been closed.`, {
      exit: ExitStatus.defect,
    });
  }

  #encode(events: readonly RunEvent[]): { bytes: Buffer; head: string; last: RunEvent } {
    let { seq, head, runId } = this.#position;
    let last = events[0] as RunEvent;
    const lines: Buffer[] = [];
    for (const event of events) {
      seq += 1;
      if (event.seq !== seq) throw new Error(`event ${event.event_id} does not follow ${seq - 1}`);
      runId ??= event.run_id;
      if (event.run_id !== runId) throw new Error(`event of run ${event.run_id} in ${this.file}`);
      const line = Buffer.from(`${eventLine(event, head)}\n`, 'utf8');
      if (line.length > MAX_LINE_BYTES) {
        throw new Refusal(
          'event-too-large',
          `${event.event_id} of ${event.instance_id ?? runId} takes ${line.length} bytes; ` +
            `the log takes ${MAX_LINE_BYTES} at most.`,
          { hint: 'Let the task publish large data as a file.', exit: ExitStatus.failed },
        );
      }
      head = sha256(line.subarray(0, -1));
      lines.push(line);
      last = event;
    }
    return { bytes: lines.length === 1 ? (lines[0] as Buffer) : Buffer.concat(lines), head, last };
  }

  /**
   * After a full disk the bytes that did fit must go, or the next line would be glued to them. After
   * a failed flush nobody knows what the device holds (the kernel reports such an error once, and
   * may then take the pages for clean), so this object takes no more.
   */
  #cutBack(error: unknown): Refusal {
    const refusal = writeRefusal(this.file, error);
    try {
      ftruncateSync(this.#fd, this.#position.bytes);
      if (refusal.code !== 'disk-full') this.#failed = refusal;
    } catch {
      this.#failed = refusal;
    }
    return refusal;
  }
}

/** The line of an event, without its newline. The order of the fields is part of the format. */
export function eventLine(event: RunEvent, prev: string): string {
  return JSON.stringify({
    seq: event.seq,
    event_id: event.event_id,
    event_type: event.event_type,
    run_id: event.run_id,
    instance_id: event.instance_id,
    created_at: event.created_at,
    payload: event.payload,
    prev,
  });
}

function* eventsOf(
  fd: number,
  file: string,
  options: ReadOptions,
): Generator<RunEvent, LogEnd, undefined> {
  const position: LogPosition = { ...(options.after ?? LOG_START) };
  position.runId ??= options.runId ?? null;
  /** An unparsable line: torn only if it turns out to be the last. */
  let unparsable: { line: Buffer; reason: string } | null = null;
  const lines = linesOf(fd, file, position);
  for (;;) {
    const next = lines.next();
    const number = position.seq + 1;
    if (unparsable && !(next.done && next.value.length === 0 && looksCutOff(unparsable.line))) {
      throw damaged(file, number, unparsable.reason);
    }
    if (next.done) {
      const tail = next.value;
      if (parseLine(tail.subarray(0, -1)).ok) throw damaged(file, number, 'lost its newline');
      return { ...position, tornBytes: unparsable ? unparsable.line.length + 1 : tail.length };
    }
    const line = next.value;
    const parsed = parseLine(line);
    if (!parsed.ok) {
      unparsable = { line, reason: parsed.reason };
      continue;
    }
    const event = checkedEvent(parsed.value, position, file);
    position.seq += 1;
    position.bytes += line.length + 1;
    position.head = sha256(line);
    position.runId = event.run_id;
    yield event;
  }
}

/**
 * Whether an unparsable last line that has its newline may be what a crash left: cut short, or with
 * a hole where a block never reached the device. A line with a single wrong byte is neither.
 */
function looksCutOff(line: Buffer): boolean {
  if (line.includes(0)) return true;
  const brace = '}'.charCodeAt(0);
  if (line.at(-1) === brace) return false;
  return !parseLine(Buffer.concat([line.subarray(0, -1), Buffer.of(brace)])).ok;
}

/** The lines from a position on, without newlines; returns what follows the last newline. */
function* linesOf(
  fd: number,
  file: string,
  start: LogPosition,
): Generator<Buffer, Buffer, undefined> {
  let number = start.seq;
  let offset = start.bytes;
  let pending: Buffer[] = [];
  let pendingBytes = 0;
  for (;;) {
    // A new buffer each time: lines are given out as views of it.
    const buffer = Buffer.allocUnsafeSlow(CHUNK_BYTES);
    const length = readSync(fd, buffer, 0, CHUNK_BYTES, offset);
    if (length === 0) return Buffer.concat(pending);
    offset += length;
    const chunk = buffer.subarray(0, length);
    let from = 0;
    for (let to = chunk.indexOf(NEWLINE); to >= 0; to = chunk.indexOf(NEWLINE, from)) {
      const rest = chunk.subarray(from, to);
      number += 1;
      yield pending.length === 0 ? rest : Buffer.concat([...pending, rest]);
      pending = [];
      pendingBytes = 0;
      from = to + 1;
    }
    if (from < length) {
      pending.push(chunk.subarray(from));
      pendingBytes += length - from;
      if (pendingBytes > MAX_LINE_BYTES) {
        throw damaged(file, number + 1, `is longer than ${MAX_LINE_BYTES} bytes`);
      }
    }
  }
}

type ParsedLine = { ok: true; value: JsonObject } | { ok: false; reason: string };

function parseLine(line: Buffer): ParsedLine {
  if (!isUtf8(line)) return { ok: false, reason: 'is not UTF-8' };
  try {
    const value: unknown = JSON.parse(line.toString('utf8'));
    return isJsonObject(value) ? { ok: true, value } : { ok: false, reason: 'is not an object' };
  } catch {
    return { ok: false, reason: 'is not JSON' };
  }
}

function checkedEvent(value: JsonObject, before: LogPosition, file: string): RunEvent {
  const seq = before.seq + 1;
  const wrong = (what: string): Refusal => damaged(file, seq, what);
  const { event_type: type, run_id: runId, payload, prev } = value;
  if (seq === 1 && type === 'run_created') refuseNewer(payload, file);
  if (value['seq'] !== seq) throw wrong(`has seq ${JSON.stringify(value['seq'])}, not ${seq}`);
  if (prev !== before.head) {
    throw wrong(
      seq === 1
        ? 'does not start a chain: its "prev" is not zero'
        : `does not follow line ${seq - 1}: its "prev" is not that line's SHA-256`,
    );
  }
  if (typeof type !== 'string') throw wrong('has no event_type');
  if (!Object.hasOwn(eventTypes, type)) throw wrong(`has the unknown event_type "${type}"`);
  if ((seq === 1) !== (type === 'run_created')) {
    throw wrong(seq === 1 ? `is ${type}, not run_created` : 'is a second run_created');
  }
  if (typeof runId !== 'string' || runId === '') throw wrong('has no run_id');
  if (before.runId !== null && runId !== before.runId) {
    throw wrong(`belongs to run ${runId}, not ${before.runId}`);
  }
  if (value['event_id'] !== `${String(seq).padStart(6, '0')}-${type}`) {
    throw wrong(`has event_id ${JSON.stringify(value['event_id'])}`);
  }
  const instance = value['instance_id'];
  if (instance !== null && typeof instance !== 'string') throw wrong('has no instance_id');
  if (typeof value['created_at'] !== 'string') throw wrong('has no created_at');
  if (!isJsonObject(payload)) throw wrong('has no payload');
  delete value['prev'];
  return value as unknown as RunEvent;
}

function refuseNewer(payload: unknown, file: string): void {
  const version = isJsonObject(payload) ? payload['format_version'] : undefined;
  if (typeof version !== 'number' || version <= FORMAT_VERSION) return;
  const tool = isJsonObject(payload) ? payload['tool_version'] : undefined;
  const by = typeof tool === 'string' ? ` (codex-orch ${tool})` : '';
  throw new Refusal(
    'format-newer',
    `${path.dirname(file)} has format version ${version}${by}; ` +
      `this codex-orch reads up to version ${FORMAT_VERSION}.`,
    { hint: 'Update codex-orch to work with this run.' },
  );
}

/** What is wrong with which line. */
function damaged(file: string, line: number, what: string): Refusal {
  return new Refusal('log-damaged', `The event log is damaged: ${file}, line ${line} ${what}.`, {
    hint: `codex-orch run verify ${verifyArguments(file)}`,
    exit: ExitStatus.failed,
    data: { file, line, what },
  });
}

/** `<program> <run-id>` of `<program>/.runs/<run-id>/events.jsonl`. */
function verifyArguments(file: string): string {
  const root = path.dirname(path.resolve(file));
  return `${path.dirname(path.dirname(root))} ${path.basename(root)}`;
}

function openLog(file: string, flags: 'r' | 'r+'): number {
  try {
    return openSync(file, flags);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') {
      throw flags === 'r' ? error : writeRefusal(file, error);
    }
    throw new Refusal('log-missing', `There is no event log at ${file}.`, {
      exit: ExitStatus.notFound,
    });
  }
}
