/** Tasks by their ids, one after another. */
import { Link } from 'wouter';

export function TaskLinks({ ids }: { ids: string[] }) {
  if (ids.length === 0) return <span className="faint">nothing</span>;
  return ids.map((id, index) => (
    <span key={id}>
      {index > 0 && ', '}
      <Link href={`/program/tasks/${id}`}>{id}</Link>
    </span>
  ));
}
