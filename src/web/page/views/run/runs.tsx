/** All runs, latest activity first. */
import { Link, useSearchParams } from 'wouter';
import type { RunPage } from '../../../api/runs.ts';
import { usePages } from '../../data/pages.ts';
import { useTitle } from '../../data/title.ts';
import { FailureBox, FailureView } from '../../parts/failure.tsx';
import { Filters } from '../../parts/filters.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, Pending } from '../../parts/pieces.tsx';
import { RunRows } from '../../parts/run-row.tsx';
import { statusWord } from '../../parts/status.tsx';
import { runStatusOrder } from './run-status-order.ts';

const pageSize = 50;

export function RunsView() {
  const [search, setSearch] = useSearchParams();
  const status = search.get('status');
  const filter = status === null ? '' : `&status=${encodeURIComponent(status)}`;
  const { first, error, items, failure, loadMore } = usePages(
    `/api/runs?limit=${pageSize}${filter}`,
    ({ runs }: RunPage) => runs,
    ({ id }) => id,
  );
  useTitle('Runs');
  if (!first) return error ? <FailureView failure={error} /> : <Pending rows={8} />;
  return (
    <main className="view narrow">
      <div className="page-head">
        <h1>Runs</h1>
        <Link href="/start" className="button primary">
          <Icon name="play" /> Start a run
        </Link>
      </div>
      <Filters
        label="Show only"
        options={[null, ...runStatusOrder]}
        current={status}
        onChoose={(each) => setSearch(each === null ? {} : { status: each })}
      >
        {(each) => (each === null ? 'All' : each === 'pending' ? 'Stopped' : statusWord(each))}
      </Filters>
      <div className="panel">
        {items.length === 0 ? (
          <Empty title={status === null ? 'No run yet' : 'No such run'}>
            {status === null ? (
              <Link href="/start">Start the first one</Link>
            ) : (
              <Link href="/runs">Show all runs</Link>
            )}
          </Empty>
        ) : (
          <RunRows runs={items} />
        )}
      </div>
      {failure && <FailureBox failure={failure} />}
      <div className="row between list-foot">
        <span className="faint">
          {items.length} of {first.total} on disk
        </span>
        {loadMore && (
          <button type="button" onClick={() => void loadMore()}>
            Show more
          </button>
        )}
      </div>
    </main>
  );
}
