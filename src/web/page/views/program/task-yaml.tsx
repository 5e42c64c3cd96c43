/** A task's file as it is, checked as it is written. */
import { useEffect, useState } from 'react';
import type { CheckResult, TaskView } from '../../../api/task.ts';
import type { Diagnostic } from '../../../../model/diagnostic.ts';
import { ApiFailure, apiPath, sendJson } from '../../data/api.ts';
import { invalidate, remember } from '../../data/resource.ts';
import { YamlEditor } from '../../form/yaml-editor.tsx';
import { Diagnostics, FailureBox } from '../../parts/failure.tsx';
import { Box } from '../../parts/pieces.tsx';

const checkDelayMs = 300;

export function TaskYaml({ view }: { view: TaskView }) {
  const [begun, setBegun] = useState({ hash: view.hash, yaml: view.yaml });
  const [yaml, setYaml] = useState(view.yaml);
  const [check, setCheck] = useState<CheckResult | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [saved, setSaved] = useState(false);
  const address = apiPath('program', 'tasks', view.id);
  const dirty = yaml !== begun.yaml;
  useEffect(() => {
    if (!dirty) return setCheck(null);
    let left = false;
    const timer = setTimeout(() => {
      sendJson<CheckResult>('POST', `${address}/check`, { yaml }).then(
        (result) => !left && setCheck(result),
        (error: unknown) => {
          if (!left && error instanceof ApiFailure && error.status !== 0) setFailure(error);
        },
      );
    }, checkDelayMs);
    return () => {
      left = true;
      clearTimeout(timer);
    };
  }, [address, yaml, dirty]);
  const begin = (next: TaskView): void => {
    setBegun({ hash: next.hash, yaml: next.yaml });
    setYaml(next.yaml);
    setFailure(null);
  };
  const save = async (): Promise<void> => {
    try {
      const next = await sendJson<TaskView>('PUT', `${address}/yaml`, {
        yaml,
        base_hash: begun.hash,
      });
      remember(address, next);
      invalidate('/api/program');
      begin(next);
      setSaved(true);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      setFailure(error);
    }
  };
  const found = check ? check.diagnostics : view.diagnostics;
  const here = (each: Diagnostic): boolean => each.file === view.file;
  const elsewhere = found.filter((each) => !here(each));
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {view.hash !== begun.hash && (
        <Box tone="wait" icon="warn">
          <div className="row between">
            <span>The file has changed since you began.</span>
            <button type="button" onClick={() => begin(view)}>
              Begin again with what is there
            </button>
          </div>
        </Box>
      )}
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
        <section className="panel" aria-label="Problems elsewhere">
          <h2>Elsewhere in the program</h2>
          <div className="panel-body">
            <Diagnostics list={elsewhere} />
          </div>
        </section>
      )}
      {failure && <FailureBox failure={failure} />}
      <div className="row form-foot">
        <button type="submit" className="primary" disabled={!dirty || check?.ok === false}>
          Save
        </button>
        <button type="button" disabled={!dirty} onClick={() => begin(view)}>
          Discard
        </button>
        <span className="faint" role="status">
          {saved
            ? 'Saved.'
            : !dirty
              ? view.file
              : check === null
                ? 'Checking…'
                : check.ok
                  ? 'Valid. Not saved yet.'
                  : 'It would break the program; nothing is saved.'}
        </span>
      </div>
    </form>
  );
}
