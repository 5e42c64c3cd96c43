/**
 * Cuts bytes into lines, however they come: a line above the limit is counted and left out. The one parser
 * of lines; whole files, growing ones and pages of them are read through it. Pure.
 */

const NEWLINE = 10;

/** A line of an agent's output above this is not parsed. */
export const maxLineBytes = 8 << 20;

export interface LineListener {
  /**
   * Called with each whole line, without its newline; malformed UTF-8 comes as U+FFFD. `at`: the offset of
   * its first byte.
   */
  onLine(line: string, at: number): void;
  /** Called with the bytes of what was left out, and where that began. */
  onOmitted(bytes: number, at: number): void;
}

export class LineParser {
  /** Whole lines, those left out included. */
  lineCount = 0;
  /** Of the first byte that was not taken yet. */
  offset: number;
  private readonly listener: LineListener;
  private readonly maxBytes: number;
  /** Of the first line that is not whole yet. */
  private lineAt: number;
  private partial: Buffer[] = [];
  private partialBytes = 0;
  /** Bytes of the present line and of skipped ones that were left out. */
  private omitted = 0;
  private omittedAt = 0;
  private skippingLine = false;

  /** `offset`: of the first byte to come. */
  constructor(listener: LineListener, maxBytes: number, offset = 0) {
    this.listener = listener;
    this.maxBytes = maxBytes;
    this.offset = offset;
    this.lineAt = offset;
  }

  /** What precedes this offset will not come again: it was handed over, or left out. */
  get settledTo(): number {
    return this.skippingLine ? this.offset : this.lineAt;
  }

  /** Takes the next bytes. The buffer may be used again afterwards. */
  push(bytes: Buffer): void {
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start);
      if (end < 0) break;
      this.lineCount += 1;
      const rest = bytes.subarray(start, end);
      if (this.skippingLine) {
        this.omit(rest.length);
        this.skippingLine = false;
        this.reportOmitted();
      } else if (this.partialBytes + rest.length > this.maxBytes) {
        this.omit(this.partialBytes + rest.length);
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
      this.lineAt = this.offset + start;
    }
    this.keep(bytes.subarray(start));
    this.offset += bytes.length;
  }

  /** Takes bytes of which nobody needs each line: they are counted and left out. */
  count(bytes: Buffer): void {
    const { length } = bytes;
    let newlines = 0;
    for (let i = 0; i < length; i += 1) if (bytes[i] === NEWLINE) newlines += 1;
    this.lineCount += newlines;
    const last = bytes.lastIndexOf(NEWLINE);
    this.omit(length + this.partialBytes);
    this.dropPartial();
    this.skippingLine = last !== length - 1;
    if (last >= 0) this.lineAt = this.offset + last + 1;
    this.offset += length;
  }

  /** Hands over a last line that has no newline. */
  finish(): void {
    if (this.partialBytes > 0) this.emit(Buffer.concat(this.partial));
    this.dropPartial();
    this.reportOmitted();
    this.lineAt = this.offset;
  }

  /** What comes next stands at another offset, and begins a line. */
  goTo(offset: number): void {
    this.dropPartial();
    this.skippingLine = false;
    this.offset = offset;
    this.lineAt = offset;
  }

  /** The beginning of a line whose end has not come yet. */
  private keep(rest: Buffer): void {
    if (rest.length === 0) return;
    if (this.skippingLine || this.partialBytes + rest.length > this.maxBytes) {
      this.omit(this.partialBytes + rest.length);
      this.dropPartial();
      this.skippingLine = true;
      return;
    }
    this.partial.push(Buffer.from(rest));
    this.partialBytes += rest.length;
  }

  private emit(line: Buffer): void {
    this.reportOmitted();
    this.listener.onLine(line.toString('utf8'), this.lineAt);
  }

  private omit(bytes: number): void {
    if (this.omitted === 0) this.omittedAt = this.lineAt;
    this.omitted += bytes;
  }

  private reportOmitted(): void {
    if (this.omitted === 0) return;
    const bytes = this.omitted;
    this.omitted = 0;
    this.listener.onOmitted(bytes, this.omittedAt);
  }

  private dropPartial(): void {
    this.partial = [];
    this.partialBytes = 0;
  }
}
