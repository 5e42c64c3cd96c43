/**
 * The event log on disk: `events.jsonl`, the truth about a run. One event a line; each line carries
 * `prev`, the SHA-256 of the bytes of the line before it (without its newline), so that any change
 * to a line but the last shows.
 *
 * What a crash may leave is a beginning of what was being appended: whole lines, then perhaps a torn
 * one. A torn last line was never acknowledged to anyone, so it is dropped. Anything else that does
 * not fit is damage: reported with its place, never skipped or guessed over.
 */
import {
  closeSync,
  fdatasync,
  fdatasyncSync,
  fstatSync,
  ftruncateSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { RunEvent } from '../../core/events/events.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { createFile, flushDirectory } from '../../disk/disk.ts';
import { faultPoint } from '../../disk/fault-point.ts';
import { sha256 } from '../../disk/sha256.ts';
import { mayStandIn } from '../../core/events/catalogue.ts';
import { eventLine, MAX_LINE_BYTES, type LogPosition } from './chain.ts';
import { LOG_START, openLog, scanOpenLog, type LogEnd, type ReadOptions } from './reader.ts';
import { ResultPlaces, type RecordedResult } from './results.ts';
import { writeRefusal } from '../write-refusal.ts';

export interface AppendOptions {
  /**
   * Flush to the device before `append` returns (default true). Without it the log survives a crash
   * of the process, but not of the machine.
   */
  sync?: boolean;
}

const flush = promisify(fdatasync);

/**
 * The log, open for its one writer (who holds the run's lock). An event is true when `append` returns, or
 * what `appendAsync` returns resolves, and not before.
 */
export class EventLog {
  readonly file: string;
  /** Bytes of a torn last line that were dropped when the log was opened. */
  readonly tornBytes: number;
  #fd: number;
  #sync: boolean;
  #position: LogPosition;
  readonly #results: ResultPlaces;
  #failed: Refusal | null = null;
  /** Which file is open. */
  readonly #inode: string;
  #isFlushing = false;

  private constructor(
    file: string,
    fd: number,
    end: LogEnd,
    results: ResultPlaces,
    options: AppendOptions,
  ) {
    this.file = file;
    this.tornBytes = end.tornBytes;
    this.#fd = fd;
    this.#results = results;
    this.#sync = options.sync ?? true;
    this.#inode = inodeOf(fstatSync(fd));
    const { seq, bytes, head, runId, formatVersion } = end;
    this.#position = { seq, bytes, head, runId, formatVersion };
  }

  /**
   * Starts the log of a new run with its first events. It appears whole, under its name: there is no
   * moment at which the run is half begun. When this returns it is durable, with the names of the new file
   * and its directories. What the events refer to (frozen files) must be on disk before.
   *
   * @throws Refusal `run-exists` if there is a log
   */
  static create(file: string, events: readonly RunEvent[], options: AppendOptions = {}): EventLog {
    const durable = options.sync ?? true;
    const { bytes, starts, end } = encode(LOG_START, events, file);
    let created: boolean;
    try {
      created = createFile(file, bytes, { durable });
      if (created && durable) {
        const runs = path.dirname(path.dirname(file));
        flushDirectory(runs);
        flushDirectory(path.dirname(runs));
      }
    } catch (error) {
      throw writeRefusal(file, error);
    }
    if (!created) {
      throw new Refusal('run-exists', `${file} exists already.`, { hint: 'Use another run id.' });
    }
    const results = new ResultPlaces();
    for (const [index, event] of events.entries()) results.note(event, starts[index] ?? 0);
    return new EventLog(file, openLog(file, 'r+'), { ...end, tornBytes: 0 }, results, options);
  }

  /**
   * Opens the log of an existing run, checks all of it, hands every event to `visit` on the way, and
   * cuts off a torn last line.
   *
   * @throws Refusal as `scanLog`; then nothing has been changed
   */
  static openForAppend(
    file: string,
    options: AppendOptions & { runId?: string; visit?: (event: RunEvent) => void } = {},
  ): EventLog {
    const fd = openLog(file, 'r+');
    try {
      const read: ReadOptions = options.runId === undefined ? {} : { runId: options.runId };
      const results = new ResultPlaces();
      const visit = (event: RunEvent, start: number): void => {
        results.note(event, start);
        options.visit?.(event);
      };
      const end = scanOpenLog(fd, file, visit, read);
      if (end.tornBytes > 0) {
        faultPoint('write', file);
        ftruncateSync(fd, end.bytes);
      }
      return new EventLog(file, fd, end, results, options);
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
   * Sees that the log's path still leads to the file that is open, which costs a `stat`.
   * @throws Refusal `run-gone` where the run was removed, renamed or replaced; then this object takes no more
   */
  checkPlace(): void {
    if (this.#failed) throw this.#failed;
    let stats: Stats | undefined;
    try {
      stats = statSync(this.file, { throwIfNoEntry: false });
    } catch (error) {
      // What cannot be looked at now may be where it was.
      if ((error as NodeJS.ErrnoException).code !== 'ENOTDIR') return;
    }
    if (stats && inodeOf(stats) === this.#inode) return;
    const what = stats ? 'Another file lies at' : 'There is no file any more at';
    this.#failed = new Refusal(
      'run-gone',
      `${what} ${this.file}: the run was ${stats ? 'replaced' : 'removed or renamed'} while it was driven.`,
      {
        hint: 'Where the run lies now, if it does, it can be gone on with: codex-orch run resume',
        exit: ExitStatus.failed,
      },
    );
    throw this.#failed;
  }

  /** The latest result of an instance, read from the log; null where there is none. @throws Refusal `log-damaged` */
  result(instanceId: string): RecordedResult | null {
    return this.#results.read(this.#fd, this.file, instanceId);
  }

  /**
   * Commits events: one write of all their lines, one flush. All are on disk when it returns. If it
   * throws a Refusal none is: the log has been cut back to where it was.
   *
   * @throws Refusal `disk-full` (append may be tried again), `write-failed` or `log-changed`
   *   (then this object takes no more: the log must be opened anew)
   */
  append(events: readonly RunEvent[]): void {
    if (events.length === 0) return;
    const end = this.#write(events);
    try {
      if (this.#sync) fdatasyncSync(this.#fd);
    } catch (error) {
      throw this.#cutBack(error);
    }
    this.#position = end;
  }

  /**
   * As `append`, but other work goes on while the device takes the events. Until it has, nothing else can
   * be appended, and `position` is the old one.
   */
  async appendAsync(events: readonly RunEvent[]): Promise<void> {
    if (events.length === 0) return;
    const end = this.#write(events);
    this.#isFlushing = true;
    try {
      if (this.#sync) await flush(this.#fd);
    } catch (error) {
      throw this.#cutBack(error);
    } finally {
      this.#isFlushing = false;
    }
    this.#position = end;
  }

  /**
   * Writes the events, and returns where the log then ends. They count once they are flushed; results can be
   * read before that, since what an attempt is given is laid out while the device takes its decision.
   */
  #write(events: readonly RunEvent[]): LogPosition {
    if (this.#failed) throw this.#failed;
    if (this.#isFlushing) throw new Error(`${this.file}: two appends at once`);
    this.checkPlace();
    const { bytes, starts, end } = encode(this.#position, events, this.file);
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
      const half = bytes.length >> 1;
      faultPoint('append', this.file, () => writeSync(this.#fd, bytes, 0, half, size));
      for (let done = 0; done < bytes.length;) {
        done += writeSync(this.#fd, bytes, done, bytes.length - done, size + done);
      }
      if (this.#sync) faultPoint('flush', this.file);
    } catch (error) {
      throw this.#cutBack(error);
    }
    for (const [index, event] of events.entries()) this.#results.note(event, starts[index] ?? 0);
    return end;
  }

  close(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
    this.#failed ??= new Refusal('log-closed', `${this.file} has been closed.`, {
      exit: ExitStatus.defect,
    });
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

function inodeOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

/** The lines of events that follow a place in a log, and where it then ends. @throws Refusal `event-too-large` */
function encode(
  after: LogPosition,
  events: readonly RunEvent[],
  file: string,
): { bytes: Buffer; starts: number[]; end: LogPosition } {
  let { seq, head, runId, formatVersion, bytes: start } = after;
  const starts: number[] = [];
  const lines: Buffer[] = [];
  for (const event of events) {
    seq += 1;
    if (event.seq !== seq) throw new Error(`event ${event.event_id} does not follow ${seq - 1}`);
    runId ??= event.run_id;
    if (event.run_id !== runId) throw new Error(`event of run ${event.run_id} in ${file}`);
    if (event.event_type === 'run_created') formatVersion = event.payload.format_version;
    if (formatVersion === null || !mayStandIn(formatVersion, event.event_type)) {
      throw new Error(`${event.event_id} in ${file}, a run of format ${formatVersion}`);
    }
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
    starts.push(start);
    start += line.length;
  }
  const bytes = lines.length === 1 ? (lines[0] as Buffer) : Buffer.concat(lines);
  return { bytes, starts, end: { seq, bytes: start, head, runId, formatVersion } };
}
