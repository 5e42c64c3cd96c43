/** All runs, latest activity first. */
import { useEffect, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { RunListItem, RunPage } from '../../../api/runs.ts';
import { runStatuses } from './run-statuses.ts';
import { ApiFailure, getJson } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';
import { FailureBox, FailureView } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, Pending } from '../../parts/pieces.tsx';
import { RunRow } from '../../parts/run-row.tsx';
import { statusWord } from '../../parts/status.tsx';

const pageSize = 50;

export function RunsView() {
  const [search, setSearch] = useSearchParams();
  const status = search.get('status');
  const filter = status === null ? '' : `&status=${encodeURIComponent(status)}`;
  const base = `/api/runs?limit=${pageSize}${filter}`;
  const { data, error } = useResource<RunPage>(base);
  const [more, setMore] = useState<{ base: string; runs: RunListItem[]; cursor: string | null }>({
    base,
    runs: [],
    cursor: null,
  });
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  useEffect(() => {
    document.title = 'Runs · codex-orch';
  }, []);
  if (!data) return error ? <FailureView failure={error} /> : <Pending rows={8} />;
  const later = more.base === base ? more : { base, runs: [], cursor: null };
  const first = new Set(data.runs.map(({ id }) => id));
  const runs = [...data.runs, ...later.runs.filter(({ id }) => !first.has(id))];
  const cursor = later.runs.length > 0 ? later.cursor : data.next_cursor;
  const loadMore = async (): Promise<void> => {
    try {
      const page = await getJson<RunPage>(`${base}&cursor=${encodeURIComponent(cursor ?? '')}`);
      setMore({ base, runs: [...later.runs, ...page.runs], cursor: page.next_cursor });
      setFailure(null);
    } catch (problem) {
      if (!(problem instanceof ApiFailure)) throw problem;
      setFailure(problem);
    }
  };
  return (
    <main className="view narrow">
      <div className="page-head">
        <h1>Runs</h1>
        <Link href="/start" className="button primary">
          <Icon name="play" /> Start a run
        </Link>
      </div>
      <div className="row filters" role="group" aria-label="Show only">
        {[null, ...runStatuses].map((each) => (
          <button
            key={each ?? 'all'}
            type="button"
            className={each === status ? 'filter on' : 'filter'}
            aria-pressed={each === status}
            onClick={() => setSearch(each === null ? {} : { status: each })}
          >
            {each === null ? 'All' : each === 'pending' ? 'Stopped' : statusWord(each)}
          </button>
        ))}
      </div>
      <div className="panel">
        {runs.length === 0 ? (
          <Empty title={status === null ? 'No run yet' : 'No such run'}>
            {status === null ? (
              <Link href="/start">Start the first one</Link>
            ) : (
              <Link href="/runs">Show all runs</Link>
            )}
          </Empty>
        ) : (
          <ul className="rows">
            {runs.map((run) => (
              <li key={run.id}>
                <RunRow run={run} />
              </li>
            ))}
          </ul>
        )}
      </div>
      {failure && <FailureBox failure={failure} />}
      <div className="row between list-foot">
        <span className="faint">
          {runs.length} of {data.total} on disk
        </span>
        {cursor !== null && (
          <button type="button" onClick={() => void loadMore()}>
            Show more
          </button>
        )}
      </div>
    </main>
  );
}
