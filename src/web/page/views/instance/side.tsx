/** What stands beside an instance's attempts: what it asked, chose and left, and what it stands on. */
import { Link } from 'wouter';
import type { InstanceLink, InstanceView as View } from '../../../api/instance.ts';
import type { Decision } from '../../../api/run.ts';
import { filePath } from '../../data/api.ts';
import { Artifact } from '../../parts/artifact.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { questionTitle } from '../../parts/question-row.tsx';
import { StatusGlyph } from '../../parts/status.tsx';
import { Panel } from '../../parts/pieces.tsx';

/** `base`: the instance's address in the API. */
export function InstanceSide({ view, base }: { view: View; base: string }) {
  const { run, decision, result, upstream, downstream } = view;
  return (
    <aside className="instance-side stack">
      <Questions view={view} />
      {decision && <Choice decision={decision} />}
      <Published view={view} base={base} />
      {result !== null && (
        <Panel title="Result" inset="plain">
          <JsonView value={result} />
        </Panel>
      )}
      <Links title="Depends on" links={upstream} runId={run.id} />
      <Links title="Depend on it" links={downstream} runId={run.id} />
    </aside>
  );
}

function Choice({ decision }: { decision: Decision }) {
  return (
    <Panel title="Decision" inset="tight">
      {decision.chosen.length > 0 && <p>Goes on with {decision.chosen.join(', ')}.</p>}
      {decision.not_chosen.length > 0 && (
        <p className="faint">Not with {decision.not_chosen.join(', ')}.</p>
      )}
      {decision.opened && <p>Opens pass {decision.opened.iteration + 1}.</p>}
    </Panel>
  );
}

function Published({ view, base }: { view: View; base: string }) {
  const { instance, task } = view;
  return (
    <Panel title="Published">
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
    </Panel>
  );
}

function Questions({ view }: { view: View }) {
  if (view.interrupts.length === 0) return null;
  return (
    <Panel title="Questions">
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
    </Panel>
  );
}

function Links({ title, links, runId }: { title: string; links: InstanceLink[]; runId: string }) {
  if (links.length === 0) return null;
  return (
    <Panel title={title}>
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
    </Panel>
  );
}
