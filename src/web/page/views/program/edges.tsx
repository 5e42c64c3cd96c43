/** Dependencies between tasks, to add and to remove; control edges, to see. */
import { useState } from 'react';
import { Link } from 'wouter';
import type { GraphEdge, ProgramView } from '../../../api/program.ts';
import type { DependencyKind } from '../../../../model/program.ts';
import { ApiFailure, sendJson } from '../../data/api.ts';
import { invalidate } from '../../data/resource.ts';
import { Confirm } from '../../parts/dialog.tsx';
import { FailureBox } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Empty } from '../../parts/pieces.tsx';

export function Edges({ program }: { program: ProgramView }) {
  const [leaving, setLeaving] = useState<GraphEdge | null>(null);
  const { edges } = program;
  return (
    <div className="stack">
      <NewEdge program={program} />
      <div className="panel">
        {edges.length === 0 ? (
          <Empty title="No edges yet">
            Tasks that do not depend on each other run side by side.
          </Empty>
        ) : (
          <ul className="rows">
            {edges.map((edge) => {
              const dependency = edge.kind === 'order' || edge.kind === 'context';
              return (
                <li
                  key={`${edge.kind} ${edge.source} ${edge.target} ${edge.label ?? ''} ${edge.scope ?? ''}`}
                  className="row-link"
                >
                  <span className={`chip edge-kind ${dependency ? '' : 'tone-accent'}`}>
                    {edge.kind}
                  </span>
                  <span className="grow">
                    <Link href={`/program/tasks/${edge.source}`}>{edge.source}</Link>
                    <span aria-label="to"> → </span>
                    <Link href={`/program/tasks/${edge.target}`}>{edge.target}</Link>
                    <span className="row-sub">
                      {edge.label !== null && <span>when it chooses “{edge.label}”</span>}
                      {edge.consume.length > 0 && <span>hands over {edge.consume.join(', ')}</span>}
                      {edge.scope !== null && edge.scope !== edge.source && (
                        <span>as {edge.scope}</span>
                      )}
                    </span>
                  </span>
                  {dependency && (
                    <button
                      type="button"
                      className="quiet"
                      aria-label={`Remove ${edge.source} to ${edge.target}`}
                      onClick={() => setLeaving(edge)}
                    >
                      <Icon name="trash" />
                    </button>
                  )}
                </li>
              );
            })}
          </ul>
        )}
      </div>
      {leaving && (
        <Confirm
          title="Remove this dependency?"
          verb="Remove"
          danger
          onClose={() => setLeaving(null)}
          onConfirm={async () => {
            const { source, target, kind } = leaving;
            const query = new URLSearchParams({ source, target, kind });
            await sendJson('DELETE', `/api/program/edges?${query.toString()}`);
            invalidate('/api/program');
          }}
        >
          <p>
            <code>{leaving.target}</code> no longer waits for <code>{leaving.source}</code>. Its
            file is edited; an edit that would break the program is refused.
          </p>
        </Confirm>
      )}
    </div>
  );
}

function NewEdge({ program }: { program: ProgramView }) {
  const [source, setSource] = useState('');
  const [target, setTarget] = useState('');
  const [kind, setKind] = useState<DependencyKind>('order');
  const [alias, setAlias] = useState('');
  const [consume, setConsume] = useState<string[]>([]);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const upstream = program.tasks.find(({ id }) => id === source);
  const add = async (): Promise<void> => {
    try {
      await sendJson('POST', '/api/program/edges', {
        source,
        target,
        kind,
        scope_alias: alias.trim() === '' ? null : alias.trim(),
        consume: kind === 'context' ? consume : [],
      });
      setFailure(null);
      setAlias('');
      setConsume([]);
      invalidate('/api/program');
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      setFailure(error);
    }
  };
  const ready =
    source !== '' && target !== '' && source !== target && (kind === 'order' || consume.length > 0);
  const ids = program.tasks.map(({ id }) => id);
  return (
    <form
      className="panel panel-body stack"
      aria-label="Add a dependency"
      onSubmit={(event) => {
        event.preventDefault();
        void add();
      }}
    >
      <div className="fields">
        <TaskSelect label="Task" value={target} ids={ids} onChange={setTarget} />
        <div className="field">
          <label htmlFor="edge-kind">Needs</label>
          <select
            id="edge-kind"
            value={kind}
            onChange={(event) => setKind(event.target.value as DependencyKind)}
          >
            <option value="order">the end of (order)</option>
            <option value="context">files of (context)</option>
          </select>
        </div>
        <TaskSelect
          label="Task before it"
          value={source}
          ids={ids}
          onChange={(id) => {
            setSource(id);
            setConsume([]);
          }}
        />
        <div className="field">
          <label htmlFor="edge-alias">
            Known as <span className="optional">optional</span>
          </label>
          <input
            id="edge-alias"
            value={alias}
            placeholder={source}
            onChange={(event) => setAlias(event.target.value)}
          />
        </div>
      </div>
      {kind === 'context' && upstream && (
        <fieldset className="plain-fieldset">
          <legend className="label">Files that it takes</legend>
          <div className="row">
            {upstream.publish.map((path) => (
              <label key={path} className="choice">
                <input
                  type="checkbox"
                  checked={consume.includes(path)}
                  onChange={(event) =>
                    setConsume(
                      event.target.checked
                        ? [...consume, path]
                        : consume.filter((each) => each !== path),
                    )
                  }
                />
                <span className="mono">{path}</span>
              </label>
            ))}
          </div>
        </fieldset>
      )}
      {failure && <FailureBox failure={failure} />}
      <div className="row">
        <button type="submit" disabled={!ready}>
          <Icon name="plus" /> Add the dependency
        </button>
      </div>
    </form>
  );
}

function TaskSelect(props: {
  label: string;
  value: string;
  ids: string[];
  onChange: (id: string) => void;
}) {
  const { label, value, ids, onChange } = props;
  const id = `edge-${label.replaceAll(' ', '-')}`;
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <select id={id} value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">Choose…</option>
        {ids.map((each) => (
          <option key={each}>{each}</option>
        ))}
      </select>
    </div>
  );
}
