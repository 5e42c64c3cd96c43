/** A question: what is asked and by whom, what it is about, what an assistant thought; then the answer. */
import { useEffect } from 'react';
import { Link } from 'wouter';
import type { QuestionView } from '../../../api/question.ts';
import { apiPath, filePath } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';
import { Artifact } from '../../parts/artifact.tsx';
import { FailureBox } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Markdown } from '../../parts/markdown.tsx';
import { Box, Command, Pending } from '../../parts/pieces.tsx';
import { questionTitle } from '../../parts/question-row.tsx';
import { Status } from '../../parts/status.tsx';
import { Ago } from '../../parts/time.tsx';
import { AnswerForm } from './answer-form.tsx';
import { Answered } from './answered.tsx';

const smallFile = 60_000;

export function QuestionPane({ runId, interruptId }: { runId: string; interruptId: string }) {
  const address = apiPath('runs', runId, 'interrupts', interruptId);
  const { data, error } = useResource<QuestionView>(address);
  const title = data ? questionTitle(data.interrupt.question) : interruptId;
  useEffect(() => {
    document.title = `${title.slice(0, 80)} · codex-orch`;
  }, [title]);
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
  const { run, interrupt, instance, task, handed_over: handed } = view;
  const human = interrupt.audience === 'human';
  const kinds = [interrupt.request_kind, interrupt.decision_kind]
    .filter((each) => each !== null)
    .map((each) => each.replaceAll('_', ' '));
  return (
    <article className="question stack" aria-label="Question">
      <Link href="/inbox" className="back">
        <Icon name="left" /> Inbox
      </Link>
      <header className="stack tight">
        <p className="row-sub">
          <Status status={interrupt.status} />
          <Link href={`/runs/${run.id}/instances/${instance.instance_id}`}>{task.title}</Link>
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
            {run.id}
          </Link>
        </p>
      </header>
      <div className="question-text">
        <Markdown text={interrupt.question} />
      </div>
      {handed && (
        <section className="panel" aria-label="What the assistant said">
          <h2>
            <Icon name="robot" /> {handed.role_id ?? 'An assistant'} handed this over to you
          </h2>
          <div className="panel-body stack tight">
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
          </div>
        </section>
      )}
      {view.context_artifacts.length > 0 && (
        <section className="panel" aria-label="What it is about">
          <h2>What it is about</h2>
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
        </section>
      )}
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
      {view.reply ? (
        <Answered view={view} reply={view.reply} />
      ) : interrupt.status !== 'open' ? null : run.aborted ? (
        <Box tone="info" icon="info">
          The run was aborted; this question needs no answer any more.
        </Box>
      ) : human ? (
        <AnswerForm view={view} address={address} />
      ) : (
        <>
          <Box tone="info" icon="robot">
            <p>
              This is asked of the assistant {interrupt.resolved_target_role_id ?? ''}. It answers
              while a worker runs:
            </p>
            <Command words={['inbox', 'worker']} />
          </Box>
          <details className="answer-instead">
            <summary>Answer it yourself instead</summary>
            <AnswerForm view={view} address={address} />
          </details>
        </>
      )}
    </article>
  );
}

/** Artifacts of a run are long to name; what matters stands at their end. */
function shortPath(path: string): string {
  const [, rest] = /^\.runs\/[^/]+\/instances\/(.+)$/.exec(path) ?? [];
  return rest ?? path;
}
