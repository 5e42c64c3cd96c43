/** A task's file as it is, checked as it is written. */
import { useEffect, useState } from 'react';
import type { CheckResult, TaskView } from '../../../api/task.ts';
import type { Diagnostic } from '../../../../model/diagnostic.ts';
import { ApiFailure, apiPath, sendJson } from '../../data/api.ts';
import { useFailure } from '../../data/failure.ts';
import { invalidate, remember } from '../../data/resource.ts';
import { YamlEditor } from '../../form/yaml-editor.tsx';
import { Diagnostics, FailureBox } from '../../parts/failure.tsx';
import { ChangedMeanwhile } from './changed-meanwhile.tsx';
import { Panel } from '../../parts/pieces.tsx';

const checkDelayMs = 300;

/** What the program would be with this text, asked for when it rests; null: there is nothing to ask. */
function useCheck(
  address: string,
  yaml: string | null,
  onFailure: (failure: ApiFailure) => void,
): CheckResult | null {
  const [check, setCheck] = useState<CheckResult | null>(null);
  useEffect(() => {
    if (yaml === null) return setCheck(null);
    let left = false;
    const timer = setTimeout(() => {
      sendJson<CheckResult>('POST', address, { yaml }).then(
        (result) => !left && setCheck(result),
        (error: unknown) => {
          if (!left && error instanceof ApiFailure && !error.isAway) onFailure(error);
        },
      );
    }, checkDelayMs);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [address, yaml, onFailure]);
  return check;
}

function verdict(check: CheckResult | null): string {
  if (check === null) return 'Checking…';
  return check.ok ? 'Valid. Not saved yet.' : 'It would break the program; nothing is saved.';
}

export function TaskYaml({ view }: { view: TaskView }) {
  const [begun, setBegun] = useState({ hash: view.hash, yaml: view.yaml });
  const [yaml, setYaml] = useState(view.yaml);
  const { failure, setFailure, busy, attempt } = useFailure();
  const [saved, setSaved] = useState(false);
  const address = apiPath('program', 'tasks', view.id);
  const dirty = yaml !== begun.yaml;
  const check = useCheck(`${address}/check`, dirty ? yaml : null, setFailure);
  const begin = (next: TaskView): void => {
    setBegun({ hash: next.hash, yaml: next.yaml });
    setYaml(next.yaml);
    setFailure(null);
  };
  const save = (): Promise<void> =>
    attempt(async () => {
      const body = { yaml, base_hash: begun.hash };
      const next = await sendJson<TaskView>('PUT', `${address}/yaml`, body);
      remember(address, next);
      invalidate('/api/program');
      setBegun({ hash: next.hash, yaml: next.yaml });
      // What was typed meanwhile stays.
      setYaml((typed) => (typed === yaml ? next.yaml : typed));
      setSaved(true);
    });
  const found = check ? check.diagnostics : view.diagnostics;
  const here = (each: Diagnostic): boolean => each.file === view.file;
  const elsewhere = found.filter((each) => !here(each));
  return (
    <form
      className="stack"
      data-save=""
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {view.hash !== begun.hash && <ChangedMeanwhile onBegin={() => begin(view)} />}
      <YamlEditor
        label={view.file}
        value={yaml}
        diagnostics={found.filter(here)}
        onChange={(next) => {
          setYaml(next);
          setSaved(false);
          setFailure(null);
        }}
      />
      {elsewhere.length > 0 && dirty && (
        <Panel title="Elsewhere in the program" label="Problems elsewhere" inset="plain">
          <Diagnostics list={elsewhere} />
        </Panel>
      )}
      {failure && <FailureBox failure={failure} />}
      <div className="row form-foot">
        <button type="submit" className="primary" disabled={!dirty || busy || check?.ok === false}>
          Save
        </button>
        <button type="button" disabled={!dirty} onClick={() => begin(view)}>
          Discard
        </button>
        <span className="faint" role="status">
          {saved && !dirty ? 'Saved.' : dirty ? verdict(check) : view.file}
        </span>
      </div>
    </form>
  );
}
