/** What changes over all runs and in the program's files: makes the answers that it touches stale. */
import { useSyncExternalStore } from 'react';
import type { ProgramLive, QuestionPage } from '../../api-types.ts';
import { getJson } from './api.ts';
import { setServerClock } from './clock.ts';
import { LiveStream } from './live-stream.ts';
import { invalidate } from './resource.ts';

export type Connection = 'connecting' | 'live' | 'lost' | 'back';

let connection: Connection = 'connecting';
const listeners = new Set<() => void>();
const backShownMs = 3_000;
const throttleMs = 250;
const hiddenPollMs = 60_000;

function setConnection(next: Connection): void {
  connection = next;
  for (const listener of listeners) listener();
}

export function useConnection(): Connection {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => connection,
  );
}

/** Many events in a moment make one reading. */
const due = new Set<string>();
let timer: ReturnType<typeof setTimeout> | null = null;
function staleSoon(...prefixes: string[]): void {
  for (const prefix of prefixes) due.add(prefix);
  timer ??= setTimeout(() => {
    timer = null;
    invalidate(...due);
    due.clear();
  }, throttleMs);
}

let stream: LiveStream | null = null;

/** Begins to listen; once, for the life of the page. */
export function listenToProgram(): void {
  if (stream) return;
  let greeted = false;
  const handlers: { [K in keyof ProgramLive]: (data: ProgramLive[K]) => void } = {
    hello: ({ now }) => {
      setServerClock(now);
      if (greeted) invalidate('/api/');
      greeted = true;
    },
    run: () => staleSoon('/api/overview', '/api/runs?', '/api/proposals'),
    run_removed: () => staleSoon('/api/overview', '/api/runs?', '/api/inbox', '/api/proposals'),
    question: ({ run_id: run, interrupt_id: id }) =>
      staleSoon('/api/overview', '/api/inbox', `/api/runs/${run}/interrupts/${id}`),
    program_changed: () => staleSoon('/api/program', '/api/proposals'),
    complete: () => staleSoon('/api/overview', '/api/inbox', '/api/proposals'),
  };
  stream = new LiveStream({
    address: () => '/api/live',
    handlers: handlers as Record<string, (data: unknown) => void>,
    onState: (open) => {
      if (!open) return setConnection(connection === 'connecting' ? 'connecting' : 'lost');
      if (connection !== 'lost') return setConnection('live');
      setConnection('back');
      setTimeout(() => connection === 'back' && setConnection('live'), backShownMs);
    },
  });
  setInterval(() => void titleWhileHidden(), hiddenPollMs);
}

/** A tab in the background holds no stream; its title still says when it is needed. */
async function titleWhileHidden(): Promise<void> {
  if (document.visibilityState === 'visible') return;
  try {
    const page = await getJson<QuestionPage>('/api/inbox?status=open&audience=human');
    setTitleCount(page.questions.length);
  } catch {
    // The server is away: the title stays.
  }
}

export function setTitleCount(open: number): void {
  const bare = document.title.replace(/^\(\d+\) /, '');
  document.title = open > 0 ? `(${open}) ${bare}` : bare;
}
