/** An authored file as it is: checked as it is written, saved on top of what the edit began with. */
import { useMemo } from 'react';
import type { AuthoredTextView } from '../../api/text.ts';
import { filePath } from '../data/api.ts';
import { useResource } from '../data/resource.ts';
import { ChangedMeanwhile } from '../parts/changed-meanwhile.tsx';
import { Diagnostics, FailureBox } from '../parts/failure.tsx';
import { Box, Panel, Pending } from '../parts/pieces.tsx';
import { Editor, languageOf } from './lazy-editor.tsx';
import { useTextEdit, type TextEdit } from './text-edit.ts';
import { useComplete } from './use-complete.ts';

/** `file`: relative to the program. */
export function FileEditor({ file }: { file: string }) {
  const { data, error } = useResource<AuthoredTextView>(filePath('/api/program/texts', file));
  if (!data) return error ? <FailureBox failure={error} /> : <Pending rows={8} />;
  return <Editing key={file} view={data} />;
}

function Editing({ view }: { view: AuthoredTextView }) {
  const { file, kind } = view;
  const edit = useTextEdit(view);
  const complete = useComplete(kind);
  const { changed, check, failure } = edit;
  const found = check?.diagnostics ?? view.diagnostics;
  const here = useMemo(() => found.filter((each) => each.file === file), [found, file]);
  const elsewhere = changed ? found.filter((each) => each.file !== file) : [];
  return (
    <form
      className="stack"
      data-save=""
      onSubmit={(event) => {
        event.preventDefault();
        void edit.save();
      }}
    >
      {edit.outdated && <ChangedMeanwhile onBegin={edit.begin} />}
      {edit.isBack && (
        <Box tone="info" icon="info">
          What you had not saved is back.
        </Box>
      )}
      <Editor
        label={file}
        language={languageOf(file)}
        value={edit.text}
        onChange={edit.write}
        diagnostics={here}
        complete={kind === null ? undefined : complete}
      />
      {elsewhere.length > 0 && (
        <Panel title="Elsewhere in the program" label="Problems elsewhere" inset="plain">
          <Diagnostics list={elsewhere} />
        </Panel>
      )}
      {failure && <FailureBox failure={failure} />}
      <div className="row form-foot">
        <button
          type="submit"
          className="primary"
          disabled={!changed || edit.busy || check?.ok === false}
        >
          Save
        </button>
        <button type="button" disabled={!changed} onClick={edit.begin}>
          Discard
        </button>
        <span className="faint" role="status">
          {stateOf(edit, file)}
        </span>
      </div>
    </form>
  );
}

function stateOf({ saved, changed, isNew, check, text }: TextEdit, file: string): string {
  if (saved) return 'Saved. Runs that have started keep what they froze.';
  if (!changed) return isNew ? `There is no ${file} yet. Saving makes it.` : file;
  if (check?.text !== text) return 'Checking…';
  return check.ok ? 'Valid. Not saved yet.' : 'It would break the program; nothing is saved.';
}
