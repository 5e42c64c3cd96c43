/** A dependency to be added: which task needs what of which. */
import { useState } from 'react';
import type { DependencyKind } from '../../../../model/program.ts';
import type { NewEdgeBody } from '../../../api/edge.ts';
import type { ProgramView } from '../../../api/program.ts';
import { sendJson } from '../../data/api.ts';
import { useFailure } from '../../data/failure.ts';
import { invalidate } from '../../data/resource.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';

export function NewEdge({ program }: { program: ProgramView }) {
  const [source, setSource] = useState('');
  const [target, setTarget] = useState('');
  const [kind, setKind] = useState<DependencyKind>('order');
  const [alias, setAlias] = useState('');
  const [consume, setConsume] = useState<string[]>([]);
  const { failure, attempt } = useFailure();
  const upstream = program.tasks.find(({ id }) => id === source);
  const add = async (): Promise<void> => {
    const body: NewEdgeBody = {
      source,
      target,
      kind,
      scope_alias: alias.trim() === '' ? null : alias.trim(),
      consume: kind === 'context' ? consume : [],
    };
    await sendJson('POST', '/api/program/edges', body);
    setAlias('');
    setConsume([]);
    invalidate('/api/program');
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
        void attempt(add);
      }}
    >
      <div className="fields">
        <TaskSelect label="Task" value={target} ids={ids} onChange={setTarget} />
        <KindSelect kind={kind} onChange={setKind} />
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
        <Consumed files={upstream.publish} chosen={consume} onChange={setConsume} />
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

function KindSelect(props: { kind: DependencyKind; onChange: (kind: DependencyKind) => void }) {
  const { kind, onChange } = props;
  return (
    <div className="field">
      <label htmlFor="edge-kind">Needs</label>
      <select
        id="edge-kind"
        value={kind}
        onChange={(event) => onChange(event.target.value as DependencyKind)}
      >
        <option value="order">the end of (order)</option>
        <option value="context">files of (context)</option>
      </select>
    </div>
  );
}

interface ConsumedProps {
  files: string[];
  chosen: string[];
  onChange: (chosen: string[]) => void;
}

function Consumed({ files, chosen, onChange }: ConsumedProps) {
  return (
    <fieldset className="plain-fieldset">
      <legend className="label">Files that it takes</legend>
      <div className="row">
        {files.map((path) => (
          <label key={path} className="choice">
            <input
              type="checkbox"
              checked={chosen.includes(path)}
              onChange={(event) =>
                onChange(
                  event.target.checked ? [...chosen, path] : chosen.filter((each) => each !== path),
                )
              }
            />
            <span className="mono">{path}</span>
          </label>
        ))}
      </div>
    </fieldset>
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
