/**
 * Follows a growing file line by line, from any size at constant memory: a line above the limit is
 * counted and left out; a flood of output that nobody needs line by line is only counted.
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

const CHUNK_BYTES = 256 * 1024;
const NEWLINE = 10;

/** A line of an agent's output above this is not parsed. */
export const maxLineBytes = 8 << 20;

/** One read buffer for all files: reading is synchronous. */
const chunk = Buffer.allocUnsafe(CHUNK_BYTES);

export interface LineTailOptions {
  /** Called with each whole line, without its newline; malformed UTF-8 comes as U+FFFD. */
  onLine(line: string): void;
  /** Called with the bytes of what was left out. */
  onOmitted(bytes: number): void;
  maxLineBytes: number;
  /** With more than this unread, lines are counted instead of handed over; null: never. */
  floodBytes: number | null;
}

export class LineTail {
  /** Whole lines, those left out included. */
  lineCount = 0;
  /** Bytes read so far. */
  offset = 0;
  /** Last modification as of the latest `advance`, ms since the epoch; 0 before the file exists. */
  modifiedMs = 0;
  private readonly file: string;
  private readonly options: LineTailOptions;
  private fd: number | null = null;
  private partial: Buffer[] = [];
  private partialBytes = 0;
  /** Bytes of the present line and of skipped ones that were left out. */
  private omitted = 0;
  private skippingLine = false;
  private limit = Infinity;

  constructor(file: string, options: LineTailOptions) {
    this.file = file;
    this.options = options;
  }

  /** Reads on, at most `budgetBytes`. Returns the bytes read, and whether more is there. */
  advance(budgetBytes: number): { bytes: number; more: boolean } {
    const fd = this.open();
    if (fd === null) return { bytes: 0, more: false };
    const stat = fstatSync(fd);
    this.modifiedMs = stat.mtimeMs;
    if (stat.size < this.offset) this.restart();
    const size = Math.min(stat.size, this.limit);
    const { floodBytes } = this.options;
    const flooded = floodBytes !== null && size - this.offset > floodBytes;
    let bytes = 0;
    while (bytes < budgetBytes && this.offset < size) {
      const wanted = Math.min(CHUNK_BYTES, size - this.offset);
      const read = readSync(fd, chunk, 0, wanted, this.offset);
      if (read === 0) break;
      this.offset += read;
      bytes += read;
      if (flooded) this.countLines(read);
      else this.splitLines(read);
    }
    return { bytes, more: this.offset < size };
  }

  /** What is written from now on is not read: a stranger holding the file open cannot delay the end. */
  limitToPresent(): void {
    const fd = this.open();
    this.limit = fd === null ? 0 : fstatSync(fd).size;
  }

  /** Hands over a last line that has no newline, and closes the file. */
  finish(): void {
    if (this.partialBytes > 0) this.emit(Buffer.concat(this.partial));
    this.dropPartial();
    this.reportOmitted();
    this.close();
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  private open(): number | null {
    try {
      this.fd ??= openSync(this.file, 'r');
    } catch (error) {
      // ENOTDIR: the worker put a file where its attempt directory was.
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw error;
    }
    return this.fd;
  }

  /** The file was cut: what stands there now is new. */
  private restart(): void {
    this.dropPartial();
    this.skippingLine = false;
    this.offset = 0;
  }

  private splitLines(length: number): void {
    let start = 0;
    for (;;) {
      const end = chunk.subarray(0, length).indexOf(NEWLINE, start);
      if (end < 0) break;
      this.lineCount += 1;
      const rest = chunk.subarray(start, end);
      if (this.skippingLine) {
        this.omitted += rest.length;
        this.skippingLine = false;
        this.reportOmitted();
      } else if (this.partialBytes + rest.length > this.options.maxLineBytes) {
        this.omitted += this.partialBytes + rest.length;
        this.dropPartial();
        this.reportOmitted();
      } else if (this.partialBytes === 0) {
        this.emit(rest);
      } else {
        this.partial.push(rest);
        const line = Buffer.concat(this.partial);
        this.dropPartial();
        this.emit(line);
      }
      start = end + 1;
    }
    this.keep(chunk.subarray(start, length));
  }

  /** The beginning of a line whose end has not been written or read yet. */
  private keep(rest: Buffer): void {
    if (rest.length === 0) return;
    if (this.skippingLine || this.partialBytes + rest.length > this.options.maxLineBytes) {
      this.omitted += this.partialBytes + rest.length;
      this.dropPartial();
      this.skippingLine = true;
      return;
    }
    this.partial.push(Buffer.from(rest));
    this.partialBytes += rest.length;
  }

  private countLines(length: number): void {
    for (let i = 0; i < length; i += 1) if (chunk[i] === NEWLINE) this.lineCount += 1;
    this.omitted += length + this.partialBytes;
    this.dropPartial();
    this.skippingLine = chunk[length - 1] !== NEWLINE;
  }

  private emit(line: Buffer): void {
    this.reportOmitted();
    this.options.onLine(line.toString('utf8'));
  }

  private reportOmitted(): void {
    if (this.omitted === 0) return;
    this.options.onOmitted(this.omitted);
    this.omitted = 0;
  }

  private dropPartial(): void {
    this.partial = [];
    this.partialBytes = 0;
  }
}
