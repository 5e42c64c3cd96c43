/** Suggestions of assistants to change the program: read as a diff, and decided by a person. */
import { Link, useSearchParams } from 'wouter';
import type { ProposalListItem, ProposalPage } from '../../../api/proposal.ts';
import type { ProposalStatus } from '../../../../model/run.ts';
import { useResource } from '../../data/resource.ts';
import { useTitle } from '../../data/title.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { Filters } from '../../parts/filters.tsx';
import { Empty, Pending } from '../../parts/pieces.tsx';
import { proposalStatusName, StatusGlyph, statusWord } from '../../parts/status.tsx';
import { Ago } from '../../parts/time.tsx';
import { ProposalPane } from './proposal.tsx';
import './inbox.css';

interface ProposalsProps {
  runId: string | null;
  proposalId: string | null;
}

const filters: (ProposalStatus | null)[] = [null, 'proposed', 'accepted', 'applied', 'rejected'];

export function ProposalsView({ runId, proposalId }: ProposalsProps) {
  const [search, setSearch] = useSearchParams();
  const status = search.get('status');
  const { data, error } = useResource<ProposalPage>('/api/proposals');
  const chosen = runId !== null && proposalId !== null;
  useTitle('Proposals');
  const all = data?.proposals ?? [];
  const shown = status === null ? all : all.filter((each) => each.status === status);
  return (
    <main className={chosen ? 'view inbox has-question' : 'view inbox'}>
      <section className="inbox-list" aria-label="Proposals">
        <h1>Proposals</h1>
        <Filters
          label="Show only"
          options={filters}
          current={status}
          onChoose={(each) => setSearch(each === null ? {} : { status: each }, { replace: true })}
        >
          {(each) => (each === null ? 'All' : statusWord(proposalStatusName(each)))}
        </Filters>
        {error && !data && <FailureBox failure={error} />}
        {!data && !error && <Pending rows={4} />}
        {data && (
          <div className="panel">
            {shown.length === 0 ? (
              <Empty title={all.length === 0 ? 'No proposals' : 'None of these'}>
                {all.length === 0 &&
                  'When an assistant answers, it may suggest a change to the program. It is recorded here, and nothing changes until you apply it.'}
              </Empty>
            ) : (
              <ul className="rows">
                {shown.map((each) => (
                  <li key={`${each.run_id} ${each.proposal_id}`}>
                    <Row proposal={each} current={each.proposal_id === proposalId} />
                  </li>
                ))}
              </ul>
            )}
          </div>
        )}
      </section>
      {chosen ? (
        <ProposalPane key={proposalId} runId={runId} proposalId={proposalId} />
      ) : (
        <div className="inbox-hint">
          <Empty title="Choose a proposal">What it would change appears here.</Empty>
        </div>
      )}
    </main>
  );
}

function Row({ proposal, current }: { proposal: ProposalListItem; current: boolean }) {
  const { run_id: run, proposal_id: id, summary, status, target_file_path: file } = proposal;
  return (
    <Link
      href={`/proposals/${run}/${id}`}
      className="row-link question-row"
      aria-current={current ? 'page' : undefined}
    >
      <StatusGlyph status={proposalStatusName(status)} />
      <span className="grow">
        <span className="question-line">{summary}</span>
        <span className="row-sub">
          <span>{statusWord(proposalStatusName(status))}</span>
          <span className="mono ellipsis">{file}</span>
          <span>
            {proposal.source_role_id}, <Ago time={proposal.created_at} />
          </span>
        </span>
      </span>
    </Link>
  );
}
