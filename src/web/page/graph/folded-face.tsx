/** What is in a folded frame: how many in which state, and by name what failed or waits. */
import { useContext, useSyncExternalStore } from 'react';
import { Link } from 'wouter';
import { statusTone, statusWord, type StatusName } from '../parts/status.tsx';
import { countStatuses, StatusBar, type StatusCount } from '../parts/status-bar.tsx';
import { LooksContext, type Looks } from './looks.ts';
import type { ItemsLook } from './region-look.ts';

/** The states that a person wants to hear of, the most urgent first. */
const urgent: StatusName[] = ['failed', 'waiting'];

export function FoldedFace({ members }: { members: string[] }) {
  const looks = useContext(LooksContext);
  // As text, so that it is drawn anew only when it changes.
  const text = useSyncExternalStore(looks.subscribe, () => summary(looks, members));
  const { counts, named } = JSON.parse(text) as Summary;
  return (
    <span className="folded-face">
      <StatusBar counts={counts} />
      <Counts counts={counts} />
      {named && <span className="task-sub ellipsis">{named}</span>}
    </span>
  );
}

/** How far the items of a list are; it leads to their instances. */
export function ItemsFace({ items: { counts: text, sub, href } }: { items: ItemsLook }) {
  const counts = JSON.parse(text) as StatusCount[];
  const face = (
    <>
      <StatusBar counts={counts} />
      <span className="task-sub ellipsis">{sub}</span>
      <Counts counts={counts.filter(({ status }) => status !== 'done')} />
    </>
  );
  if (href === null) return <span className="folded-face">{face}</span>;
  return (
    <Link href={href} className="folded-face nopan" title="Show its items" draggable={false}>
      {face}
    </Link>
  );
}

function Counts({ counts }: { counts: readonly StatusCount[] }) {
  return (
    <span className="task-sub">
      {counts.map(({ status, count }) => (
        <span key={status} className={`tone-${statusTone(status)}`}>
          {count} {statusWord(status).toLowerCase()}
        </span>
      ))}
    </span>
  );
}

interface Summary {
  counts: StatusCount[];
  named: string;
}

function summary(looks: Looks, members: string[]): string {
  const all: StatusName[] = [];
  const named: string[] = [];
  for (const id of members) {
    const look = looks.node(id);
    if (!look?.status) continue;
    all.push(look.status);
    if (urgent.includes(look.status)) named.push(look.title);
  }
  const result: Summary = { counts: countStatuses(all), named: named.join(', ') };
  return JSON.stringify(result);
}
