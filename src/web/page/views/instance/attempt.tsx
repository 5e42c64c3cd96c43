/** The parts of an attempt: the agent's work, its prompt, what was staged, its files, its errors. */
import { useEffect, useMemo, useState } from 'react';
import { Link } from 'wouter';
import type { AttemptView } from '../../../api/attempt.ts';
import type { Instance } from '../../../../model/run.ts';
import { whereInWords } from '../../../../model/whereabouts.ts';
import { useActivities } from '../../data/activities.ts';
import { filePath } from '../../data/api.ts';
import { isPlainOutput, logLines, marksOf } from '../../data/log-lines.ts';
import { usePrinted } from '../../data/printed.ts';
import { invalidate } from '../../data/resource.ts';
import type { RunFeed } from '../../data/run-live.ts';
import { Changes } from '../../parts/changes.tsx';
import { Artifact } from '../../parts/artifact.tsx';
import { FailureBox } from '../../parts/failure.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { Markdown } from '../../parts/markdown.tsx';
import { Empty, Fact, Panel, Pending, Tabs } from '../../parts/pieces.tsx';
import { Reason } from '../../parts/reason.tsx';
import { Ago, Size, timeOfDay, Took } from '../../parts/time.tsx';
import { UsageText } from './activity-entry.tsx';
import { ChecksPart } from './checks-part.tsx';
import { LogPart } from './log-part.tsx';
import { StreamPart } from './stream-part.tsx';
import { Work } from './work.tsx';

interface AttemptProps {
  runId: string;
  view: AttemptView;
  instance: Instance;
  feed: RunFeed;
  tab: string;
  /** The attempt's address in the API. */
  base: string;
  /** The instance's page. */
  here: string;
  query: string;
}

export function AttemptParts(props: AttemptProps) {
  const { view, tab, here, query } = props;
  return (
    <>
      {view.running && view.where && (
        <p className="row-sub" aria-label="Where the attempt is">
          <span>
            <Reason text={whereInWords(view.where)} />
          </span>
        </p>
      )}
      <Tabs
        label="Parts of the attempt"
        current={`${here}${tab ? `/${tab}` : ''}${query}`}
        tabs={[
          { href: `${here}${query}`, label: 'Work' },
          { href: `${here}/prompt${query}`, label: 'Prompt' },
          { href: `${here}/staged${query}`, label: 'Staged', count: view.staged.length },
          { href: `${here}/files${query}`, label: 'Files', count: view.files.length },
          {
            href: `${here}/errors${query}`,
            label: 'Error output',
            count: view.stderr_size > 0 ? 1 : 0,
          },
          ...(view.record.checks === undefined
            ? []
            : [
                {
                  href: `${here}/checks${query}`,
                  label: 'Checks',
                  count: view.record.checks.length,
                },
              ]),
          { href: `${here}/changes${query}`, label: 'Changes' },
          { href: `${here}/process${query}`, label: 'Process' },
        ]}
      />
      <Part {...props} />
    </>
  );
}

function Part(props: AttemptProps) {
  const { view, tab, base } = props;
  switch (tab) {
    case '':
      return <WorkPart {...props} />;
    case 'prompt':
      return <PromptPart view={view} base={base} />;
    case 'staged':
      return <StagedPart view={view} base={base} />;
    case 'files':
      return <FilesPart view={view} base={base} />;
    case 'errors':
      return <StreamPart base={base} stream="stderr" size={view.stderr_size} live={view.running} />;
    case 'raw':
      return <StreamPart base={base} stream="stdout" size={view.stdout_size} live={view.running} />;
    case 'changes':
      return <Changes runId={props.runId} instanceId={props.instance.instance_id} />;
    case 'checks':
      return <ChecksPart checks={view.record.checks ?? []} />;
    case 'process':
      return <ProcessPart view={view} here={props.here} query={props.query} />;
    default:
      return <Empty title="There is no such part of an attempt" />;
  }
}

const timesEveryMs = 2_000;

function WorkPart({ view, instance, feed, base, here, query }: AttemptProps) {
  const { attempt, running } = view;
  const work = useActivities(feed, instance.instance_id, attempt, base, running);
  const printed = usePrinted(
    view.stderr_size > 0 || running ? `${base}/raw?stream=stderr` : null,
    running,
  );
  useEffect(() => {
    if (!running) return;
    const timer = setInterval(() => invalidate(base), timesEveryMs);
    return () => clearInterval(timer);
  }, [base, running]);
  const lines = useMemo(
    () => logLines(work.items ?? [], printed.page, marksOf(view.runtime)),
    [work.items, printed.page, view.runtime],
  );
  if (work.failure) return <FailureBox failure={work.failure} />;
  if (work.items === null) return <Pending rows={6} />;
  if (isPlainOutput(work.items)) {
    return (
      <LogPart
        lines={lines}
        startedAt={view.record.started_at}
        running={running}
        earlier={work.earlier || (printed.page?.from ?? 0) > 0}
        onEarlier={() => {
          if (work.earlier) work.loadEarlier();
          if ((printed.page?.from ?? 0) > 0) printed.loadEarlier();
        }}
        raw={`${here}/raw${query}`}
        shownFirst={view.record.failure_kind === null ? 400 : 24}
      />
    );
  }
  return (
    <section aria-label="The agent's work">
      <Work
        items={work.items}
        running={running}
        earlier={work.earlier}
        onEarlier={work.loadEarlier}
      />
      <p className="faint attempt-foot">
        {view.record.usage && <UsageText usage={view.record.usage} />}
        {view.stdout_size > 0 && <Link href={`${here}/raw${query}`}>Raw output</Link>}
        {view.stderr_size > 0 && <Link href={`${here}/errors${query}`}>Error output</Link>}
      </p>
    </section>
  );
}

function PromptPart({ view, base }: { view: AttemptView; base: string }) {
  const [source, setSource] = useState(false);
  const { prompt } = view;
  if (!prompt) return <Empty title="The prompt is not staged yet" />;
  return (
    <Panel
      title={
        <>
          What the agent was told <Size bytes={prompt.size} />
          <button
            type="button"
            className="quiet head-button"
            aria-pressed={source}
            onClick={() => setSource(!source)}
          >
            {source ? 'Rendered' : 'Source'}
          </button>
        </>
      }
      label="Prompt"
      inset="plain"
    >
      {source ? <pre className="text-block">{prompt.text}</pre> : <Markdown text={prompt.text} />}
      {prompt.truncated && (
        <p className="faint">
          Cut here.{' '}
          <a href={`${filePath(`${base}/files`, 'prompt.md')}?download=1`}>Download it whole</a>
        </p>
      )}
    </Panel>
  );
}

function StagedPart({ view, base }: { view: AttemptView; base: string }) {
  if (view.staged.length === 0) {
    return <Empty title="Nothing was staged">References of the task’s prompt would be here.</Empty>;
  }
  return (
    <section className="panel" aria-label="Staged files">
      {view.staged.map((file) => (
        <Artifact
          key={file.path}
          name={file.source}
          note={file.path}
          size={file.size}
          render={renderOf(file.content_type, file.path)}
          href={filePath(`${base}/files`, file.path)}
        />
      ))}
    </section>
  );
}

function renderOf(
  contentType: string,
  path: string,
): 'markdown' | 'json' | 'text' | 'image' | 'none' {
  if (/^image\/(png|jpeg|gif|webp)/.test(contentType)) return 'image';
  if (contentType.includes('json')) return 'json';
  if (contentType.includes('markdown') || path.endsWith('.md')) return 'markdown';
  return contentType.startsWith('text/') ? 'text' : 'none';
}

function FilesPart({ view, base }: { view: AttemptView; base: string }) {
  if (view.files.length === 0) return <Empty title="No files yet" />;
  return (
    <section className="panel" aria-label="Files of the attempt">
      {view.files.map((file) => (
        <Artifact
          key={file.path}
          name={file.path}
          size={file.size}
          render={file.render}
          href={filePath(`${base}/files`, file.path)}
        />
      ))}
      {view.files_omitted > 0 && (
        <p className="panel-body faint">
          {view.files_omitted} more are in the attempt’s directory.
        </p>
      )}
    </section>
  );
}

function ProcessPart({ view, here, query }: { view: AttemptView; here: string; query: string }) {
  const { record, runtime } = view;
  return (
    <section className="stack" aria-label="Process">
      <dl className="facts">
        <Fact name="Started">
          <Ago time={record.started_at} />
        </Fact>
        <Fact name="Took">
          <Took from={record.started_at} to={record.finished_at} />
        </Fact>
        <Fact name="Ended">
          {record.termination_reason?.replaceAll('_', ' ') ?? (view.running ? 'not yet' : '–')}
        </Fact>
        {view.where && <Fact name="Where">{whereInWords(view.where, timeOfDay)}</Fact>}
        {record.return_code !== null && <Fact name="Exit status">{record.return_code}</Fact>}
        {record.session_id && (
          <Fact name="Session">
            <span className="mono">{record.session_id}</span>
          </Fact>
        )}
        {record.usage && (
          <Fact name="Usage">
            <UsageText usage={record.usage} />
          </Fact>
        )}
        <Fact name="Output">
          <Size bytes={view.stdout_size} /> · <Link href={`${here}/raw${query}`}>raw</Link>
        </Fact>
      </dl>
      {runtime && (
        <div>
          <h2 className="section-title">runtime.json</h2>
          <JsonView value={runtime} />
        </div>
      )}
    </section>
  );
}
