/** A task to read: prompt, schema, policy, what it needs and hands on. */
import { Link } from 'wouter';
import type { ProgramView } from '../../../api/program.ts';
import type { ComposeView, TaskView } from '../../../api/task.ts';
import type { TaskSpec } from '../../../../model/program.ts';
import { filePath } from '../../data/api.ts';
import { JsonView } from '../../parts/json-view.tsx';
import { Markdown } from '../../parts/markdown.tsx';
import { Fact, Panel } from '../../parts/pieces.tsx';
import { TaskLinks } from './task-links.tsx';

interface TaskDetailsProps {
  view: TaskView;
  task: TaskSpec;
  program: ProgramView | null;
}

export function TaskDetails({ view, task, program }: TaskDetailsProps) {
  const downstream = (program?.tasks ?? []).filter((each) =>
    each.depends_on.some(({ task: id }) => id === task.id),
  );
  return (
    <div className="instance-layout">
      <div className="stack">
        {task.description && <p>{task.description}</p>}
        <Panel title="Prompt" label="Prompt" inset="stack">
          {view.compose.length === 0 && (
            <p className="faint">Nothing but the execution contract.</p>
          )}
          {view.compose.map((part, index) => (
            <Part key={index} part={part} />
          ))}
        </Panel>
        {view.result_schema !== null && (
          <Panel
            title={
              <>
                Result schema{' '}
                {task.result_schema !== null && (
                  <Link href={filePath('/program/files', task.result_schema)} className="mono">
                    {task.result_schema}
                  </Link>
                )}
              </>
            }
            label="Result schema"
            inset="plain"
          >
            <JsonView value={view.result_schema} />
          </Panel>
        )}
      </div>
      <aside className="stack">
        <HowItRuns task={task} program={program} />
        {task.control && <Controls control={task.control} />}
        <Needs task={task} />
        {downstream.length > 0 && (
          <Panel title="Needed by" inset="plain">
            <TaskLinks ids={downstream.map(({ id }) => id)} />
          </Panel>
        )}
        <WhomItMayAsk task={task} />
      </aside>
    </div>
  );
}

function HowItRuns({ task, program }: { task: TaskSpec; program: ProgramView | null }) {
  const project = program?.project;
  return (
    <Panel title="How it runs" inset="plain">
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
    </Panel>
  );
}

function Controls({ control }: { control: NonNullable<TaskSpec['control']> }) {
  return (
    <Panel title="What it controls" inset="plain">
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
                : `${control.max_iterations + 1} passes`}
            </Fact>
          </>
        )}
      </dl>
    </Panel>
  );
}

function Needs({ task }: { task: TaskSpec }) {
  return (
    <Panel title="Needs" inset="tight">
      {task.depends_on.length === 0 && <p className="faint">Nothing; it starts at once.</p>}
      {task.depends_on.map((each) => (
        <p key={`${each.task} ${each.as ?? ''} ${each.kind}`}>
          <Link href={`/program/tasks/${each.task}`}>{each.task}</Link>
          {each.as !== null && <span className="faint"> as {each.as}</span>}
          {each.consume.length > 0 && <span className="faint">: {each.consume.join(', ')}</span>}
        </p>
      ))}
    </Panel>
  );
}

function WhomItMayAsk({ task }: { task: TaskSpec }) {
  const { interaction_policy: policy, assistant_hints: hints } = task;
  return (
    <Panel title="Whom it may ask" inset="plain">
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
            {each.decision_kind} ({each.audience}) <span className="faint">{each.description}</span>
          </Fact>
        ))}
      </dl>
    </Panel>
  );
}

function Part({ part }: { part: ComposeView }) {
  switch (part.kind) {
    case 'file':
      return (
        <div className="compose-part">
          <p className="compose-name mono">
            <Link href={filePath('/program/files', part.path)}>{part.path}</Link>
          </p>
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
