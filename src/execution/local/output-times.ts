/**
 * When which part of an attempt's output came, for people who read both streams as one: marks of how far each had
 * grown by when. They are few however much is printed, so that they fit into its report.
 */

/** Ms since the attempt's start, then the bytes of standard output and of standard error that were there by then. */
export type OutputMark = [atMs: number, stdoutBytes: number, stderrBytes: number];

const MOST_MARKS = 240;

export class OutputTimes {
  private list: OutputMark[] = [];
  /** Marks closer than this are one; it doubles whenever there are too many. */
  private apartMs = 1;
  private readonly startedMs: number;

  constructor(startedMs: number) {
    this.startedMs = startedMs;
  }

  /** A stream has grown to `bytes`, by `atMs` since the epoch. */
  note(stream: 'stdout' | 'stderr', bytes: number, atMs: number): void {
    const [lastMs, out, err] = this.list.at(-1) ?? [0, 0, 0];
    const sinceMs = Math.max(lastMs, Math.round(atMs - this.startedMs));
    const mark: OutputMark = stream === 'stdout' ? [sinceMs, bytes, err] : [sinceMs, out, bytes];
    const before = this.list.at(-2);
    // Not where the other stream has grown since: which came first would be lost.
    const isSame =
      before !== undefined && (stream === 'stdout' ? before[2] === err : before[1] === out);
    if (isSame && sinceMs - lastMs < this.apartMs)
      this.list[this.list.length - 1] = [lastMs, mark[1], mark[2]];
    else this.list.push(mark);
    if (this.list.length > MOST_MARKS) this.thin();
  }

  marks(): OutputMark[] {
    return this.list;
  }

  private thin(): void {
    this.apartMs *= 2;
    const last = this.list.length - 1;
    this.list = this.list.filter((_, index) => index % 2 === 0 || index === last);
  }
}
