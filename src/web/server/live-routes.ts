/** What happens, as it happens: over all runs, and in one. */
import type { Hono } from 'hono';
import { programHash } from '../../app/program/inspect-program.ts';
import type { FeedHandle } from '../../app/watch/run-feed.ts';
import { eventsAfter } from '../../app/watch/run-feed.ts';
import type { RunEvent } from '../../core/events/events.ts';
import { Refusal } from '../../model/refusal.ts';
import type { RunState } from '../../core/state/run-state.ts';
import type { ActivityUpdate, ProgramLive, RunLive } from '../api-types.ts';
import type { WebContext } from './context.ts';
import { refusalBody } from './errors.ts';
import { eventStream, type EventSink } from './event-stream.ts';
import { itemOf } from './overview-routes.ts';
import { queryNumber } from './request.ts';
import { holderView, questionItem, runUpdate } from './views.ts';

const PROGRAM_MS = 1000;
/** Events in one update, so that a client that was away for long gets them in pieces. */
const MAX_EVENTS = 500;

export function addLiveRoutes(app: Hono, web: WebContext): void {
  const program = new ProgramWatch(web);

  app.get('/api/live', async (c) => {
    const { index } = web;
    const known = await index.runs();
    return eventStream(c, web, (sink) => {
      const send = <K extends keyof ProgramLive>(name: K, data: ProgramLive[K]): void =>
        sink.send(name, data);
      let { complete } = known;
      const { total } = known;
      send('hello', { now: web.world.clock.now(), total, complete });
      const stopIndex = index.listen({
        onRun: (run) => send('run', itemOf(web, run)),
        onRemoved: (id) => send('run_removed', { id }),
        onQuestion: (question) => send('question', questionItem(question)),
        onComplete: () => {
          if (!complete) send('complete', { total });
          complete = true;
        },
      });
      const stopProgram = program.listen((hash) => send('program_changed', { hash }));
      return () => {
        stopIndex();
        stopProgram();
      };
    });
  });

  app.get('/api/runs/:run/live', (c) => {
    const runId = web.index.resolve(c.req.param('run'));
    // EventSource says so itself when it comes back; `after` is for the first time.
    const last = Number(c.req.header('last-event-id') ?? Number.NaN);
    const after = Number.isSafeInteger(last) && last >= 0 ? last : queryNumber(c, 'after');
    const withActivity = c.req.query('activity') === '1';
    // What cannot be read is refused before the stream begins.
    web.feeds.state(runId);
    return eventStream(c, web, (sink) => followRun(web, sink, { runId, after, withActivity }));
  });
}

interface Follow {
  runId: string;
  /** The last event that the client has seen; undefined: it begins now. */
  after: number | undefined;
  withActivity: boolean;
}

function followRun(web: WebContext, sink: EventSink, follow: Follow): () => void {
  const { runId, after, withActivity } = follow;
  const send = <K extends keyof RunLive>(name: K, data: RunLive[K], id?: number): void =>
    sink.send(name, data, id);
  const tell = (events: RunEvent[], state: RunState): void => {
    const driven = handle.holder() !== null;
    for (let from = 0; from < events.length; from += MAX_EVENTS) {
      const part = events.slice(from, from + MAX_EVENTS);
      send('update', runUpdate(state, part, driven), part.at(-1)?.seq);
    }
  };
  const handle: FeedHandle = web.feeds.follow(
    runId,
    {
      onEvents: tell,
      onHolder: (holder) => send('holder', { holder: holderView(holder) }),
      onDamage(refusal) {
        send('damage', refusalBody(refusal).error);
        sink.end();
      },
    },
    withActivity
      ? {
          onOutput({ instanceId, attempt, ...chunk }) {
            const update: ActivityUpdate = { instance_id: instanceId, attempt, ...chunk };
            send('activity', update);
          },
        }
      : null,
  );
  const state = handle.state();
  const now = web.world.clock.now();
  // A place beyond the end is one of another run, or of one that lost its end in a crash.
  const from = after === undefined || after > state.seq ? state.seq : after;
  send('hello', { now, seq: from, holder: holderView(handle.holder()) });
  if (from < state.seq) {
    try {
      tell(eventsAfter(web.place.programDir, runId, from, state.seq), state);
    } catch (error) {
      handle.close();
      if (!(error instanceof Refusal)) throw error;
      send('damage', refusalBody(error).error);
      sink.end();
    }
  }
  return () => handle.close();
}

/** Looks at the authored files once a second while anybody listens. */
class ProgramWatch {
  readonly #web: WebContext;
  readonly #listeners = new Set<(hash: string) => void>();
  #timer: NodeJS.Timeout | null = null;
  #hash = '';

  constructor(web: WebContext) {
    this.#web = web;
  }

  listen(listener: (hash: string) => void): () => void {
    this.#listeners.add(listener);
    if (this.#timer === null) {
      this.#hash = programHash(this.#web.place.programDir);
      this.#timer = setInterval(() => this.#look(), PROGRAM_MS);
    }
    return () => {
      this.#listeners.delete(listener);
      if (this.#listeners.size > 0 || this.#timer === null) return;
      clearInterval(this.#timer);
      this.#timer = null;
    };
  }

  #look(): void {
    try {
      const hash = programHash(this.#web.place.programDir);
      if (hash === this.#hash) return;
      this.#hash = hash;
      for (const listener of [...this.#listeners]) listener(hash);
    } catch (error) {
      this.#web.onDefect(error);
    }
  }
}
