/** An instance: where it is and why, what it stands on, and its attempts in all their parts. */
import { useEffect, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { AttemptView } from '../../../api/attempt.ts';
import type { InstanceLink, InstanceView as View } from '../../../api/instance.ts';
import { apiPath, filePath } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';
import { useRun, type RunFeed } from '../../data/run-live.ts';
import { Artifact } from '../../parts/artifact.tsx';
import { FailureView } from '../../parts/failure.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { Box, Command, Crumbs, Pending } from '../../parts/pieces.tsx';
import { Reason } from '../../parts/reason.tsx';
import { questionTitle } from '../../parts/question-row.tsx';
import { Status, StatusGlyph } from '../../parts/status.tsx';
import { Took } from '../../parts/time.tsx';
import { AttemptParts } from './attempt.tsx';
import { RetryButton } from '../run/actions.tsx';
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
  useEffect(() => {
    document.title = `${instanceId} · codex-orch`;
  }, [instanceId]);
  if (!data) return error ? <FailureView failure={error} /> : <Pending rows={8} />;
  return <Shown view={data} feed={feed} tab={tab} base={base} />;
}

function Shown(props: { view: View; feed: RunFeed; tab: string; base: string }) {
  const { view, feed, tab, base } = props;
  const { run, instance, task, scope, explanation, decision } = view;
  const [message, setMessage] = useState<string | null>(null);
  return (
    <main className="view">
      <Crumbs
        parts={[
          { href: '/runs', text: 'Runs' },
          { href: `/runs/${run.id}`, text: run.id },
        ]}
      />
      <div className="page-head">
        <div className="grow">
          <h1 className="run-title">
            {task.title}
            <Status status={instance.status} pill />
          </h1>
          <p className="row-sub run-facts">
            <span className="mono">{instance.instance_id}</span>
            {scope.controller_task_id !== null && (
              <span>
                iteration {scope.iteration} of {scope.controller_task_id}
              </span>
            )}
            <span>agent {task.agent}</span>
            {instance.started_at && (
              <span>
                {instance.finished_at ? 'took' : 'for'}{' '}
                <Took from={instance.started_at} to={instance.finished_at} />
              </span>
            )}
          </p>
        </div>
        {instance.status === 'failed' && !run.aborted && (
          <RetryButton
            runId={run.id}
            instance={instance}
            onDone={(text) => {
              setMessage(text);
              void feed.load();
            }}
          />
        )}
      </div>
      <div className="stack notices">
        {message && (
          <Box tone="ok" icon="check">
            {message}
          </Box>
        )}
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
                {explanation.command && instance.status !== 'waiting' && (
                  <Command words={explanation.command} />
                )}
              </div>
            </Box>
          )}
      </div>
      <div className="instance-layout">
        <div className="instance-main">
          <Attempts view={view} feed={feed} tab={tab} base={base} />
        </div>
        <aside className="instance-side stack">
          <Questions view={view} />
          {decision && (
            <section className="panel">
              <h2>Decision</h2>
              <div className="panel-body stack tight">
                {decision.chosen.length > 0 && <p>Goes on with {decision.chosen.join(', ')}.</p>}
                {decision.not_chosen.length > 0 && (
                  <p className="faint">Not with {decision.not_chosen.join(', ')}.</p>
                )}
                {decision.opened && <p>Opens iteration {decision.opened.iteration}.</p>}
              </div>
            </section>
          )}
          <section className="panel">
            <h2>Published</h2>
            {view.published.length === 0 ? (
              <p className="panel-body faint">
                {instance.status === 'done' || task.publish.length === 0
                  ? 'Nothing.'
                  : `Nothing yet. Due: ${task.publish.join(', ')}`}
              </p>
            ) : (
              view.published.map((file, index) => (
                <Artifact
                  key={file.relative_path}
                  name={file.relative_path}
                  size={file.size}
                  render={file.render}
                  href={filePath(`${base}/published`, file.relative_path)}
                  open={index === 0 && file.size < 20_000}
                />
              ))
            )}
          </section>
          {view.result !== null && (
            <section className="panel">
              <h2>Result</h2>
              <div className="panel-body">
                <JsonView value={view.result} />
              </div>
            </section>
          )}
          <Links title="Depends on" links={view.upstream} runId={run.id} />
          <Links title="Depend on it" links={view.downstream} runId={run.id} />
        </aside>
      </div>
    </main>
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

function Questions({ view }: { view: View }) {
  if (view.interrupts.length === 0) return null;
  return (
    <section className="panel">
      <h2>Questions</h2>
      <ul className="rows">
        {view.interrupts.map(({ interrupt, reply, applied_in_attempt: applied }) => (
          <li key={interrupt.interrupt_id}>
            <Link href={`/inbox/${view.run.id}/${interrupt.interrupt_id}`} className="row-link">
              <StatusGlyph status={interrupt.status} />
              <span className="grow">
                <span className="question-line">{questionTitle(interrupt.question)}</span>
                {reply && <span className="reply-line">“{reply.text}”</span>}
                {applied !== null && <span className="row-sub">received by attempt {applied}</span>}
              </span>
              {interrupt.status === 'open' && <b className="tone-wait">Answer</b>}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}

function Links({ title, links, runId }: { title: string; links: InstanceLink[]; runId: string }) {
  if (links.length === 0) return null;
  return (
    <section className="panel">
      <h2>{title}</h2>
      <ul className="rows links">
        {links.map(({ scope, instance_id: id, task_id: task, status }) => (
          <li key={`${scope ?? ''} ${id}`}>
            <Link href={`/runs/${runId}/instances/${id}`} className="row-link">
              <StatusGlyph status={status} />
              <span className="grow ellipsis">{task}</span>
              {scope !== null && scope !== task && <span className="faint">as {scope}</span>}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  );
}
