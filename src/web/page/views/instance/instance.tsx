/** An instance: where it is and why, what it stands on, and its attempts in all their parts. */
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { AttemptView } from '../../../api/attempt.ts';
import type { InstanceView as View } from '../../../api/instance.ts';
import { apiPath } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';
import { useTitle } from '../../data/title.ts';
import { useRun, type RunFeed } from '../../data/run-live.ts';
import { FailureView } from '../../parts/failure.tsx';
import { Box, Command, Crumbs, Pending } from '../../parts/pieces.tsx';
import { Reason } from '../../parts/reason.tsx';
import { instanceStatusName, Status } from '../../parts/status.tsx';
import { Spent } from '../../parts/spent.tsx';
import { Took } from '../../parts/time.tsx';
import { AttemptParts } from './attempt.tsx';
import { InstanceSide } from './side.tsx';
import { isRetryable, RetryButton } from '../run/retry.tsx';
import '../run/run.css';
import './instance.css';

interface InstanceProps {
  runId: string;
  instanceId: string;
  tab: string;
}

export function InstanceView({ runId, instanceId, tab }: InstanceProps) {
  const { feed } = useRun(runId);
  const base = apiPath('runs', runId, 'instances', instanceId);
  const { data, error } = useResource<View>(base);
  useTitle(instanceId);
  if (!data) return error ? <FailureView failure={error} /> : <Pending rows={8} />;
  return <Shown view={data} feed={feed} tab={tab} base={base} />;
}

function Shown(props: { view: View; feed: RunFeed; tab: string; base: string }) {
  const { view, feed, tab, base } = props;
  const { run } = view;
  const [message, setMessage] = useState<string | null>(null);
  return (
    <main className="view">
      <Crumbs
        parts={[
          { href: '/runs', text: 'Runs' },
          { href: `/runs/${run.id}`, text: run.id },
        ]}
      />
      <Head
        view={view}
        onDone={(text) => {
          setMessage(text);
          void feed.load();
        }}
      />
      <div className="stack notices">
        {message && (
          <Box tone="ok" icon="check">
            {message}
          </Box>
        )}
        <Why view={view} />
      </div>
      <div className="instance-layout">
        <div className="instance-main">
          <Attempts view={view} feed={feed} tab={tab} base={base} />
        </div>
        <InstanceSide view={view} base={base} />
      </div>
    </main>
  );
}

function Head({ view, onDone }: { view: View; onDone: (message: string) => void }) {
  const { run, instance, task, scope } = view;
  return (
    <div className="page-head">
      <div className="grow">
        <h1 className="run-title">
          {task.title}
          <Status status={instanceStatusName(instance)} pill />
        </h1>
        <p className="row-sub run-facts">
          <span className="mono">{instance.instance_id}</span>
          {scope.controller_task_id !== null && (
            <span>
              pass {(scope.iteration ?? 0) + 1} of {scope.controller_task_id}
            </span>
          )}
          <span>agent {task.agent}</span>
          {instance.started_at && (
            <span>
              {instance.finished_at ? 'took' : 'for'}{' '}
              <Took from={instance.started_at} to={instance.finished_at} />
            </span>
          )}
          <Spent runId={run.id} instanceId={instance.instance_id} />
        </p>
      </div>
      {isRetryable(instance) && !run.aborted && (
        <RetryButton runId={run.id} instance={instance} onDone={onDone} />
      )}
    </div>
  );
}

/** Why it is where it is: what it failed of, or what it waits for. */
function Why({ view: { run, instance, explanation } }: { view: View }) {
  return (
    <>
      {instance.error && (
        <Box tone="bad" icon="error">
          <p className="need-title">{instance.error}</p>
          {instance.failure_summary && instance.failure_summary !== instance.error && (
            <p>{instance.failure_summary}</p>
          )}
          <p className="faint">
            {[instance.failure_kind, instance.termination_reason]
              .filter((each) => each !== null)
              .map((each) => each.replaceAll('_', ' '))
              .join(', ')}
            {instance.resume_recommended && '. Trying the same again can help.'}
          </p>
        </Box>
      )}
      {instance.status !== 'done' &&
        instance.status !== 'failed' &&
        !(instance.status === 'running' && run.driven) && (
          <Box tone={instance.status === 'waiting' ? 'wait' : 'info'} icon="info">
            <div className="row between">
              <span>
                <Reason text={explanation.why} />
              </span>
              {explanation.command &&
                (instance.status !== 'waiting' || instance.waiting_reason === 'lock') && (
                  <Command words={explanation.command} />
                )}
            </div>
          </Box>
        )}
    </>
  );
}

function Attempts(props: { view: View; feed: RunFeed; tab: string; base: string }) {
  const { view, feed, tab, base } = props;
  const { run, instance } = view;
  const [search] = useSearchParams();
  const wanted = Number(search.get('attempt') ?? instance.attempt);
  const attempt = Math.min(Math.max(1, wanted || 1), Math.max(1, instance.attempt));
  const attemptBase = `${base}/attempts/${attempt}`;
  const { data, error } = useResource<AttemptView>(instance.attempt > 0 ? attemptBase : null);
  if (instance.attempt === 0) {
    return (
      <div className="panel">
        <p className="panel-body faint">
          No attempt yet. Its prompt and work appear here as it starts.
        </p>
      </div>
    );
  }
  const here = `/runs/${run.id}/instances/${instance.instance_id}`;
  return (
    <>
      {instance.attempts.length > 1 && (
        <nav className="row attempts" aria-label="Attempts">
          {instance.attempts.map((each) => (
            <Link
              key={each.attempt}
              className={each.attempt === attempt ? 'button on' : 'button'}
              aria-current={each.attempt === attempt ? 'page' : undefined}
              href={`${here}${tab ? `/${tab}` : ''}?attempt=${each.attempt}`}
              title={each.error ?? undefined}
            >
              Attempt {each.attempt}
              <span className="faint">
                <Took from={each.started_at} to={each.finished_at} />
              </span>
            </Link>
          ))}
        </nav>
      )}
      {data ? (
        <AttemptParts
          key={attempt}
          runId={run.id}
          view={data}
          instance={instance}
          feed={feed}
          tab={tab}
          base={attemptBase}
          here={here}
          query={attempt === instance.attempt ? '' : `?attempt=${attempt}`}
        />
      ) : error ? (
        <Box tone="info" icon="info">
          {error.body.message}
        </Box>
      ) : (
        <Pending rows={6} />
      )}
    </>
  );
}
