/** The log of a run, event by event. */
import type { Context } from 'hono';
import { eventsAfter } from '../../app/watch/run-feed.ts';
import type { RunEvent } from '../../core/events/events.ts';
import { stringifyJson, type Json, type JsonObject } from '../../model/json.ts';
import { runIdIn, type WebContext } from '../server/context.ts';
import { queryNumber } from '../server/request.ts';
import type { Route } from '../server/route.ts';

/** One event of the log. */
export interface EventItem {
  seq: number;
  event_type: string;
  instance_id: string | null;
  created_at: string;
  /** null where it is longer than 16 KiB. */
  payload: Json;
  payload_omitted: boolean;
}

/** `GET /api/runs/:run/events`: from `after` (a seq) on, at most `limit`. */
export interface EventPage {
  events: EventItem[];
  /** The last event of the log. */
  seq: number;
  more: boolean;
}

const MAX_EVENTS = 1000;
const MAX_PAYLOAD_CHARS = 16 * 1024;

export const eventRoutes: readonly Route[] = [
  {
    method: 'get',
    path: '/api/runs/{run}/events',
    summary: 'The log',
    query: { after: 'a seq', limit: 'at most 1000; 200 by default' },
    answer: 'EventPage',
    handle: listEvents,
  },
];

function listEvents(c: Context, web: WebContext): EventPage {
  const runId = runIdIn(c, web);
  const after = queryNumber(c, 'after') ?? 0;
  const limit = Math.min(MAX_EVENTS, queryNumber(c, 'limit') ?? 200);
  const events = eventsAfter(web.place.programDir, runId, after);
  return {
    events: events.slice(0, limit).map(eventItem),
    seq: events.at(-1)?.seq ?? after,
    more: events.length > limit,
  };
}

export function eventItem(event: RunEvent): EventItem {
  const { seq, event_type, instance_id, created_at, payload } = event;
  const isLong = stringifyJson(payload).length > MAX_PAYLOAD_CHARS;
  return {
    ...{ seq, event_type, instance_id, created_at },
    payload: isLong ? null : (payload as unknown as JsonObject),
    payload_omitted: isLong,
  };
}
