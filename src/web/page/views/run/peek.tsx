/** An instance beside the graph: what it is at, and where to go from here. */
import { useEffect, useRef } from 'react';
import { Link } from 'wouter';
import type { Instance } from '../../../../model/run.ts';
import type { Explanation, RunView } from '../../../api/run.ts';
import { Icon } from '../../parts/icons.tsx';
import { OutputTail } from '../../parts/output-tail.tsx';
import { Command } from '../../parts/pieces.tsx';
import { Reason } from '../../parts/reason.tsx';
import { instanceStatusName, Status, statusWord } from '../../parts/status.tsx';
import { Took } from '../../parts/time.tsx';
import { isRetryable, RetryButton } from './retry.tsx';

const tailLines = 12;

interface PeekProps {
  view: RunView;
  instance: Instance;
  siblings: Instance[];
  explanation: Explanation | undefined;
  onDone: (message: string) => void;
  onClose: () => void;
}

export function Peek({ view, instance, siblings, explanation, onDone, onClose }: PeekProps) {
  const { run, tasks } = view;
  const panel = useRef<HTMLElement>(null);
  const task = tasks.find(({ id }) => id === instance.task_id);
  const href = `/runs/${run.id}/instances/${instance.instance_id}`;
  useEffect(() => {
    panel.current?.scrollIntoView({ block: 'nearest' });
  }, [instance.instance_id]);
  return (
    <aside ref={panel} className="panel peek" aria-label={`Instance ${instance.instance_id}`}>
      <h2>
        <Status status={instanceStatusName(instance)} />
        <span className="ellipsis">{task?.title ?? instance.task_id}</span>
        <button type="button" className="quiet" aria-label="Close" onClick={onClose}>
          <Icon name="close" />
        </button>
      </h2>
      <div className="panel-body stack tight">
        {instance.error ? (
          <p className="tone-bad peek-why">{instance.error}</p>
        ) : (
          explanation &&
          instance.status !== 'running' && (
            <p className="peek-why">
              <Reason text={explanation.why} />
            </p>
          )
        )}
        <p className="row-sub">
          <span className="mono">{instance.instance_id}</span>
          {instance.attempt > 0 && (
            <span>
              attempt {instance.attempt},{' '}
              <Took from={instance.started_at} to={instance.finished_at} />
            </span>
          )}
          {instance.published.length > 0 && (
            <span>published {instance.published.map((each) => each.relative_path).join(', ')}</span>
          )}
        </p>
        {siblings.length > 1 && (
          <p className="row">
            {siblings.map((each) => (
              <Link
                key={each.instance_id}
                className="chip"
                href={`/runs/${run.id}/instances/${each.instance_id}`}
              >
                {each.instance_id} · {statusWord(each.status)}
              </Link>
            ))}
          </p>
        )}
        <OutputTail
          runId={run.id}
          instanceId={instance.instance_id}
          attempt={instance.attempt}
          most={tailLines}
        />
        <div className="row">
          <Link href={href} className="button">
            Open
          </Link>
          {instance.blocking_interrupts.map((id) => (
            <Link key={id} href={`/inbox/${run.id}/${id}`} className="button primary">
              Answer the question
            </Link>
          ))}
          {isRetryable(instance) && !run.aborted && (
            <RetryButton runId={run.id} instance={instance} onDone={onDone} />
          )}
          {explanation?.command && <Command words={explanation.command} />}
        </div>
      </div>
    </aside>
  );
}
