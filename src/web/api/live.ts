/** What happens, as it happens: over all runs, and in one. */
import type { Context } from 'hono';
import { eventsAfter, type FeedHandle } from '../../app/watch/run-feed.ts';
import type { RunEvent } from '../../core/events/events.ts';
import type { RunState } from '../../core/state/run-state.ts';
import { isJsonObject } from '../../model/json.ts';
import { Refusal } from '../../model/refusal.ts';
import type { Instance, Proposal } from '../../model/run.ts';
import { runIdIn, type WebContext } from '../server/context.ts';
import { refusalBody } from '../server/errors.ts';
import { eventStream, type EventSink } from '../server/event-stream.ts';
import { queryNumber } from '../server/request.ts';
import type { Route } from '../server/route.ts';
import type { ActivityItem } from './attempt.ts';
import type { ApiError } from './error.ts';
import { eventItem, type EventItem } from './event.ts';
import {
  indexedQuestion,
  interruptView,
  type InterruptView,
  type QuestionListItem,
} from './inbox.ts';
import { holderView, type Holder } from './run.ts';
import { listedRun, runItem, type RunListItem } from './runs.ts';
import { scopeViews, type ScopeView } from './scope.ts';

/**
 * `GET /api/live` (server-sent events): what changes over all runs, and in the program's files.
 * Heartbeats are comments. Each event's name is a key here, its data the value.
 */
export interface ProgramLive {
  /** First, and after that nothing is missed. */
  hello: { now: string; total: number; complete: boolean };
  /** A run is new, or changed. */
  run: RunListItem;
  run_removed: { id: string };
  /** A question was asked, answered, or received by its worker. */
  question: QuestionListItem;
  /** Authored files changed: fetch the program again. */
  program_changed: { hash: string };
  /** All runs from before the server's start have been looked at: the overview is complete. */
  complete: { total: number };
}

/**
 * `GET /api/runs/:run/live` (server-sent events). `update`s have the last seq as their id: a client
 * that comes back with `Last-Event-ID`, or `?after=<seq>`, misses nothing; without either it begins now.
 * `?activity=1` adds what running attempts print.
 */
export interface RunLive {
  /** First. `seq`: where the updates begin. */
  hello: { now: string; seq: number; holder: Holder | null };
  update: RunUpdate;
  holder: { holder: Holder | null };
  activity: ActivityUpdate;
  /** The run cannot be read any more; the stream ends. */
  damage: ApiError;
}

/** Everything that events changed, as it stands after the last of them. */
export interface RunUpdate {
  events: EventItem[];
  run: RunListItem;
  /** Whole, each once; new ones come last, in creation order. */
  instances: Instance[];
  scopes: ScopeView[];
  interrupts: InterruptView[];
  proposals: Proposal[];
}

/**
 * What an attempt printed. A client that knows an attempt up to `to` drops updates up to there; where
 * `from` lies beyond what it knows, it fetches the activities between.
 */
export interface ActivityUpdate {
  instance_id: string;
  attempt: number;
  activities: ActivityItem[];
  from: number;
  to: number;
  /** The attempt ended, and nothing more comes. */
  ended: boolean;
}

/** Events in one update, so that a client that was away for long gets them in pieces. */
const MAX_EVENTS = 500;

export const liveRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/api/live',
    summary: 'Changes over all runs: see ProgramLive',
    answer: 'events',
    handle: streamProgram,
  },
  {
    method: 'get',
    path: '/api/runs/{run}/live',
    summary: 'Events of a run: see RunLive',
    query: {
      after: 'a seq: begin after it; `Last-Event-ID` wins',
      activity: '`1`: also what running attempts print',
    },
    answer: 'events',
    handle: streamRun,
  },
];

async function streamProgram(c: Context, web: WebContext): Promise<Response> {
  const { index, program, world } = web;
  const { total, ...known } = await index.runs();
  return eventStream(c, web, (sink) => {
    const send = <K extends keyof ProgramLive>(name: K, data: ProgramLive[K]): void =>
      sink.send(name, data);
    let { complete } = known;
    send('hello', { now: world.clock.now(), total, complete });
    const stopIndex = index.listen({
      onRun: (run) => send('run', listedRun(web, run)),
      onRemoved: (id) => send('run_removed', { id }),
      onQuestion: (question) => send('question', indexedQuestion(question)),
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
}

function streamRun(c: Context, web: WebContext): Response {
  const runId = runIdIn(c, web);
  // EventSource says so itself when it comes back; `after` is for the first time.
  const last = Number(c.req.header('last-event-id') ?? Number.NaN);
  const after = Number.isSafeInteger(last) && last >= 0 ? last : queryNumber(c, 'after');
  const withActivity = c.req.query('activity') === '1';
  // What cannot be read is refused before the stream begins.
  web.feeds.state(runId);
  return eventStream(c, web, (sink) => followRun(web, sink, { runId, after, withActivity }));
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
      send('update', runUpdate(web, state, part, driven), part.at(-1)?.seq);
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
  // A place beyond the end is one of another run, or of one that lost its end in a crash.
  const from = after === undefined || after > state.seq ? state.seq : after;
  send('hello', { now: web.world.clock.now(), seq: from, holder: holderView(handle.holder()) });
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

/** What the events changed, as it stands now. */
function runUpdate(
  web: WebContext,
  state: RunState,
  events: readonly RunEvent[],
  driven: boolean,
): RunUpdate {
  const { instances, scopes, interrupts, proposals } = touchedBy(events, state);
  return {
    events: events.map(eventItem),
    run: runItem(web, state, driven),
    instances: existing(instances, state.instances).sort(
      (a, b) => ordinal(state, a.instance_id) - ordinal(state, b.instance_id),
    ),
    scopes: scopeViews(state, scopes),
    interrupts: existing(interrupts, state.interrupts).map(interruptView),
    proposals: existing(proposals, state.proposals),
  };
}

/** The ids that events name. */
function touchedBy(
  events: readonly RunEvent[],
  state: RunState,
): Record<'instances' | 'scopes' | 'interrupts' | 'proposals', Set<string>> {
  const instances = new Set<string>();
  const scopes = new Set<string>();
  const interrupts = new Set<string>();
  const proposals = new Set<string>();
  for (const event of events) {
    if (event.instance_id !== null) instances.add(event.instance_id);
    if (event.event_type === 'run_created') scopes.add(state.baseScopeId);
    for (const [key, value] of Object.entries(event.payload)) {
      if (key === 'input_scope_id' && typeof value === 'string' && opensScope(event)) {
        scopes.add(value);
      }
      if (key === 'interrupt_id' && typeof value === 'string') interrupts.add(value);
      if (key === 'proposal_id' && typeof value === 'string') proposals.add(value);
      if (!isJsonObject(value)) continue;
      if (key === 'interrupt') interrupts.add(String(value['interrupt_id']));
      if (key === 'proposal') proposals.add(String(value['proposal_id']));
    }
  }
  return { instances, scopes, interrupts, proposals };
}

function existing<T>(ids: ReadonlySet<string>, all: ReadonlyMap<string, T>): T[] {
  return [...ids].flatMap((id) => all.get(id) ?? []);
}

function ordinal(state: RunState, id: string): number {
  return state.links.get(id)?.ordinal ?? 0;
}

function opensScope({ event_type }: RunEvent): boolean {
  return event_type === 'input_scope_created' || event_type === 'loop_continued';
}
