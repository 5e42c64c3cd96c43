/** The program: its graph, and what it is made of besides tasks. */
import { lazy, Suspense } from 'react';
import { Link } from 'wouter';
import type { ProgramView as Program } from '../../../api/program.ts';
import { filePath } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';
import { useTitle } from '../../data/title.ts';
import { Diagnostics, FailureView } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { JsonView } from '../../parts/json-view.tsx';
import { Box, Empty, Fact, Panel, Pending, Tabs } from '../../parts/pieces.tsx';
import { Edges } from './edges.tsx';
import { Files } from './files.tsx';
import { NewTask } from './new-task.tsx';
import { Presets } from './presets.tsx';
import { Roles } from './roles.tsx';
import './program.css';

const ProgramGraph = lazy(async () => ({
  default: (await import('./graph.tsx')).ProgramGraph,
}));

export function ProgramView({ tab, item }: { tab: string; item: string | null }) {
  const { data, error } = useResource<Program>('/api/program');
  useTitle('Program');
  if (!data) return error ? <FailureView failure={error} /> : <Pending rows={8} />;
  const { project, diagnostics } = data;
  const errors = diagnostics.filter(({ severity }) => severity === 'error').length;
  // What is written there has a filled button of its own.
  const isWriting = tab === 'new' || (tab === 'presets' && item !== null);
  return (
    <main className="view">
      <div className="page-head">
        <div className="grow">
          <h1>{project.name}</h1>
          {project.description && <p className="faint">{project.description}</p>}
        </div>
        <div className="row">
          <Link href="/program/new" className="button">
            <Icon name="plus" /> New task
          </Link>
          <Link href="/start" className={isWriting ? 'button' : 'button primary'}>
            <Icon name="play" /> Start a run
          </Link>
        </div>
      </div>
      {errors > 0 && tab !== 'problems' && (
        <div className="notices">
          <Box tone="bad" icon="error">
            <div className="row between">
              <span>
                {errors} {errors === 1 ? 'error keeps' : 'errors keep'} runs from starting.
              </span>
              <Link href="/program/problems">See what is wrong</Link>
            </div>
          </Box>
        </div>
      )}
      <Tabs
        label="Parts of the program"
        current={tab === '' ? '/program' : `/program/${tab}`}
        tabs={[
          { href: '/program', label: 'Graph' },
          { href: '/program/tasks', label: 'Tasks', count: data.tasks.length },
          { href: '/program/edges', label: 'Edges' },
          { href: '/program/inputs', label: 'Inputs', count: data.inputs.length },
          { href: '/program/roles', label: 'Roles', count: data.roles.length },
          { href: '/program/presets', label: 'Presets', count: data.presets.length },
          {
            href: '/program/problems',
            label: 'Problems',
            count: diagnostics.filter(({ severity }) => severity !== 'note').length,
            bad: errors > 0,
          },
          { href: '/program/project', label: 'Project' },
          { href: '/program/files', label: 'Files' },
        ]}
      />
      <Part tab={tab} item={item} program={data} />
    </main>
  );
}

function Part({ tab, item, program }: { tab: string; item: string | null; program: Program }) {
  switch (tab) {
    case '':
      return program.tasks.length === 0 ? (
        <NoTasks />
      ) : (
        <Suspense fallback={<Pending rows={6} />}>
          <ProgramGraph program={program} />
        </Suspense>
      );
    case 'tasks':
      return <Tasks program={program} />;
    case 'edges':
      return <Edges program={program} />;
    case 'inputs':
      return <Inputs program={program} />;
    case 'roles':
      return <Roles roles={program.roles} chosen={item} />;
    case 'presets':
      return <Presets presets={program.presets} chosen={item} />;
    case 'files':
      return <Files />;
    case 'new':
      return <NewTask />;
    case 'problems':
      return program.diagnostics.length === 0 ? (
        <div className="panel">
          <Empty title="No problems">The program is valid.</Empty>
        </div>
      ) : (
        <div className="panel panel-body">
          <Diagnostics list={program.diagnostics} />
        </div>
      );
    case 'project':
      return <Project program={program} />;
    default:
      return (
        <Empty title="There is no such part of a program">
          <Link href="/program">To its graph</Link>
        </Empty>
      );
  }
}

function NoTasks() {
  return (
    <div className="panel">
      <Empty title="No task yet">
        A program is made of tasks. <Link href="/program/new">Write the first one</Link>
      </Empty>
    </div>
  );
}

function Tasks({ program }: { program: Program }) {
  if (program.tasks.length === 0) return <NoTasks />;
  return (
    <div className="panel">
      <ul className="rows">
        {program.tasks.map(({ id, title, status, agent, kind, control, labels }) => (
          <li key={id}>
            <Link href={`/program/tasks/${id}`} className="row-link">
              <Icon name={control?.mode ?? 'file'} />
              <span className="grow">
                <span className="run-line">
                  <span className="run-what ellipsis">{title}</span>
                  {status !== 'ready' && <span className="chip">{status}</span>}
                </span>
                <span className="row-sub">
                  <span className="mono">{id}</span>
                  <span>{kind === 'controller' ? 'controller' : ''}</span>
                  {labels.map((label) => (
                    <span key={label}>#{label}</span>
                  ))}
                </span>
              </span>
              <span className="faint">{agent}</span>
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Inputs({ program }: { program: Program }) {
  if (program.inputs.length === 0) {
    return (
      <div className="panel">
        <Empty title="No inputs">
          Tasks refer to inputs as inputs.name; project.yaml gives defaults.
        </Empty>
      </div>
    );
  }
  return (
    <div className="stack">
      {program.inputs.map(({ key, file, default_value: value, problem, used_by: users }) => (
        <Panel
          key={key}
          title={
            <>
              <span className="mono">{key}</span>
              {file === null ? (
                <span className="faint">no default</span>
              ) : (
                <Link href={filePath('/program/files', file)} className="ellipsis">
                  {file}
                </Link>
              )}
            </>
          }
          inset="tight"
        >
          {problem && <p className="tone-wait">{problem}</p>}
          {file !== null &&
            value !== null &&
            (typeof value === 'string' ? (
              <pre className="text-block">{value}</pre>
            ) : (
              <JsonView value={value} />
            ))}
          <p className="faint">
            {users.length === 0 ? 'No task refers to it in its prompt.' : 'Used by '}
            {users.map((id, index) => (
              <span key={id}>
                {index > 0 && ', '}
                <Link href={`/program/tasks/${id}`}>{id}</Link>
              </span>
            ))}
          </p>
        </Panel>
      ))}
    </div>
  );
}

function Project({ program }: { program: Program }) {
  const { project } = program;
  const seconds = (value: number | null): string => (value === null ? 'no limit' : `${value} s`);
  return (
    <div className="stack">
      <dl className="facts">
        <Fact name="Directory">
          <span className="mono">{program.program_dir}</span>
        </Fact>
        <Fact name="Workspace">
          <span className="mono">{project.workspace}</span>
        </Fact>
        <Fact name="Agent, model">
          {project.default_agent}, {project.default_model ?? 'its default model'}
        </Fact>
        <Fact name="Sandbox">{project.default_sandbox}</Fact>
        <Fact name="Concurrency">{project.max_concurrency} attempts at a time</Fact>
        <Fact name="Longest attempt">{seconds(project.node_wall_timeout_sec)}</Fact>
        <Fact name="Longest silence">{seconds(project.node_idle_timeout_sec)}</Fact>
        <Fact name="Time to stop">{seconds(project.node_terminate_grace_sec)}</Fact>
        <Fact name="Assistants">
          {project.assistants === 'inline' ? 'the engine asks them itself' : 'a worker asks them'}
        </Fact>
      </dl>
      {Object.entries(project.agents).map(([name, agent]) => (
        <Panel
          key={name}
          title={
            <>
              <Icon name="robot" /> {name} <span className="chip">{agent.backend}</span>
            </>
          }
          inset="plain"
        >
          {agent.run !== null || agent.command !== null ? (
            <code className="command">{agent.run ?? agent.command?.join(' ')}</code>
          ) : (
            <p className="faint">
              {agent.model ?? 'default model'}, {agent.sandbox ?? project.default_sandbox}
            </p>
          )}
        </Panel>
      ))}
      <p className="faint">
        These stand in <Link href={filePath('/program/files', 'project.yaml')}>project.yaml</Link>.
      </p>
    </div>
  );
}
