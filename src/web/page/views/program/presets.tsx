/** Presets: tasks made from a pattern. Shown as the files that they would write, before they are written. */
import { useState } from 'react';
import { Link } from 'wouter';
import type { PresetPreview } from '../../../api/preset.ts';
import type { PresetView } from '../../../api/program.ts';
import type { EditResult } from '../../../api/task.ts';
import { apiPath, sendJson } from '../../data/api.ts';
import { useFailure } from '../../data/failure.ts';
import { invalidate } from '../../data/resource.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { Box, Command, Empty, Panel } from '../../parts/pieces.tsx';
import { TaskLinks } from './task-links.tsx';

export function Presets({ presets, chosen }: { presets: PresetView[]; chosen: string | null }) {
  if (presets.length === 0) {
    return (
      <div className="panel">
        <Empty title="No presets">
          A file presets/name.yaml makes tasks from a pattern with variables.
          <br />
          <Command words={['schema', 'preset']} />
        </Empty>
      </div>
    );
  }
  const preset = presets.find((each) => each.preset.id === chosen);
  if (preset) return <Preset key={preset.preset.id} view={preset} />;
  return (
    <div className="panel">
      <ul className="rows">
        {presets.map(({ preset: { id, title, description, tasks }, source }) => (
          <li key={id}>
            <Link href={`/program/presets/${id}`} className="row-link">
              <span className="grow">
                <span className="run-what">{title}</span>
                <span className="row-sub">
                  <span className="mono">{id}</span> {description}
                </span>
              </span>
              <span className="chip">{tasks.length} tasks</span>
              {source === 'global' && <span className="chip">of this machine</span>}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  );
}

function Preset({ view }: { view: PresetView }) {
  const { id, title, description, variables } = view.preset;
  const [values, setValues] = useState<Record<string, string>>({});
  const [preview, setPreview] = useState<PresetPreview | null>(null);
  const [written, setWritten] = useState<EditResult | null>(null);
  const { failure, attempt } = useFailure();
  const base = apiPath('program', 'presets', id);
  const look = (): Promise<void> =>
    attempt(async () => {
      setWritten(null);
      setPreview(await sendJson<PresetPreview>('POST', `${base}/preview`, { variables: values }));
    });
  const apply = (overwrite: boolean): Promise<void> =>
    attempt(async () => {
      const body = { variables: values, overwrite };
      setWritten(await sendJson<EditResult>('POST', `${base}/apply`, body));
      setPreview(null);
      invalidate('/api/program');
    });
  return (
    <div className="stack">
      <div>
        <h2>{title}</h2>
        <p className="faint">{description}</p>
      </div>
      <form
        className="panel panel-body stack"
        aria-label="Variables"
        onSubmit={(event) => {
          event.preventDefault();
          void look();
        }}
      >
        <Variables
          variables={variables}
          values={values}
          onChange={(next) => {
            setValues(next);
            setPreview(null);
          }}
        />
        {failure && <FailureBox failure={failure} />}
        <Buttons preview={preview} onWrite={(overwrite) => void apply(overwrite)} />
      </form>
      {written && (
        <Box tone="ok" icon="check">
          Written: <TaskLinks ids={written.ids} />
        </Box>
      )}
      {preview?.files.map(({ path, yaml, exists }) => (
        <Panel
          key={path}
          title={
            <>
              <span className="mono">{path}</span>
              {exists && <span className="chip tone-wait">exists already</span>}
            </>
          }
          inset="plain"
        >
          <pre className="text-block">{yaml}</pre>
        </Panel>
      ))}
    </div>
  );
}

interface VariablesProps {
  variables: PresetView['preset']['variables'];
  values: Record<string, string>;
  onChange: (values: Record<string, string>) => void;
}

function Variables({ variables, values, onChange }: VariablesProps) {
  const names = Object.entries(variables);
  if (names.length === 0) return <p className="faint">This preset has no variables.</p>;
  return names.map(([name, variable]) => (
    <div key={name} className="field">
      <label htmlFor={`variable-${name}`}>
        {name} {!variable.required && <span className="optional">optional</span>}
      </label>
      {variable.description && <p className="field-note">{variable.description}</p>}
      <input
        id={`variable-${name}`}
        value={values[name] ?? ''}
        placeholder={variable.default ?? ''}
        onChange={(event) => {
          const next = { ...values, [name]: event.target.value };
          if (event.target.value === '') delete next[name];
          onChange(next);
        }}
      />
    </div>
  ));
}

/** Nothing that exists is written over unless that is wanted. */
function Buttons(props: { preview: PresetPreview | null; onWrite: (overwrite: boolean) => void }) {
  const { preview, onWrite } = props;
  const [overwrite, setOverwrite] = useState(false);
  const taken = preview?.files.some(({ exists }) => exists) ?? false;
  return (
    <div className="row">
      <button type="submit">Preview</button>
      {preview && (
        <button
          type="button"
          className="primary"
          disabled={taken && !overwrite}
          onClick={() => onWrite(overwrite)}
        >
          Write {preview.files.length} {preview.files.length === 1 ? 'task' : 'tasks'}
        </button>
      )}
      {taken && (
        <label className="choice">
          <input
            type="checkbox"
            checked={overwrite}
            onChange={(event) => setOverwrite(event.target.checked)}
          />
          <span>Overwrite what exists</span>
        </label>
      )}
    </div>
  );
}
