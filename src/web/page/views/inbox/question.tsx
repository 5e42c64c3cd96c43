/** A question: what is asked and by whom, what it is about, what an assistant thought; then the answer. */
import { Link } from 'wouter';
import type { HandOver, QuestionView } from '../../../api/question.ts';
import { apiPath, filePath } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';
import { useTitle } from '../../data/title.ts';
import { Artifact } from '../../parts/artifact.tsx';
import { FailureBox } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Markdown } from '../../parts/markdown.tsx';
import { Box, Command, Panel, Pending } from '../../parts/pieces.tsx';
import { questionTitle } from '../../parts/question-row.tsx';
import { Status } from '../../parts/status.tsx';
import { Ago } from '../../parts/time.tsx';
import { AnswerForm } from './answer-form.tsx';
import { Answered } from './answered.tsx';
import { Grounds, QuestionCost } from './grounds.tsx';

const smallFile = 60_000;

export function QuestionPane({ runId, interruptId }: { runId: string; interruptId: string }) {
  const address = apiPath('runs', runId, 'interrupts', interruptId);
  const { data, error } = useResource<QuestionView>(address);
  const title = data ? questionTitle(data.interrupt.question) : interruptId;
  useTitle(title.slice(0, 80));
  if (!data) {
    return (
      <section className="question">
        {error ? <FailureBox failure={error} /> : <Pending rows={6} />}
      </section>
    );
  }
  return <Question view={data} address={address} />;
}

function Question({ view, address }: { view: QuestionView; address: string }) {
  return (
    <article className="question stack" aria-label="Question">
      <Link href="/inbox" className="back">
        <Icon name="left" /> Inbox
      </Link>
      <Head view={view} />
      <div className="question-text">
        <Markdown text={view.interrupt.question} />
      </div>
      {view.handed_over && <HandedOver handed={view.handed_over} />}
      <div className="question-grounds stack">
        {view.context_artifacts.length > 0 && <Context view={view} address={address} />}
        <Grounds view={view} />
      </div>
      {view.refused_reply && (
        <Box tone="bad" icon="warn">
          <p>
            A reply was put into the inbox as a file, and was not taken: {view.refused_reply.reason}
          </p>
          <p className="faint mono">{view.refused_reply.file}</p>
        </Box>
      )}
      {view.reply_schema_problem && (
        <Box tone="bad" icon="warn">
          The form that the question asks for cannot be made: {view.reply_schema_problem}
        </Box>
      )}
      <Reply view={view} address={address} />
    </article>
  );
}

function Head({ view }: { view: QuestionView }) {
  const { run, interrupt, instance, task } = view;
  const human = interrupt.audience === 'human';
  const kinds = [interrupt.request_kind, interrupt.decision_kind]
    .filter((each) => each !== null)
    .map((each) => each.replaceAll('_', ' '));
  return (
    <header className="stack tight">
      <p className="row-sub">
        <Status status={interrupt.status} />
        {instance && task && (
          <Link href={`/runs/${run.id}/instances/${instance.instance_id}`}>{task.title}</Link>
        )}
        <span>
          asked {human ? '' : `${interrupt.resolved_target_role_id ?? 'an assistant'} `}
          <Ago time={interrupt.created_at} />
        </span>
        {kinds.map((kind) => (
          <span key={kind} className="chip">
            {kind}
          </span>
        ))}
        {interrupt.priority === 'high' && <b className="tone-bad">High priority</b>}
        <Link href={`/runs/${run.id}`} className="mono">
          {run.title ?? run.id}
        </Link>
      </p>
      <QuestionCost view={view} />
    </header>
  );
}

function HandedOver({ handed }: { handed: HandOver }) {
  return (
    <Panel
      title={
        <>
          <Icon name="robot" /> {handed.role_id ?? 'An assistant'} handed this over to you
        </>
      }
      label="What the assistant said"
      inset="tight"
    >
      <Markdown text={handed.summary} />
      {handed.rationale && (
        <details>
          <summary className="faint">Why</summary>
          <Markdown text={handed.rationale} />
        </details>
      )}
      {handed.citations.length > 0 && (
        <ul className="citations faint">
          {handed.citations.map((each) => (
            <li key={each}>{each}</li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function Context({ view, address }: { view: QuestionView; address: string }) {
  return (
    <Panel title="What it is about" label="What it is about">
      {view.context_artifacts.map((file, index) =>
        file.problem ? (
          <p key={file.path} className="panel-body">
            <span className="mono">{file.path}</span>{' '}
            <span className="tone-bad">{file.problem}</span>
          </p>
        ) : (
          <Artifact
            key={file.path}
            name={shortPath(file.path)}
            size={file.size}
            render={file.render}
            href={filePath(`${address}/artifacts`, file.path)}
            open={index === 0 && (file.size ?? 0) < smallFile}
          />
        ),
      )}
    </Panel>
  );
}

/** The answer that there is, or the form for it, where one is still wanted. */
function Reply({ view, address }: { view: QuestionView; address: string }) {
  const { run, interrupt, reply } = view;
  if (reply) return <Answered view={view} reply={reply} />;
  if (interrupt.status === 'closed') {
    return (
      <Box tone="info" icon="info">
        {run.aborted ? 'The run was aborted' : 'The run is over'}: this question is closed, and
        takes no answer any more.
      </Box>
    );
  }
  if (interrupt.status !== 'open') return null;
  const form = <AnswerForm view={view} address={address} />;
  if (interrupt.audience === 'human') return form;
  return (
    <>
      <Box tone="info" icon="robot">
        <p>
          This is asked of the assistant {interrupt.resolved_target_role_id ?? ''}. It answers while
          a worker runs:
        </p>
        <Command words={['inbox', 'worker']} />
      </Box>
      <details className="answer-instead">
        <summary>Answer it yourself instead</summary>
        {form}
      </details>
    </>
  );
}

/** Artifacts of a run are long to name; what matters stands at their end. */
function shortPath(path: string): string {
  const [, rest] = /^\.runs\/[^/]+\/instances\/(.+)$/.exec(path) ?? [];
  return rest ?? path;
}
