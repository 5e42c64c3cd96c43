/** What is in a folded frame: how many in which state, and by name what failed or waits. */
import { useContext, useSyncExternalStore } from 'react';
import { statusTone, statusWord, type StatusName } from '../parts/status.tsx';
import { LooksContext, type Looks } from './looks.ts';

/** The states that a person wants to hear of, the most urgent first. */
const urgent: StatusName[] = ['failed', 'waiting'];

export function FoldedFace({ members }: { members: string[] }) {
  const looks = useContext(LooksContext);
  // As text, so that it is drawn anew only when it changes.
  const text = useSyncExternalStore(looks.subscribe, () => summary(looks, members));
  const { counts, named } = JSON.parse(text) as Summary;
  return (
    <span className="folded-face">
      <span className="folded-bar" aria-hidden="true">
        {counts.map(({ status, count }) => (
          <i key={status} className={`bar-${statusTone(status)}`} style={{ flexGrow: count }} />
        ))}
      </span>
      <span className="task-sub">
        {counts.map(({ status, count }) => (
          <span key={status} className={`tone-${statusTone(status)}`}>
            {count} {statusWord(status).toLowerCase()}
          </span>
        ))}
      </span>
      {named && <span className="task-sub ellipsis">{named}</span>}
    </span>
  );
}

interface Summary {
  counts: { status: StatusName; count: number }[];
  named: string;
}

function summary(looks: Looks, members: string[]): string {
  const counts = new Map<StatusName, number>();
  const named: string[] = [];
  for (const id of members) {
    const look = looks.node(id);
    if (!look?.status) continue;
    counts.set(look.status, (counts.get(look.status) ?? 0) + 1);
    if (urgent.includes(look.status)) named.push(look.title);
  }
  const result: Summary = {
    counts: [...counts].map(([status, count]) => ({ status, count })),
    named: named.join(', '),
  };
  return JSON.stringify(result);
}
