/** A task to read: prompt, schema, policy, what it needs and hands on. */
import { Link } from 'wouter';
import type { ProgramView } from '../../../api/program.ts';
import type { ComposeView, TaskView } from '../../../api/task.ts';
import type { TaskSpec } from '../../../../model/program.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { Markdown } from '../../parts/markdown.tsx';
import { Fact } from '../../parts/pieces.tsx';

interface TaskDetailsProps {
  view: TaskView;
  task: TaskSpec;
  program: ProgramView | null;
}

export function TaskDetails({ view, task, program }: TaskDetailsProps) {
  const project = program?.project;
  const downstream = program?.tasks.filter((each) =>
    each.depends_on.some(({ task: id }) => id === task.id),
  );
  const { interaction_policy: policy, assistant_hints: hints, control } = task;
  return (
    <div className="instance-layout">
      <div className="stack">
        {task.description && <p>{task.description}</p>}
        <section className="panel" aria-label="Prompt">
          <h2>Prompt</h2>
          <div className="panel-body stack">
            {view.compose.length === 0 && (
              <p className="faint">Nothing but the execution contract.</p>
            )}
            {view.compose.map((part, index) => (
              <Part key={index} part={part} />
            ))}
          </div>
        </section>
        {view.result_schema !== null && (
          <section className="panel" aria-label="Result schema">
            <h2>
              Result schema <span className="faint mono">{task.result_schema}</span>
            </h2>
            <div className="panel-body">
              <JsonView value={view.result_schema} />
            </div>
          </section>
        )}
      </div>
      <aside className="stack">
        <section className="panel">
          <h2>How it runs</h2>
          <div className="panel-body">
            <dl className="facts">
              <Fact name="Agent">{task.agent}</Fact>
              <Fact name="Model">{task.model ?? project?.default_model ?? 'default'}</Fact>
              <Fact name="Sandbox">{task.sandbox ?? project?.default_sandbox ?? 'default'}</Fact>
              <Fact name="Workspace">
                <span className="mono">{task.workspace ?? project?.workspace ?? ''}</span>
              </Fact>
              {task.extra_writable_roots.length > 0 && (
                <Fact name="Also writes">{task.extra_writable_roots.join(', ')}</Fact>
              )}
              {task.run !== null && (
                <Fact name="Command">
                  <code>{task.run}</code>
                </Fact>
              )}
              <Fact name="Publishes">{task.publish.join(', ') || 'nothing'}</Fact>
            </dl>
          </div>
        </section>
        {control && (
          <section className="panel">
            <h2>What it controls</h2>
            <div className="panel-body">
              <dl className="facts">
                {control.mode === 'route' ? (
                  control.routes.map(({ label, targets }) => (
                    <Fact key={label} name={label}>
                      <TaskLinks ids={targets} />
                    </Fact>
                  ))
                ) : (
                  <>
                    <Fact name="Continue with">
                      <TaskLinks ids={control.continue_targets} />
                    </Fact>
                    <Fact name="Stop with">
                      <TaskLinks ids={control.stop_targets} />
                    </Fact>
                    <Fact name="At most">
                      {control.max_iterations === null
                        ? 'no limit'
                        : `${control.max_iterations} iterations`}
                    </Fact>
                  </>
                )}
              </dl>
            </div>
          </section>
        )}
        <section className="panel">
          <h2>Needs</h2>
          <div className="panel-body stack tight">
            {task.depends_on.length === 0 && <p className="faint">Nothing; it starts at once.</p>}
            {task.depends_on.map((each) => (
              <p key={`${each.task} ${each.as ?? ''} ${each.kind}`}>
                <Link href={`/program/tasks/${each.task}`}>{each.task}</Link>
                {each.as !== null && <span className="faint"> as {each.as}</span>}
                {each.consume.length > 0 && (
                  <span className="faint">: {each.consume.join(', ')}</span>
                )}
              </p>
            ))}
          </div>
        </section>
        {downstream && downstream.length > 0 && (
          <section className="panel">
            <h2>Needed by</h2>
            <div className="panel-body">
              <TaskLinks ids={downstream.map(({ id }) => id)} />
            </div>
          </section>
        )}
        <section className="panel">
          <h2>Whom it may ask</h2>
          <div className="panel-body">
            <dl className="facts">
              <Fact name="A person">{policy.allow_human ? 'yes' : 'no'}</Fact>
              <Fact name="Assistants">
                {policy.allowed_assistant_roles === null
                  ? 'all'
                  : policy.allowed_assistant_roles.join(', ') || 'none'}
              </Fact>
              {hints.preferred_roles.length > 0 && (
                <Fact name="Rather">{hints.preferred_roles.join(', ')}</Fact>
              )}
              {task.required_decisions.map((each, index) => (
                <Fact key={index} name="Must ask">
                  {each.decision_kind} ({each.audience}){' '}
                  <span className="faint">{each.description}</span>
                </Fact>
              ))}
            </dl>
          </div>
        </section>
      </aside>
    </div>
  );
}

function TaskLinks({ ids }: { ids: string[] }) {
  if (ids.length === 0) return <span className="faint">nothing</span>;
  return ids.map((id, index) => (
    <span key={id}>
      {index > 0 && ', '}
      <Link href={`/program/tasks/${id}`}>{id}</Link>
    </span>
  ));
}

function Part({ part }: { part: ComposeView }) {
  switch (part.kind) {
    case 'file':
      return (
        <div className="compose-part">
          <p className="compose-name mono">{part.path}</p>
          {part.text === null ? (
            <p className="tone-bad">This file is missing.</p>
          ) : (
            <Markdown text={part.text} />
          )}
          {part.truncated && <p className="faint">Cut here.</p>}
        </div>
      );
    case 'literal':
      return (
        <div className="compose-part">
          <p className="compose-name">Literal</p>
          <Markdown text={part.text} />
        </div>
      );
    case 'ref':
      return (
        <p className="compose-ref">
          <span className="faint">Staged as a file:</span> <code>{part.ref}</code>
        </p>
      );
  }
}
