/**
 * What changes over all runs and in the program's files: makes the answers that it touches stale.
 * One tab listens for all tabs of the browser, which opens only six connections to a server; when it
 * closes, another takes over.
 */
import { useSyncExternalStore } from 'react';
import type { ProgramLive } from '../../api/live.ts';
import { getJson } from './api.ts';
import { setServerClock } from './clock.ts';
import { LiveStream } from './live-stream.ts';
import { invalidate } from './resource.ts';
import { setSignedOut } from './signed-out.ts';

export type Connection = 'connecting' | 'live' | 'lost' | 'back';

/** Between tabs. `who` asks the listening one for its state. */
type Told =
  | { kind: 'event'; name: keyof ProgramLive; data: unknown }
  | { kind: 'open'; open: boolean }
  | { kind: 'who' };

let connection: Connection = 'connecting';
const listeners = new Set<() => void>();
const backShownMs = 3_000;
const throttleMs = 250;
const shared = 'codex-orch.live';

function setConnection(next: Connection): void {
  connection = next;
  for (const listener of listeners) listener();
}

function setOpen(open: boolean): void {
  if (open) setSignedOut(false);
  // A stream does not say why it is refused; any other request notes it.
  else void getJson('/api/server').catch(() => undefined);
  if (!open) {
    if (connection !== 'connecting') setConnection('lost');
    return;
  }
  if (connection === 'live' || connection === 'back') return;
  if (connection === 'connecting') return setConnection('live');
  setConnection('back');
  setTimeout(() => connection === 'back' && setConnection('live'), backShownMs);
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

let greeted = false;
/** What is made of all runs. */
const overRuns = ['/api/overview', '/api/runs?', '/api/inbox', '/api/proposals'];
const handlers: { [K in keyof ProgramLive]: (data: ProgramLive[K]) => void } = {
  hello: ({ now }) => {
    setServerClock(now);
    // What came between the last stream and this one is not known; nor what came after the page began to read.
    if (greeted) invalidate('/api/');
    else staleSoon(...overRuns);
    greeted = true;
  },
  run: ({ id }) =>
    staleSoon('/api/overview', '/api/runs?', '/api/proposals', `/api/runs/${id}/interrupts/`),
  run_removed: () => staleSoon(...overRuns),
  question: ({ run_id: run, interrupt_id: id }) =>
    staleSoon('/api/overview', '/api/inbox', `/api/runs/${run}/interrupts/${id}`),
  program_changed: () => staleSoon('/api/program', '/api/proposals'),
  complete: () => staleSoon('/api/overview', '/api/inbox', '/api/proposals'),
};

function handle(name: keyof ProgramLive, data: unknown): void {
  (handlers[name] as (data: unknown) => void)(data);
}

let begun = false;

/** Begins to listen; once, for the life of the page. */
export function listenToProgram(): void {
  if (begun) return;
  begun = true;
  // Locks exist where the page is on this machine or comes by HTTPS; elsewhere each tab listens itself.
  const locks = (navigator as { locks?: LockManager }).locks;
  if (!locks) return listen(() => {});
  const channel = new BroadcastChannel(shared);
  let leads = false;
  channel.onmessage = ({ data }: MessageEvent<Told>) => {
    if (data.kind === 'who') {
      if (leads && connection !== 'connecting') tell({ kind: 'open', open: connection !== 'lost' });
    } else if (data.kind === 'open') {
      setOpen(data.open);
      // What this tab shows was read while that stream was open: the next one has missed something.
      greeted ||= data.open;
    } else handle(data.name, data.data);
  };
  const tell = (told: Told): void => channel.postMessage(told);
  tell({ kind: 'who' });
  void locks.request(shared, () => {
    leads = true;
    listen(tell);
    // Held until the tab is closed.
    return new Promise<never>(() => {});
  });
}

function listen(tell: (told: Told) => void): void {
  const each = (Object.keys(handlers) as (keyof ProgramLive)[]).map(
    (name): [string, (data: unknown) => void] => [
      name,
      (data) => {
        handle(name, data);
        tell({ kind: 'event', name, data });
      },
    ],
  );
  new LiveStream({
    address: () => '/api/live',
    handlers: Object.fromEntries(each),
    alsoHidden: true,
    onState: (open) => {
      setOpen(open);
      tell({ kind: 'open', open });
    },
  });
}

export function setTitleCount(open: number): void {
  const bare = document.title.replace(/^\(\d+\) /, '');
  document.title = open > 0 ? `(${open}) ${bare}` : bare;
}
