/** A question that has its answer: what was said, who received it, and the button that goes on with it. */
import { useState } from 'react';
import { Link } from 'wouter';
import type { QuestionView } from '../../../api/question.ts';
import type { ActionResult } from '../../../api/run.ts';
import type { Reply } from '../../../../model/run.ts';
import { ApiFailure, apiPath, sendJson } from '../../data/api.ts';
import { invalidate } from '../../data/resource.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { Markdown } from '../../parts/markdown.tsx';
import { Ago } from '../../parts/time.tsx';
import { Panel } from '../../parts/pieces.tsx';

export function Answered({ view, reply }: { view: QuestionView; reply: Reply }) {
  return (
    <>
      <Panel
        title={
          <>
            <Icon name={reply.audience === 'human' ? 'person' : 'robot'} />
            {reply.reply_kind === 'handoff_to_human' ? 'Handed over to a person' : 'Answered'}
            <span className="faint">
              <Ago time={reply.created_at} />
            </span>
          </>
        }
        label="The answer"
        inset="tight"
      >
        <Markdown text={reply.text} />
        {reply.payload !== null && <JsonView value={reply.payload} />}
        {reply.rationale && <p className="faint">Because: {reply.rationale}</p>}
        {reply.confidence && <p className="faint">Confidence: {reply.confidence}</p>}
        {reply.citations.length > 0 && (
          <ul className="citations faint">
            {reply.citations.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
        )}
      </Panel>
      <Next view={view} />
    </>
  );
}

/** What happens with the answer now. */
function Next({ view }: { view: QuestionView }) {
  const { run, instance, interrupt, also_open: others, applied_in_attempt: applied } = view;
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [busy, setBusy] = useState(false);
  const runLink = <Link href={`/runs/${run.id}`}>the run</Link>;
  if (applied !== null && instance !== null) {
    return (
      <p className="next" role="status">
        <Icon name="check" /> Attempt {applied} of{' '}
        <Link href={`/runs/${run.id}/instances/${instance.instance_id}`}>{instance.task_id}</Link>{' '}
        received it. See {runLink}.
      </p>
    );
  }
  if (others.length > 0) {
    return (
      <div className="next" role="status">
        Before it goes on,{' '}
        {others.map((id, index) => (
          <span key={id}>
            {index > 0 && ', '}
            <Link href={`/inbox/${run.id}/${id}`}>another question</Link>
          </span>
        ))}{' '}
        must be answered.
      </div>
    );
  }
  if (run.driven) {
    return (
      <p className="next" role="status">
        <Icon name="check" /> The run goes on with it. Watch {runLink}.
      </p>
    );
  }
  if (run.aborted || run.status === 'done' || !interrupt.blocking) {
    return <p className="next">Back to {runLink}.</p>;
  }
  const resume = async (): Promise<void> => {
    setBusy(true);
    setFailure(null);
    try {
      await sendJson<ActionResult>('POST', apiPath('runs', run.id, 'resume'));
      invalidate(apiPath('runs', run.id), '/api/overview');
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      setFailure(error);
      setBusy(false);
    }
  };
  return (
    <div className="stack tight">
      <div className="next row">
        <button type="button" className="primary" disabled={busy} onClick={() => void resume()}>
          <Icon name="play" /> {busy ? 'Resuming…' : 'Resume the run'}
        </button>
        <span className="faint">
          Its next attempt gets the answer. It runs in the background, whether this page is open or
          not.
        </span>
      </div>
      {failure && <FailureBox failure={failure} />}
    </div>
  );
}
