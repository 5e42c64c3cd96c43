/** A new task, written as YAML: checked with the whole program as it is written. */
import { useMemo, useState } from 'react';
import { useLocation } from 'wouter';
import type { EditResult } from '../../../api/task.ts';
import { idPattern } from '../../../../model/program.ts';
import { taskFile } from '../../../../model/program-files.ts';
import { sendJson } from '../../data/api.ts';
import { useFailure } from '../../data/failure.ts';
import { invalidate } from '../../data/resource.ts';
import { Editor } from '../../editor/lazy-editor.tsx';
import { keepUnsaved, newTaskEdit, unsavedOf } from '../../editor/unsaved.ts';
import { useCheck } from '../../editor/use-check.ts';
import { useComplete } from '../../editor/use-complete.ts';
import { Diagnostics, FailureBox } from '../../parts/failure.tsx';

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

/** The file that the text would become. */
function fileOf(yaml: string): string | null {
  const id = /^id:[ \t]*["']?([^\s"'#]+)/m.exec(yaml)?.[1] ?? '';
  return idPattern.test(id) ? taskFile(id) : null;
}

export function NewTask() {
  const [yaml, setYaml] = useState(() => unsavedOf(newTaskEdit)?.text ?? beginning);
  const { failure, setFailure, busy, attempt } = useFailure();
  const [, navigate] = useLocation();
  const file = fileOf(yaml);
  const check = useCheck(file, yaml, setFailure);
  const complete = useComplete('task');
  const found = check?.diagnostics ?? failure?.body.diagnostics ?? [];
  const here = useMemo(() => found.filter((each) => each.file === file), [found, file]);
  const elsewhere = found.filter((each) => each.file !== file);
  const add = async (): Promise<void> => {
    const { ids } = await sendJson<EditResult>('POST', '/api/program/tasks', { yaml });
    keepUnsaved(newTaskEdit, null);
    invalidate('/api/program');
    navigate(ids[0] === undefined ? '/program' : `/program/tasks/${ids[0]}`);
  };
  return (
    <form
      className="stack"
      data-save=""
      onSubmit={(event) => {
        event.preventDefault();
        void attempt(add);
      }}
    >
      <Editor
        label="The new task as YAML"
        language="yaml"
        value={yaml}
        onChange={(next) => {
          setYaml(next);
          setFailure(null);
          const begun = { hash: null, text: beginning };
          keepUnsaved(newTaskEdit, next === beginning ? null : { text: next, begun });
        }}
        diagnostics={here}
        complete={complete}
      />
      {elsewhere.length > 0 && <Diagnostics list={elsewhere} />}
      {failure && <FailureBox failure={failure} />}
      <div className="row">
        <button type="submit" className="primary" disabled={busy}>
          Add the task
        </button>
        <span className="faint">It is checked with the whole program before it is written.</span>
      </div>
    </form>
  );
}
