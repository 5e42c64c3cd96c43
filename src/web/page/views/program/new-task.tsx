/** A new task, written as YAML. */
import { useState } from 'react';
import { useLocation } from 'wouter';
import type { EditResult } from '../../../api/task.ts';
import { sendJson } from '../../data/api.ts';
import { useFailure } from '../../data/failure.ts';
import { invalidate } from '../../data/resource.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { YamlEditor } from '../../form/yaml-editor.tsx';

const beginning = `id: new_task
title: What it does
status: ready
depends_on: []
compose:
  - kind: literal
    text: |
      What the agent is told.
publish: [final.md]
`;

export function NewTask() {
  const [yaml, setYaml] = useState(beginning);
  const { failure, attempt } = useFailure();
  const [, navigate] = useLocation();
  const add = async (): Promise<void> => {
    const { ids } = await sendJson<EditResult>('POST', '/api/program/tasks', { yaml });
    invalidate('/api/program');
    navigate(ids[0] === undefined ? '/program' : `/program/tasks/${ids[0]}`);
  };
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(add);
      }}
    >
      <YamlEditor
        label="The new task as YAML"
        value={yaml}
        onChange={setYaml}
        diagnostics={failure?.body.diagnostics ?? []}
      />
      {failure && <FailureBox failure={failure} />}
      <div className="row">
        <button type="submit" className="primary">
          Add the task
        </button>
        <span className="faint">It is checked with the whole program before it is written.</span>
      </div>
    </form>
  );
}
