/** The log of a run: every event, as it is written. */
import { memo, useEffect, useState, useSyncExternalStore } from 'react';
import { Link } from 'wouter';
import type { EventItem, EventPage } from '../../../api/event.ts';
import type { RunView } from '../../../api/run.ts';
import { ApiFailure, apiPath, getJson } from '../../data/api.ts';
import type { RunFeed } from '../../data/run-live.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { Empty, Pending } from '../../parts/pieces.tsx';
import { matches, SearchField, useSearchText } from '../../parts/search-field.tsx';
import { ClockTime } from '../../parts/time.tsx';

const pageSize = 200;

export function EventLog({ view, feed }: { view: RunView; feed: RunFeed }) {
  const runId = view.run.id;
  const [events, setEvents] = useState<EventItem[] | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [from, setFrom] = useState(() => Math.max(0, view.run.seq - pageSize));
  const [text] = useSearchText();
  const recent = useSyncExternalStore(feed.subscribe, () => feed.recent);
  useEffect(() => {
    let left = false;
    const read = async (): Promise<void> => {
      try {
        const all: EventItem[] = [];
        for (let after = from, more = true; more && !left;) {
          const page = await getJson<EventPage>(
            `${apiPath('runs', runId, 'events')}?after=${after}&limit=${pageSize}`,
          );
          all.push(...page.events);
          more = page.more && page.events.length > 0;
          after = all.at(-1)?.seq ?? after;
        }
        if (!left) setEvents(all);
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        if (!left) setFailure(error);
      }
    };
    void read();
    return () => {
      left = true;
    };
  }, [runId, from]);
  if (failure) return <FailureBox failure={failure} />;
  if (!events) return <Pending rows={6} />;
  const last = events.at(-1)?.seq ?? 0;
  const all = [...events, ...recent.filter(({ seq }) => seq > last)];
  if (all.length === 0) return <Empty title="The log is empty" />;
  const shown = all.filter((event) => isFound(event, text));
  return (
    <div className="panel">
      <div className="list-tools">
        <SearchField label="Search the log" found={shown.length} />
      </div>
      {shown.length === 0 && <Empty title="No such event here" />}
      <ol className="event-list" reversed>
        {shown.toReversed().map((event) => (
          <Event key={event.seq} runId={runId} event={event} />
        ))}
      </ol>
      {from > 0 && (
        <p className="panel-body">
          <button type="button" onClick={() => setFrom(Math.max(0, from - pageSize))}>
            Show earlier
          </button>
        </p>
      )}
    </div>
  );
}

/** Each word stands somewhere in it. */
function isFound(event: EventItem, text: string): boolean {
  if (text === '') return true;
  const { seq, event_type: type, instance_id: instance, created_at: at, payload } = event;
  const whole = `${seq} ${at} ${type.replaceAll('_', ' ')} ${type} ${instance ?? ''} ${JSON.stringify(payload)}`;
  return matches(whole, text);
}

const Event = memo(function Event({ runId, event }: { runId: string; event: EventItem }) {
  const [open, setOpen] = useState(false);
  const { seq, event_type: type, instance_id: instance, created_at: at, payload } = event;
  const empty =
    payload === null || (typeof payload === 'object' && Object.keys(payload).length === 0);
  return (
    <li>
      <div className="event-line">
        <span className="faint num event-seq">{seq}</span>
        <button
          type="button"
          className="link"
          aria-expanded={open}
          disabled={empty && !event.payload_omitted}
          onClick={() => setOpen(!open)}
        >
          {type.replaceAll('_', ' ')}
        </button>
        {instance && (
          <Link className="mono faint ellipsis" href={`/runs/${runId}/instances/${instance}`}>
            {instance}
          </Link>
        )}
        <span className="faint event-time">
          <ClockTime time={at} />
        </span>
      </div>
      {open &&
        (event.payload_omitted ? (
          <p className="faint">Too long to show here; events.jsonl has it.</p>
        ) : (
          <JsonView value={payload} />
        ))}
    </li>
  );
});
