/** What has come in a run since the person looked at it last. */
import { Link } from 'wouter';
import type { RunView } from '../../../api/run.ts';
import { plural } from '../../../../text/plural.ts';
import { useLastVisit } from '../../data/visits.ts';
import { instanceStatusName, statusWord } from '../../parts/status.tsx';
import { Ago } from '../../parts/time.tsx';

export function SinceLastVisit({ view }: { view: RunView }) {
  const { run, instances, interrupts } = view;
  const last = useLastVisit(run.id);
  if (last === null || run.updated_at <= last) return null;
  const counts = new Map<string, number>();
  const add = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1);
  for (const each of instances) {
    if ((each.finished_at ?? '') > last) add(statusWord(instanceStatusName(each)).toLowerCase());
  }
  const asked = interrupts.filter(({ interrupt }) => interrupt.created_at > last).length;
  const answered = interrupts.filter(({ reply }) => (reply?.created_at ?? '') > last).length;
  const parts = [
    ...[...counts].map(([what, many]) => `${many} ${what}`),
    ...(asked === 0 ? [] : [`${plural(asked, 'question')} asked`]),
    ...(answered === 0 ? [] : [`${answered} answered`]),
  ];
  if (parts.length === 0) return null;
  const since = new URLSearchParams({ since: last }).toString();
  return (
    <p className="since" role="status">
      Since you were here <Ago time={last} />: {parts.join(', ')}.{' '}
      <Link href={`/runs/${run.id}/changes?${since}`}>What was changed since</Link>
    </p>
  );
}
