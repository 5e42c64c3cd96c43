/** An agent's work in its order, and its end kept in sight while it works. */
import { memo, useLayoutEffect, useMemo, useRef, useState } from 'react';
import { useSearchParams } from 'wouter';
import type { ActivityItem } from '../../../api/attempt.ts';
import type { AgentActivity } from '../../../../model/activity.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import { Empty } from '../../parts/pieces.tsx';
import { matches, SearchField, useSearchText } from '../../parts/search-field.tsx';
import { ActivityEntry, Output } from './activity-entry.tsx';
import './work.css';

/** One thing to show: an item in its latest state, or lines of output that came one after another. */
type Entry =
  | { kind: 'activity'; key: string; activity: AgentActivity; clipped: boolean }
  | { kind: 'output'; key: string; text: string; clipped: boolean };

function entriesOf(items: ActivityItem[]): Entry[] {
  const entries: Entry[] = [];
  const byId = new Map<string, number>();
  for (const { at, activity, clipped } of items) {
    if (activity.type === 'output') {
      const last = entries.at(-1);
      if (last?.kind === 'output') {
        entries[entries.length - 1] = {
          ...last,
          text: `${last.text}\n${activity.text}`,
          clipped: last.clipped || clipped,
        };
      } else entries.push({ kind: 'output', key: `o${at}`, text: activity.text, clipped });
      continue;
    }
    const id = 'id' in activity ? `${activity.type} ${activity.id}` : null;
    const known = id === null ? undefined : byId.get(id);
    const entry: Entry = { kind: 'activity', key: `a${at}`, activity, clipped };
    if (known !== undefined) {
      entries[known] = { ...entry, key: entries[known]?.key ?? entry.key };
      continue;
    }
    if (id !== null) byId.set(id, entries.length);
    entries.push(entry);
  }
  return entries;
}

/** What an entry says, to be searched and copied. */
function textOf(entry: Entry): string {
  if (entry.kind === 'output') return entry.text;
  const { activity } = entry;
  switch (activity.type) {
    case 'message':
    case 'reasoning':
    case 'output':
    case 'other':
      return activity.text;
    case 'command':
      return `$ ${activity.command}\n${activity.output}`.trimEnd();
    case 'file_change':
      return activity.changes.map(({ kind, path }) => `${kind} ${path}`).join('\n');
    case 'todo':
      return activity.items
        .map((each) => `[${each.completed ? 'x' : ' '}] ${each.text}`)
        .join('\n');
    case 'tool_call':
      return `${activity.server ?? ''} ${activity.tool} ${activity.arguments} ${activity.error ?? ''}`;
    case 'web_search':
      return activity.query;
    case 'error':
      return activity.message;
    case 'turn_ended':
      return activity.message ?? '';
    case 'session_started':
      return activity.sessionId;
    case 'turn_started':
    case 'truncated':
      return '';
  }
}

function isError(entry: Entry): boolean {
  if (entry.kind === 'output') return false;
  const { activity } = entry;
  if (activity.type === 'error') return true;
  if (activity.type === 'turn_ended') return activity.outcome === 'failed';
  if (activity.type === 'command' && (activity.exitCode ?? 0) !== 0) return true;
  return 'status' in activity && activity.status === 'failed';
}

interface WorkProps {
  items: ActivityItem[];
  running: boolean;
  earlier: boolean;
  onEarlier: () => void;
}

const nearEndPx = 120;

export function Work({ items, running, earlier, onEarlier }: WorkProps) {
  const all = useMemo(() => entriesOf(items), [items]);
  const [params] = useSearchParams();
  const [text, set] = useSearchText();
  const onlyErrors = params.get('status') === 'failed';
  const entries = useMemo(
    () =>
      all.filter(
        (each) => (!onlyErrors || isError(each)) && (text === '' || matches(textOf(each), text)),
      ),
    [all, text, onlyErrors],
  );
  const errors = useMemo(() => all.filter(isError).length, [all]);
  const end = useRef<HTMLDivElement>(null);
  const [follow, setFollow] = useState(running);
  useLayoutEffect(() => {
    if (running && follow) end.current?.scrollIntoView({ block: 'nearest' });
  }, [entries, running, follow]);
  useLayoutEffect(() => {
    if (!running) return;
    const look = (): void => {
      const bottom = end.current?.getBoundingClientRect().bottom ?? 0;
      setFollow(bottom < window.innerHeight + nearEndPx);
    };
    window.addEventListener('scroll', look, { passive: true });
    return () => window.removeEventListener('scroll', look);
  }, [running]);
  if (all.length === 0) {
    return (
      <Empty title={running ? 'Nothing printed yet' : 'It printed nothing'}>
        {running && 'What the agent does appears here as it happens.'}
      </Empty>
    );
  }
  return (
    <div className="work">
      <div className="list-tools">
        <SearchField label="Search the work" found={entries.length} />
        {errors > 0 && (
          <button
            type="button"
            aria-pressed={onlyErrors}
            onClick={() => set('status', onlyErrors ? null : 'failed')}
          >
            Errors <span className="count bad">{errors}</span>
          </button>
        )}
        <span className="grow" />
        <CopyButton label="Copy the work" text={() => all.map(textOf).join('\n\n')} />
      </div>
      {entries.length === 0 && <Empty title="Nothing like that" />}
      {earlier && (
        <button type="button" className="work-earlier" onClick={onEarlier}>
          Show what was before
        </button>
      )}
      {entries.map((entry) => (
        <EntryView key={entry.key} entry={entry} />
      ))}
      <div ref={end} className="work-end">
        {running && (
          <span className="tone-run">
            <i className="pulse" aria-hidden="true" /> At work
          </span>
        )}
      </div>
    </div>
  );
}

const EntryView = memo(
  function EntryView({ entry }: { entry: Entry }) {
    return (
      <>
        {entry.kind === 'output' ? (
          <Output text={entry.text} />
        ) : (
          <ActivityEntry of={entry.activity} />
        )}
        {entry.clipped && (
          <p className="faint work-note">Cut here; the raw output has all of it.</p>
        )}
      </>
    );
  },
  ({ entry: a }, { entry: b }) =>
    a.kind === 'output' && b.kind === 'output'
      ? a.text === b.text
      : a.kind === 'activity' && b.kind === 'activity' && a.activity === b.activity,
);
