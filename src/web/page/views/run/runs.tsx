/** All runs, latest activity first. */
import { Link, useSearchParams } from 'wouter';
import type { RunPage } from '../../../api/runs.ts';
import { usePages } from '../../data/pages.ts';
import { useSettled } from '../../data/settled.ts';
import { useTitle } from '../../data/title.ts';
import { FailureBox, FailureView } from '../../parts/failure.tsx';
import { Filters } from '../../parts/filters.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty, Pending } from '../../parts/pieces.tsx';
import { RunRows } from '../../parts/run-row.tsx';
import { SearchField, useSearchText } from '../../parts/search-field.tsx';
import { statusWord } from '../../parts/status.tsx';
import { runStatusOrder } from './run-status-order.ts';

const pageSize = 50;
/** Typing is over. */
const settledMs = 250;

export function RunsView() {
  const [params] = useSearchParams();
  const [text, set] = useSearchText();
  const settled = useSettled(text, settledMs);
  const status = params.get('status');
  const sort = params.get('sort');
  const query = new URLSearchParams({
    limit: String(pageSize),
    ...(status !== null && { status }),
    ...(settled !== '' && { q: settled }),
    ...(sort !== null && { sort }),
  });
  const { first, error, items, failure, loadMore } = usePages(
    `/api/runs?${query.toString()}`,
    ({ runs }: RunPage) => runs,
    ({ id }) => id,
  );
  useTitle('Runs');
  if (error && !first) return <FailureView failure={error} />;
  return (
    <main className="view">
      <div className="page-head">
        <h1>Runs</h1>
        <Link href="/start" className="button primary">
          <Icon name="play" /> Start a run
        </Link>
      </div>
      <div className="list-tools">
        <SearchField label="Search the runs" found={null} />
        <select
          aria-label="In which order"
          value={sort ?? 'activity'}
          onChange={({ target: { value } }) => set('sort', value === 'activity' ? null : value)}
        >
          <option value="activity">Latest activity first</option>
          <option value="created">Latest start first</option>
        </select>
      </div>
      <Filters
        label="Show only"
        options={[null, ...runStatusOrder]}
        current={status}
        onChoose={(each) => set('status', each)}
      >
        {(each) => (each === null ? 'All' : each === 'pending' ? 'Stopped' : statusWord(each))}
      </Filters>
      <div className="panel">
        {!first ? (
          <Pending rows={8} />
        ) : items.length === 0 ? (
          <Empty title={first.total === 0 ? 'No run yet' : 'No such run'}>
            {first.total === 0 ? (
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
        <span className="faint">{first && `${items.length} of ${first.total} on disk`}</span>
        {loadMore && (
          <button type="button" onClick={() => void loadMore()}>
            Show more
          </button>
        )}
      </div>
    </main>
  );
}
