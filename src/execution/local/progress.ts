/**
 * What one attempt has written so far: follows events.jsonl and stderr.log, and lets the backend's
 * reader make sense of the former. Memory stays flat whatever the agent prints.
 */
import type { AgentActivity } from '../../model/activity.ts';
import type { Backend, OutputReader, OutputSummary } from '../../agents/backend.ts';
import type { AttemptFiles } from './attempt-files.ts';
import { OutputTimes, type OutputMark } from './output-times.ts';
import { LineTail } from '../../agents/output/line-tail.ts';
import { maxLineBytes } from '../../agents/output/lines.ts';
import { beginning } from '../../text/width.ts';

/**
 * Read from one file in one go, so that one flooding agent does not starve the others, and what its lines
 * are made into does not live long enough to be moved out of the young generation.
 */
const SLICE_BYTES = 512 << 10;
/** Unread output above this is counted rather than shown, where nobody needs each line. */
const FLOOD_BYTES = 256 << 10;
const STDERR_TAIL_CHARS = 16 * 1024;
const SUMMARY_CHARS = 200;

/** What a live attempt has shown so far. */
export interface AttemptProgress {
  lastStdoutAt: string | null;
  lastStderrAt: string | null;
  /** When the last activity was read. */
  lastEventAt: string | null;
  lastProgressAt: string | null;
  lastEventSummary: string | null;
  stdoutLineCount: number;
  stderrLineCount: number;
  sessionId: string | null;
  outputMarks: OutputMark[];
}

export class AttemptOutput {
  private readonly stdout: LineTail;
  private readonly stderr: LineTail;
  private readonly reader: OutputReader;
  private activities: AgentActivity[] = [];
  private stderrLines: string[] = [];
  private stderrChars = 0;
  private lastStdoutMs: number | null = null;
  private lastStderrMs: number | null = null;
  private lastEventMs: number | null = null;
  private lastEventSummary: string | null = null;

  private readonly times: OutputTimes;
  private stdoutBytes = 0;
  private stderrBytes = 0;

  /** `startedMs`: of the attempt, since the epoch. */
  constructor(backend: Backend, files: AttemptFiles, startedMs: number) {
    this.times = new OutputTimes(startedMs);
    this.reader = backend.reader();
    this.stdout = new LineTail(files.stdout, {
      maxLineBytes,
      floodBytes: backend.can.structuredOutput ? null : FLOOD_BYTES,
      onLine: (line) => this.activities.push(...this.reader.push(line)),
      onOmitted: (bytes) => this.activities.push({ type: 'truncated', bytes }),
    });
    this.stderr = new LineTail(files.stderr, {
      maxLineBytes: STDERR_TAIL_CHARS,
      floodBytes: FLOOD_BYTES,
      onLine: (line) => this.keepStderr(line),
      onOmitted: () => undefined,
    });
  }

  /** Reads on. `grew`: there was something new; `more`: there is more at once. */
  advance(): { grew: boolean; more: boolean; activities: AgentActivity[] } {
    const out = this.stdout.advance(SLICE_BYTES);
    const err = this.stderr.advance(SLICE_BYTES);
    if (out.bytes > 0) this.lastStdoutMs = this.stdout.modifiedMs;
    if (err.bytes > 0) this.lastStderrMs = this.stderr.modifiedMs;
    this.noteTimes(out.bytes, err.bytes);
    return {
      grew: out.bytes + err.bytes > 0,
      more: out.more || err.more,
      activities: this.takeActivities(),
    };
  }

  /** Learns when the files were last written, without reading them. */
  look(): void {
    this.stdout.advance(0);
    this.stderr.advance(0);
  }

  /** Output written from now on is left out. */
  limitToPresent(): void {
    this.stdout.limitToPresent();
    this.stderr.limitToPresent();
  }

  /** Takes in last lines that have no newline. */
  finish(): AgentActivity[] {
    this.stdout.finish();
    this.stderr.finish();
    return this.takeActivities();
  }

  close(): void {
    this.stdout.close();
    this.stderr.close();
  }

  summary(): OutputSummary {
    return this.reader.summary();
  }

  /** The last lines of standard error. */
  stderrTail(): string {
    return this.stderrLines.join('\n');
  }

  /** Last modification of either file as of the latest `advance`, ms since the epoch. */
  modifiedMs(): number {
    return Math.max(this.stdout.modifiedMs, this.stderr.modifiedMs);
  }

  /** The last byte of output read, ms since the epoch; null before the first. */
  lastOutputMs(): number | null {
    const last = Math.max(this.lastStdoutMs ?? 0, this.lastStderrMs ?? 0);
    return last === 0 ? null : last;
  }

  progress(): AttemptProgress {
    return {
      lastStdoutAt: iso(this.lastStdoutMs),
      lastStderrAt: iso(this.lastStderrMs),
      lastEventAt: iso(this.lastEventMs),
      lastProgressAt: iso(this.lastOutputMs()),
      lastEventSummary: this.lastEventSummary,
      stdoutLineCount: this.stdout.lineCount,
      stderrLineCount: this.stderr.lineCount,
      sessionId: this.reader.summary().sessionId,
      outputMarks: this.times.marks(),
    };
  }

  /** Of two that grew between two looks, the one that was written first comes first. */
  private noteTimes(out: number, err: number): void {
    this.stdoutBytes += out;
    this.stderrBytes += err;
    const note = (stream: 'stdout' | 'stderr'): void => {
      if ((stream === 'stdout' ? out : err) === 0) return;
      if (stream === 'stdout') this.times.note(stream, this.stdoutBytes, this.stdout.modifiedMs);
      else this.times.note(stream, this.stderrBytes, this.stderr.modifiedMs);
    };
    const outFirst = this.stdout.modifiedMs <= this.stderr.modifiedMs;
    for (const stream of outFirst
      ? (['stdout', 'stderr'] as const)
      : (['stderr', 'stdout'] as const))
      note(stream);
  }

  private takeActivities(): AgentActivity[] {
    const taken = this.activities;
    const last = taken.at(-1);
    if (last !== undefined) {
      this.activities = [];
      this.lastEventMs = this.stdout.modifiedMs;
      this.lastEventSummary = summariseActivity(last);
    }
    return taken;
  }

  private keepStderr(line: string): void {
    this.stderrLines.push(line);
    this.stderrChars += line.length;
    while (this.stderrChars > STDERR_TAIL_CHARS && this.stderrLines.length > 1) {
      this.stderrChars -= this.stderrLines.shift()?.length ?? 0;
    }
  }
}

/** An activity in one short line of plain text. */
function summariseActivity(activity: AgentActivity): string {
  return shorten(activityText(activity));
}

function activityText(activity: AgentActivity): string {
  switch (activity.type) {
    case 'session_started':
      return `session ${activity.sessionId} started`;
    case 'turn_started':
      return 'turn started';
    case 'turn_ended':
      return activity.message === null ? 'turn completed' : `turn failed: ${activity.message}`;
    case 'message':
      return activity.text;
    case 'reasoning':
      return `reasoning: ${activity.text}`;
    case 'command': {
      const exit = activity.exitCode === null ? '' : ` (exit ${activity.exitCode})`;
      return `$ ${activity.command}${exit}`;
    }
    case 'file_change':
      return activity.changes.map(({ kind, path }) => `${kind} ${path}`).join(', ');
    case 'todo': {
      const done = activity.items.filter((item) => item.completed).length;
      return `plan: ${done} of ${activity.items.length} done`;
    }
    case 'tool_call':
      return `tool ${activity.server === null ? '' : `${activity.server}.`}${activity.tool}`;
    case 'web_search':
      return `search: ${activity.query}`;
    case 'error':
      return `error: ${activity.message}`;
    case 'other':
      return activity.text === '' ? activity.kind : `${activity.kind}: ${activity.text}`;
    case 'output':
      return activity.text;
    case 'truncated':
      return `${activity.bytes} bytes not shown`;
  }
}

function shorten(text: string): string {
  const line = text
    .slice(0, SUMMARY_CHARS * 4)
    .replace(/\s+/g, ' ')
    .trim();
  return beginning(line, SUMMARY_CHARS);
}

function iso(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
