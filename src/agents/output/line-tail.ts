/**
 * Follows a growing file line by line, from any size at constant memory; a flood of output that nobody
 * needs line by line is only counted.
 */
import { closeSync, fstatSync, readSync, type Stats } from 'node:fs';
import { nearestMoment } from '../../model/moment.ts';
import { LineParser, type LineListener } from './lines.ts';
import { emptyOutput, openOutput, type OutputPlace } from './open-output.ts';

const CHUNK_BYTES = 256 * 1024;

/** One read buffer for all files: reading is synchronous. */
const chunk = Buffer.allocUnsafe(CHUNK_BYTES);

export interface LineTailOptions extends LineListener {
  maxLineBytes: number;
  /** With more than this unread, lines are counted instead of handed over; null: never. */
  floodBytes: number | null;
}

export class LineTail {
  /** Last modification as of the latest `advance`, ms since the epoch; 0 before the file exists. */
  modifiedMs = 0;
  private readonly file: OutputPlace;
  private readonly floodBytes: number | null;
  private readonly lines: LineParser;
  private fd: number | null = null;
  private limit = Infinity;

  constructor(file: OutputPlace, options: LineTailOptions) {
    this.file = file;
    this.floodBytes = options.floodBytes;
    this.lines = new LineParser(options, options.maxLineBytes);
  }

  /** Whole lines, those left out included. */
  get lineCount(): number {
    return this.lines.lineCount;
  }

  /** Up to where everything was handed over, or left out. */
  get settledTo(): number {
    return this.lines.settledTo;
  }

  /** Bytes that are there and were not read yet. */
  unread(): number {
    const found = this.look();
    return found === null ? 0 : found.stats.size - this.lines.offset;
  }

  /** Reads on from there, where a line begins. */
  goTo(offset: number): void {
    this.lines.goTo(offset);
  }

  /** Reads on, at most `budgetBytes`. Returns the bytes read, and whether more is there. */
  advance(budgetBytes: number): { bytes: number; more: boolean } {
    const { lines, floodBytes } = this;
    // All that is to be read has been.
    if (lines.offset >= this.limit) return { bytes: 0, more: false };
    const found = this.look();
    if (found === null) return { bytes: 0, more: false };
    const { fd, stats } = found;
    this.modifiedMs = nearestMoment(stats.mtimeMs);
    // The file was cut: what stands there now is new.
    if (stats.size < lines.offset) lines.goTo(0);
    const size = Math.min(stats.size, this.limit);
    const flooded = floodBytes !== null && size - lines.offset > floodBytes;
    let bytes = 0;
    while (fd !== null && bytes < budgetBytes && lines.offset < size) {
      const wanted = Math.min(CHUNK_BYTES, size - lines.offset);
      const read = readSync(fd, chunk, 0, wanted, lines.offset);
      if (read === 0) break;
      bytes += read;
      if (flooded) lines.count(chunk.subarray(0, read));
      else lines.push(chunk.subarray(0, read));
    }
    return { bytes, more: lines.offset < size };
  }

  /** What is written from now on is not read: a stranger holding the file open cannot delay the end. */
  limitToPresent(): void {
    const found = this.look();
    this.limit = found?.stats.size ?? 0;
    if (found !== null) this.modifiedMs = nearestMoment(found.stats.mtimeMs);
  }

  /** Hands over a last line that has no newline, and closes the file. */
  finish(): void {
    this.lines.finish();
    this.close();
  }

  close(): void {
    if (this.fd !== null) closeSync(this.fd);
    this.fd = null;
  }

  /** null where there is no such file. One that is empty is not opened: many an agent prints nothing at all. */
  private look(): { fd: number | null; stats: Stats } | null {
    if (this.fd !== null) return { fd: this.fd, stats: fstatSync(this.fd) };
    const empty = emptyOutput(this.file);
    if (empty !== null) return { fd: null, stats: empty };
    const opened = openOutput(this.file);
    this.fd = opened?.fd ?? null;
    return opened;
  }
}
