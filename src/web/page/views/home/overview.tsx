/** What needs a person, what runs, what failed, what was done last: over all runs. */
import { useEffect, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import type { Overview } from '../../../api/overview.ts';
import type { RunListItem } from '../../../api/runs.ts';
import type { ServerInfo } from '../../../api/server.ts';
import { FailureView } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Command, Empty, Pending } from '../../parts/pieces.tsx';
import { QuestionRows } from '../../parts/question-row.tsx';
import { ResumeButton } from '../../parts/resume-button.tsx';
import { RunRows } from '../../parts/run-row.tsx';
import { invalidate, useResource } from '../../data/resource.ts';
import { useTitle } from '../../data/title.ts';
import { useLastVisit } from '../../data/visits.ts';
import { runName } from '../../parts/run-row.tsx';
import { Ago } from '../../parts/time.tsx';
import { SinceLastVisit } from './since.tsx';

const askAgainMs = 500;

export function OverviewView() {
  const { data, error } = useResource<Overview>('/api/overview');
  const incomplete = data?.complete === false;
  const { data: server } = useResource<ServerInfo>('/api/server');
  const last = useLastVisit(server ? server.program_dir : null);
  useTitle('Overview');
  useEffect(() => {
    if (!incomplete) return;
    const timer = setInterval(() => invalidate('/api/overview'), askAgainMs);
    return () => clearInterval(timer);
  }, [incomplete]);
  if (!data) return error ? <FailureView failure={error} /> : <Pending rows={8} />;
  return (
    <main className="view">
      <div className="page-head">
        <h1>Overview</h1>
        {data.total > 0 && (
          <Link href="/start" className={data.idle.length > 0 ? 'button' : 'button primary'}>
            <Icon name="play" /> Start a run
          </Link>
        )}
      </div>
      {incomplete && (
        <p className="faint" role="status">
          Looking through the runs: {data.scanned} of {data.total}…
        </p>
      )}
      {data.total > 0 && <SinceLastVisit overview={data} last={last} />}
      {data.total === 0 ? <NoRun /> : <Panels overview={data} />}
    </main>
  );
}

function NoRun() {
  return (
    <div className="panel">
      <Empty title="No run yet">
        <p>A run does the tasks of your program. See them first, or start right away.</p>
        <div className="row" style={{ justifyContent: 'center', marginTop: 12 }}>
          <Link href="/program" className="button">
            <Icon name="program" /> See the program
          </Link>
          <Link href="/start" className="button primary">
            <Icon name="play" /> Start a run
          </Link>
        </div>
      </Empty>
    </div>
  );
}

/** The most urgent first. */
function Panels({ overview }: { overview: Overview }) {
  const { questions, idle, assistant_questions: asked, totals } = overview;
  const needed = questions.length + idle.length;
  // What needs the person is not said again further down.
  const waiting = overview.waiting.filter(({ id }) => !idle.some((each) => each.id === id));
  return (
    <div className="overview">
      <section className="panel needs" aria-labelledby="needs-you">
        <h2 id="needs-you">
          <Icon name="person" /> Needs you
          {needed > 0 && <span className="count wait">{needed}</span>}
        </h2>
        {needed === 0 && (
          <p className="panel-body faint">
            <b>Nothing needs you</b>. Questions that only a person may answer come here.
          </p>
        )}
        {questions.length > 0 && <QuestionRows questions={questions} />}
        {idle.map((run) => (
          <Idle key={run.id} run={run} />
        ))}
      </section>
      <div className="overview-column">
        <RunPanel title="Running" runs={overview.running} total={totals.running}>
          <p className="panel-body faint">Nothing runs</p>
        </RunPanel>
        <RunPanel
          title="Waiting"
          runs={waiting}
          total={totals.waiting - (overview.waiting.length - waiting.length)}
        />
        <RunPanel title="Stopped on the way" runs={overview.pending} total={totals.pending} />
        {asked.length > 0 && <Assistants asked={asked} />}
      </div>
      <div className="overview-column">
        <RunPanel title="Failed" runs={overview.failed} total={totals.failed} />
        <RunPanel title="Done last" runs={overview.done} total={totals.done} />
      </div>
    </div>
  );
}

function Assistants({ asked }: { asked: Overview['assistant_questions'] }) {
  return (
    <section className="panel" aria-labelledby="assistants-asked">
      <h2 id="assistants-asked">
        <Icon name="robot" /> Asked of assistants
        <span className="count">{asked.length}</span>
      </h2>
      <QuestionRows questions={asked} />
      <p className="panel-body faint">
        Assistants answer while this runs: <Command words={['inbox', 'worker']} />
      </p>
    </section>
  );
}

/** A run that could go on, and does not. */
function Idle({ run }: { run: RunListItem }) {
  const [said, setSaid] = useState<string | null>(null);
  const isAnswered = run.answered > 0;
  const since = isAnswered ? run.updated_at : (run.waiting_until ?? run.updated_at);
  const why = isAnswered ? 'all is answered' : run.waiting_until ? 'it is due' : 'it was left';
  return (
    <div className="panel-body row between">
      <p className="grow">
        <Link href={`/runs/${run.id}`}>{runName(run)}</Link>: {why}, and nobody drives the run:
        since <Ago time={since} />.{said !== null && <span className="faint"> {said}</span>}
      </p>
      <Command words={['run', 'resume', '.', run.id]} />
      <ResumeButton runId={run.id} onDone={setSaid} />
    </div>
  );
}

function RunPanel(props: {
  title: string;
  runs: RunListItem[];
  total: number;
  children?: ReactNode;
}) {
  const { title, runs, total, children } = props;
  if (runs.length === 0 && !children) return null;
  const id = title.toLowerCase().replaceAll(' ', '-');
  return (
    <section className="panel" aria-labelledby={id}>
      <h2 id={id}>
        {title}
        {total > 0 && <span className="count">{total}</span>}
      </h2>
      {runs.length === 0 ? children : <RunRows runs={runs} />}
      {total > runs.length && runs.length > 0 && (
        <p className="panel-body faint">
          <Link href="/runs">All runs</Link>
        </p>
      )}
    </section>
  );
}
