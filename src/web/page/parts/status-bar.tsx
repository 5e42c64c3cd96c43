/** How many are in which state, as a bar. */
import { statusTone, statusWord, type StatusName } from './status.tsx';

export interface StatusCount {
  status: StatusName;
  count: number;
}

/** In the order in which the states come. */
export function countStatuses(all: readonly StatusName[]): StatusCount[] {
  const counts = new Map<StatusName, number>();
  for (const status of all) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts].map(([status, count]) => ({ status, count }));
}

export function StatusBar({ counts }: { counts: readonly StatusCount[] }) {
  const words = counts.map(({ status, count }) => `${count} ${statusWord(status).toLowerCase()}`);
  return (
    <span className="folded-bar" title={words.join(', ')} aria-hidden="true">
      {counts.map(({ status, count }) => (
        <i key={status} className={`bar-${statusTone(status)}`} style={{ flexGrow: count }} />
      ))}
    </span>
  );
}
