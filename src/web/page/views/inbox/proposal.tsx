/** One proposal: what would change, why, and the decision. */
import { useState } from 'react';
import { Link } from 'wouter';
import type { ApplyResult, ProposalView } from '../../../api/proposal.ts';
import { apiPath, sendJson } from '../../data/api.ts';
import { invalidate, remember, useResource } from '../../data/resource.ts';
import { Confirm } from '../../parts/dialog.tsx';
import { FailureBox } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { DiffText, Markdown } from '../../parts/markdown.tsx';
import { Box, Panel, Pending } from '../../parts/pieces.tsx';
import { proposalStatusName, Status } from '../../parts/status.tsx';
import { Ago } from '../../parts/time.tsx';

type Step = 'accepted' | 'rejected' | 'apply';

export function ProposalPane({ runId, proposalId }: { runId: string; proposalId: string }) {
  const address = apiPath('runs', runId, 'proposals', proposalId);
  const { data, error } = useResource<ProposalView>(address);
  const [applied, setApplied] = useState<ApplyResult | null>(null);
  if (!data) {
    return (
      <section className="question">
        {error ? <FailureBox failure={error} /> : <Pending rows={6} />}
      </section>
    );
  }
  const { status, proposal } = data.proposal;
  const open = status === 'proposed' || status === 'accepted';
  return (
    <article className="question stack" aria-label="Proposal">
      <Link href="/proposals" className="back">
        <Icon name="left" /> Proposals
      </Link>
      <Head view={data} />
      <Markdown text={proposal.rationale} />
      <Notices view={data} applied={applied} open={open} />
      <Change view={data} />
      {open && <Decision view={data} address={address} onApplied={setApplied} />}
    </article>
  );
}

function Head({ view: { proposal } }: { view: ProposalView }) {
  const { kind, summary } = proposal.proposal;
  return (
    <header className="stack tight">
      <p className="row-sub">
        <Status status={proposalStatusName(proposal.status)} />
        <span>{kind.replaceAll('_', ' ')}</span>
        <span>
          by {proposal.source_role_id}, <Ago time={proposal.created_at} />
        </span>
        <Link href={`/inbox/${proposal.run_id}/${proposal.interrupt_id}`}>
          the question behind it
        </Link>
      </p>
      <h1>{summary}</h1>
    </header>
  );
}

interface NoticesProps {
  view: ProposalView;
  applied: ApplyResult | null;
  open: boolean;
}

/** What was decided, and what has happened to the file since. */
function Notices({ view: { proposal, diff }, applied, open }: NoticesProps) {
  return (
    <>
      {proposal.status_note && (
        <Box tone="info" icon="person">
          {proposal.status_note}{' '}
          <span className="faint">
            · <Ago time={proposal.status_updated_at} />
          </span>
        </Box>
      )}
      {applied && (
        <Box tone="ok" icon="check">
          <p>
            {applied.written
              ? `Written to ${applied.file}.`
              : `${applied.file} held all of it already.`}{' '}
            Runs that started before keep what they froze.
          </p>
        </Box>
      )}
      {diff.changed_since && open && (
        <Box tone="wait" icon="warn">
          The file has changed since this was proposed. Look at the change as it would be now.
        </Box>
      )}
      {diff.problem && open && (
        <Box tone="wait" icon="warn">
          {diff.problem}
        </Box>
      )}
    </>
  );
}

function Change({ view: { proposal, diff } }: { view: ProposalView }) {
  return (
    <Panel
      title={
        <>
          <Icon name="file" />
          <span className="mono ellipsis">{diff.file}</span>
          {diff.before === null && diff.after !== null && <span className="chip">new file</span>}
        </>
      }
      label="The change"
      inset="plain"
    >
      {diff.unified !== '' ? (
        <DiffText text={diff.unified} />
      ) : diff.problem ? (
        <pre className="text-block">{proposal.proposal.suggested_content}</pre>
      ) : (
        <p className="faint">The file already says this; applying it changes nothing.</p>
      )}
    </Panel>
  );
}

interface DecisionProps {
  view: ProposalView;
  address: string;
  onApplied: (result: ApplyResult) => void;
}

function Decision({ view: { proposal, diff }, address, onApplied }: DecisionProps) {
  const [step, setStep] = useState<Step | null>(null);
  const [note, setNote] = useState('');
  const snippet = proposal.proposal.suggested_content_mode === 'snippet';
  const decide = async (): Promise<void> => {
    if (step === 'apply') {
      onApplied(
        await sendJson<ApplyResult>('POST', `${address}/apply`, {
          append: snippet,
          force: diff.changed_since,
        }),
      );
      invalidate(address, '/api/program');
    } else if (step) {
      remember(
        address,
        await sendJson<ProposalView>('POST', `${address}/mark`, { status: step, note }),
      );
    }
    invalidate('/api/proposals', '/api/overview');
    setNote('');
  };
  return (
    <>
      <div className="row">
        <button
          type="button"
          className="primary"
          disabled={diff.problem !== null || diff.unified === ''}
          onClick={() => setStep('apply')}
        >
          Apply
        </button>
        {proposal.status === 'proposed' && (
          <button type="button" onClick={() => setStep('accepted')}>
            Accept for later
          </button>
        )}
        <button type="button" onClick={() => setStep('rejected')}>
          Reject
        </button>
      </div>
      {step && (
        <Confirm
          title={titles[step]}
          verb={step === 'apply' ? 'Apply' : step === 'accepted' ? 'Accept' : 'Reject'}
          disabled={step !== 'apply' && note.trim() === ''}
          onClose={() => setStep(null)}
          onConfirm={decide}
        >
          {step === 'apply' ? (
            <p>
              It writes the change to <code>{diff.file}</code>, after the program was checked with
              it{snippet && '; the text goes to the end of the file'}. Runs that have started are
              not touched.
            </p>
          ) : (
            <>
              <p>
                {step === 'accepted' ? 'Nothing is written yet.' : 'Nothing changes.'} The note is
                kept.
              </p>
              <div className="field">
                <label htmlFor="note">Note</label>
                <textarea
                  id="note"
                  rows={2}
                  autoFocus
                  value={note}
                  onChange={(event) => setNote(event.target.value)}
                />
              </div>
            </>
          )}
        </Confirm>
      )}
    </>
  );
}

const titles: Record<Step, string> = {
  apply: 'Apply this proposal?',
  accepted: 'Accept this proposal?',
  rejected: 'Reject this proposal?',
};
