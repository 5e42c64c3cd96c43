/** What an agent did, as its backend reads it from its events.jsonl: as it comes, live, or in pages. */
import type { AgentActivity } from '../../model/activity.ts';
import { backendOf } from '../backends.ts';
import { LineTail } from './line-tail.ts';
import { LineParser, maxLineBytes, type LineListener } from './lines.ts';
import type { OutputPlace } from './open-output.ts';
import { bytePage, type PagePlace } from './pages.ts';

export interface ActivityTail {
  /** What is new since the last call, of at most about `budgetBytes` of output. */
  read(budgetBytes?: number): { activities: AgentActivity[]; more: boolean };
  /** A last line without a newline; for attempts that have ended. Closes the file. */
  finish(): AgentActivity[];
  close(): void;
}

interface ActivityAt {
  /** Offset of its line. */
  at: number;
  activity: AgentActivity;
  /** Long texts in it were cut. */
  clipped: boolean;
}

export interface OutputChunk {
  activities: ActivityAt[];
  from: number;
  to: number;
}

/** Texts of activities above this are cut. */
const MAX_TEXT_CHARS = 32 * 1024;
const LIVE_BYTES = 512 * 1024;
/** With more than this unread, who looks live skips to the end. */
const LIVE_BEHIND_BYTES = 4 << 20;

/** Follows one file from its start, all of it; it need not exist yet. */
export function tailActivities(backend: string, eventsFile: OutputPlace): ActivityTail {
  const collected = new Collector(backend);
  const tail = tailOf(eventsFile, collected);
  const take = (): AgentActivity[] => collected.take().map(({ activity }) => activity);
  return {
    read(budgetBytes = 1 << 20) {
      const { more } = tail.advance(budgetBytes);
      return { activities: take(), more };
    },
    finish() {
      tail.finish();
      return take();
    },
    close: () => tail.close(),
  };
}

/** Follows one attempt for those who look at it live. The file need not exist yet. */
export class LiveActivities {
  readonly #file: OutputPlace;
  readonly #collected: Collector;
  readonly #tail: LineTail;

  constructor(file: OutputPlace, backend: string, atEnd: boolean) {
    this.#file = file;
    this.#collected = new Collector(backend);
    this.#tail = tailOf(file, this.#collected);
    if (atEnd) this.#tail.goTo(bytePage(file, { bytes: 64 * 1024, ended: false }).to);
  }

  /** What came since the last call; `ended`: all of the rest, and the file is closed. */
  next(ended: boolean): OutputChunk {
    const tail = this.#tail;
    if (tail.unread() > LIVE_BEHIND_BYTES) {
      tail.goTo(bytePage(this.#file, { bytes: LIVE_BYTES, ended: false }).from);
    }
    const from = tail.settledTo;
    while (tail.advance(LIVE_BYTES).more && ended);
    if (ended) tail.finish();
    return { activities: this.#collected.take().map(clip), from, to: tail.settledTo };
  }

  close(): void {
    this.#tail.close();
  }
}

/** A page of what an attempt did; `size`: of all of its output. */
export function activityPage(
  file: OutputPlace,
  backend: string,
  place: PagePlace,
): OutputChunk & { size: number } {
  const { bytes, from, to, size } = bytePage(file, place);
  const collected = new Collector(backend);
  const lines = new LineParser(collected, maxLineBytes, from);
  lines.push(bytes);
  lines.finish();
  return { activities: collected.take().map(clip), from, to, size };
}

/** Lines as what they mean to the backend. */
class Collector implements LineListener {
  readonly #reader;
  #found: { at: number; activity: AgentActivity }[] = [];

  constructor(backend: string) {
    this.#reader = backendOf(backend).reader();
  }

  onLine(line: string, at: number): void {
    for (const activity of this.#reader.push(line)) this.#found.push({ at, activity });
  }

  onOmitted(bytes: number, at: number): void {
    this.#found.push({ at, activity: { type: 'truncated', bytes } });
  }

  take(): { at: number; activity: AgentActivity }[] {
    const taken = this.#found;
    this.#found = [];
    return taken;
  }
}

function tailOf(file: OutputPlace, collected: Collector): LineTail {
  return new LineTail(file, {
    maxLineBytes,
    floodBytes: null,
    onLine: (line, at) => collected.onLine(line, at),
    onOmitted: (bytes, at) => collected.onOmitted(bytes, at),
  });
}

function clip({ at, activity }: { at: number; activity: AgentActivity }): ActivityAt {
  let clipped = false;
  const entries = Object.entries(activity).map(([key, value]: [string, unknown]) => {
    if (typeof value === 'string' && value.length > MAX_TEXT_CHARS) {
      clipped = true;
      return [key, value.slice(0, MAX_TEXT_CHARS)];
    }
    if (Array.isArray(value) && value.length > 500) {
      clipped = true;
      return [key, value.slice(0, 500) as unknown[]];
    }
    return [key, value];
  });
  return clipped
    ? { at, activity: Object.fromEntries(entries) as AgentActivity, clipped }
    : { at, activity, clipped };
}
