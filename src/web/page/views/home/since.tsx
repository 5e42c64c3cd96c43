/** What has come over all runs since the person was here last. */
import type { Overview } from '../../../api/overview.ts';
import { plural } from '../../../../text/plural.ts';
import { Ago } from '../../parts/time.tsx';

/** In each of the overview's lists that many at most: of more it is said that there are more. */
const listed = 20;

export function SinceLastVisit({ overview, last }: { overview: Overview; last: string | null }) {
  if (last === null) return null;
  const count = (times: string[]): number => times.filter((at) => at > last).length;
  const ends = (runs: Overview['done']): string[] => runs.map((run) => run.updated_at);
  const found: [number, string][] = [
    [count(ends(overview.done)), 'done'],
    [count(ends(overview.failed)), 'failed'],
  ];
  const asked = count(overview.questions.map((each) => each.created_at));
  const parts = [
    ...found.flatMap(([many, what]) =>
      many === 0 ? [] : [`${plural(many, 'run')}${many >= listed ? ' or more' : ''} ${what}`],
    ),
    ...(asked === 0 ? [] : [`${plural(asked, 'question')} asked`]),
  ];
  return (
    <p className="since" role="status">
      Since you were here <Ago time={last} />: {parts.join(', ') || 'nothing new'}.
    </p>
  );
}
