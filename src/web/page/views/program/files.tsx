/** The files of a program, and one of them in the editor. */
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { usePathname } from 'wouter/use-browser-location';
import type { AuthoredFiles } from '../../../api/text.ts';
import { taskOfFile } from '../../../../model/program-files.ts';
import { fileAt, filePath } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';
import { useTitle } from '../../data/title.ts';
import { FileEditor } from '../../editor/file-editor.tsx';
import {
  fileOfForm,
  formEdit,
  keepUnsaved,
  newTaskEdit,
  useUnsaved,
} from '../../editor/unsaved.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Crumbs, Pending } from '../../parts/pieces.tsx';
import { Size } from '../../parts/time.tsx';
import './program.css';

export function Files() {
  const { data, error } = useResource<AuthoredFiles>('/api/program/texts');
  const unsaved = useUnsaved();
  if (!data) return error ? <FailureBox failure={error} /> : <Pending rows={6} />;
  // Begun and never saved, or gone since: else nobody finds them again.
  const without = unsaved.filter(
    (name) => !data.files.some(({ file }) => file === (fileOfForm(name) ?? name)),
  );
  return (
    <div className="stack">
      <div className="panel">
        <ul className="rows">
          {data.files.map(({ file, kind, size }) => {
            const edited = [file, formEdit(file)].find((name) => unsaved.includes(name));
            return (
              <li key={file}>
                <Link href={editorOf(edited ?? file)} className="row-link">
                  <Icon name="file" />
                  <span className="grow mono ellipsis">{file}</span>
                  {edited !== undefined && <span className="chip tone-wait">not saved</span>}
                  {kind !== null && <span className="chip">{kind}</span>}
                  <Size bytes={size} />
                </Link>
              </li>
            );
          })}
          {without.map((name) => (
            <li key={name} className="row">
              <Link href={editorOf(name)} className="row-link grow">
                <Icon name="file" />
                <span className="grow mono ellipsis">{name}</span>
                <span className="chip tone-wait">not saved</span>
                <span className="faint">no such file</span>
              </Link>
              <button type="button" className="quiet" onClick={() => keepUnsaved(name, null)}>
                Discard
              </button>
            </li>
          ))}
        </ul>
      </div>
      <NewFile />
    </div>
  );
}

/** Where an edit goes on, by the name that it is kept by. */
function editorOf(name: string): string {
  if (name === newTaskEdit) return '/program/new';
  const file = fileOfForm(name);
  const task = file === null ? null : taskOfFile(file);
  return task === null
    ? filePath('/program/files', file ?? name)
    : `/program/tasks/${encodeURIComponent(task)}/edit`;
}

function NewFile() {
  const [name, setName] = useState('prompts/');
  const [, navigate] = useLocation();
  return (
    <form
      className="row new-file"
      onSubmit={(event) => {
        event.preventDefault();
        navigate(filePath('/program/files', name.trim().replace(/^\/+/, '')));
      }}
    >
      <label htmlFor="new-file">New file</label>
      <input
        id="new-file"
        className="mono"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <button type="submit" disabled={/(^|\/)\s*$/.test(name)}>
        Open
      </button>
    </form>
  );
}

export function FileView() {
  // Of the address itself: what a route hands on still has escapes for `+`, `&` and the like in it.
  const file = fileAt('/program/files', usePathname());
  useTitle(file);
  return (
    <main className="view">
      <Crumbs
        parts={[
          { href: '/program', text: 'Program' },
          { href: '/program/files', text: 'Files' },
        ]}
      />
      <div className="page-head">
        <h1 className="grow ellipsis">{file}</h1>
      </div>
      <FileEditor key={file} file={file} />
    </main>
  );
}
