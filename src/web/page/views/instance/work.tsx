/** An agent's work in its order, and its end kept in sight while it works. */
import { memo, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { ActivityItem } from '../../../api/attempt.ts';
import type { AgentActivity } from '../../../../model/activity.ts';
import { Empty } from '../../parts/pieces.tsx';
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

interface WorkProps {
  items: ActivityItem[];
  running: boolean;
  earlier: boolean;
  onEarlier: () => void;
}

const nearEndPx = 120;

export function Work({ items, running, earlier, onEarlier }: WorkProps) {
  const entries = useMemo(() => entriesOf(items), [items]);
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
  if (entries.length === 0) {
    return (
      <Empty title={running ? 'Nothing printed yet' : 'It printed nothing'}>
        {running && 'What the agent does appears here as it happens.'}
      </Empty>
    );
  }
  return (
    <div className="work">
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
