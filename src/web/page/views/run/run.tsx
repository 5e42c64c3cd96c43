/** A run: its state and what to do about it, its graph, timeline, instances, log and inputs. */
import { lazy, Suspense, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { RunView as Run } from '../../../api/run.ts';
import { useRun, type RunFeed } from '../../data/run-live.ts';
import { useTitle } from '../../data/title.ts';
import { Changes } from '../../parts/changes.tsx';
import { FailureBox, FailureView } from '../../parts/failure.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { Box, Crumbs, Empty, Fact, Panel, Pending, Tabs } from '../../parts/pieces.tsx';
import { CountsBar, countsText, runName, startedFor } from '../../parts/run-row.tsx';
import { Spent } from '../../parts/spent.tsx';
import { runStatusName, Status } from '../../parts/status.tsx';
import { Ago, ClockTime, Took } from '../../parts/time.tsx';
import { RunActions } from './actions.tsx';
import { EventLog } from './events.tsx';
import { InstanceList } from './instances.tsx';
import { Needs } from './needs.tsx';
import { Outcome } from './outcome.tsx';
import { SinceLastVisit } from './since.tsx';
import { Timeline } from './timeline.tsx';
import './run.css';

const RunGraph = lazy(async () => ({ default: (await import('./graph.tsx')).RunGraph }));

export function RunView({ runId, tab }: { runId: string; tab: string }) {
  const { view, error, feed } = useRun(runId);
  const [message, setMessage] = useState<string | null>(null);
  useTitle(`Run ${runId}`);
  if (!view) return error ? <FailureView failure={error} /> : <Pending rows={8} />;
  const said = (text: string): void => {
    setMessage(text);
    void feed.load();
  };
  const base = `/runs/${runId}`;
  const { run } = view;
  return (
    <main className="view">
      <Crumbs parts={[{ href: '/runs', text: 'Runs' }]} />
      <div className="page-head">
        <div className="grow">
          <h1 className="run-title">
            <span>{runName(run)}</span>
            <Status status={runStatusName(run)} pill />
          </h1>
          <p className="row-sub run-facts">
            <span className="mono">{run.id}</span>
            {run.title !== null && <span>for {startedFor(run)}</span>}
            <span>
              started <Ago time={run.created_at} />
            </span>
            {run.status !== 'done' && (
              <span>
                last change <Ago time={run.updated_at} />
              </span>
            )}
            {run.status === 'done' && (
              <span>
                took <Took from={run.created_at} to={run.updated_at} />
              </span>
            )}
            <Spent runId={run.id} />
            {view.holder && (
              <span title={`${view.holder.command} on ${view.holder.host}`}>
                driven by process {view.holder.pid}
              </span>
            )}
          </p>
        </div>
        <RunActions view={view} onDone={said} />
      </div>
      <div className="run-progress">
        <CountsBar counts={run.counts} />
        <span className="faint num">
          {run.instance_count === 0 ? 'Nothing created yet' : countsText(run.counts)}
        </span>
      </div>
      <SinceLastVisit view={view} />
      <div className="stack notices">
        {error && <FailureBox failure={error} />}
        {message && (
          <div role="status">
            <Box tone="ok" icon="check">
              {message}
            </Box>
          </div>
        )}
        <Needs view={view} onDone={said} />
      </div>
      {tab === '' && run.status === 'done' && <Outcome view={view} />}
      <Tabs
        label="Parts of the run"
        current={tab === '' ? base : `${base}/${tab}`}
        tabs={[
          { href: base, label: 'Graph' },
          { href: `${base}/timeline`, label: 'Timeline' },
          { href: `${base}/instances`, label: 'Instances', count: run.instance_count },
          { href: `${base}/changes`, label: 'Changes' },
          { href: `${base}/log`, label: 'Log' },
          { href: `${base}/inputs`, label: 'Inputs' },
        ]}
      />
      <Part tab={tab} view={view} feed={feed} onDone={said} />
    </main>
  );
}

interface PartProps {
  tab: string;
  view: Run;
  feed: RunFeed;
  onDone: (message: string) => void;
}

function Part({ tab, view, feed, onDone }: PartProps) {
  switch (tab) {
    case '':
      return (
        <Suspense fallback={<Pending rows={6} />}>
          <RunGraph view={view} onDone={onDone} />
        </Suspense>
      );
    case 'timeline':
      return <Timeline view={view} />;
    case 'instances':
      return <InstanceList view={view} />;
    case 'changes':
      return <ChangesPart runId={view.run.id} />;
    case 'log':
      return <EventLog view={view} feed={feed} />;
    case 'inputs':
      return <Inputs view={view} />;
    default:
      return (
        <Empty title="There is no such part of a run">
          <Link href={`/runs/${view.run.id}`}>To its graph</Link>
        </Empty>
      );
  }
}

/** All of them, or those since a time that stands in the address. */
function ChangesPart({ runId }: { runId: string }) {
  const [params, setParams] = useSearchParams();
  const since = params.get('since');
  if (since === null) return <Changes runId={runId} />;
  return (
    <>
      <p className="since">
        Since <ClockTime time={since} />.{' '}
        <button type="button" className="link" onClick={() => setParams({})}>
          Show all
        </button>
      </p>
      <Changes runId={runId} since={since} />
    </>
  );
}

function Inputs({ view }: { view: Run }) {
  return (
    <div className="stack">
      {view.scopes.map((scope) => (
        <Panel
          key={scope.input_scope_id}
          title={
            <>
              {scope.controller_task_id === null
                ? 'Inputs of the run'
                : `Pass ${(scope.iteration ?? 0) + 1} of ${scope.controller_task_id}`}
              <span className="faint mono">{scope.input_scope_id}</span>
            </>
          }
          inset="stack"
        >
          {scope.controller_task_id !== null && (
            <p className="faint">
              Sets {scope.own_keys.join(', ') || 'nothing'}; the rest comes from the pass before.
            </p>
          )}
          <JsonView
            value={
              scope.controller_task_id === null
                ? scope.values
                : Object.fromEntries(
                    scope.own_keys.flatMap((key) =>
                      scope.values[key] === undefined ? [] : [[key, scope.values[key]]],
                    ),
                  )
            }
          />
          {scope.omitted.length > 0 && (
            <p className="faint">Too long to show: {scope.omitted.join(', ')}</p>
          )}
        </Panel>
      ))}
      <Panel title="Frozen with the run" inset="plain">
        <dl className="facts">
          <Fact name="Tasks">{view.tasks.length}</Fact>
          <Fact name="Concurrency">{view.project.max_concurrency}</Fact>
          <Fact name="Written by">codex-orch {view.tool_version}</Fact>
        </dl>
      </Panel>
    </div>
  );
}
