/** A task: what it is, and how to change it, as a form or as YAML. */
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { ProgramView } from '../../../api/program.ts';
import type { TaskView as View } from '../../../api/task.ts';
import { apiPath, sendJson } from '../../data/api.ts';
import { invalidate, useResource } from '../../data/resource.ts';
import { useTitle } from '../../data/title.ts';
import { Confirm } from '../../parts/dialog.tsx';
import { FileEditor } from '../../editor/file-editor.tsx';
import { formEdit, keepUnsaved } from '../../editor/unsaved.ts';
import { Diagnostics, FailureView } from '../../parts/failure.tsx';
import { Icon } from '../../parts/icons.tsx';
import { Crumbs, Empty, Pending, Tabs } from '../../parts/pieces.tsx';
import { TaskDetails } from './task-details.tsx';
import { TaskForm } from './task-form.tsx';
import './program.css';

export function TaskView({ id, tab }: { id: string; tab: string }) {
  const { data, error } = useResource<View>(apiPath('program', 'tasks', id));
  const program = useResource<ProgramView>('/api/program');
  const [leaving, setLeaving] = useState(false);
  useTitle(id);
  if (!data) return error ? <FailureView failure={error} /> : <Pending rows={8} />;
  const { task, diagnostics } = data;
  const problems = diagnostics.filter(({ severity }) => severity !== 'note').length;
  const base = `/program/tasks/${encodeURIComponent(id)}`;
  return (
    <main className="view">
      <Crumbs
        parts={[
          { href: '/program', text: 'Program' },
          { href: '/program/tasks', text: 'Tasks' },
        ]}
      />
      <div className="page-head">
        <div className="grow">
          <h1>{task?.title ?? id}</h1>
          <p className="row-sub">
            <span className="mono">{id}</span>
            {task && (
              <>
                <span>{task.control ? `${task.control.mode} controller` : 'work'}</span>
                <span className="chip">{task.status}</span>
                {task.labels.map((label) => (
                  <span key={label}>#{label}</span>
                ))}
              </>
            )}
          </p>
        </div>
        <div className="row">
          <button type="button" onClick={() => setLeaving(true)}>
            <Icon name="trash" /> Delete
          </button>
          <Link
            href={`/start?root=${encodeURIComponent(id)}`}
            className={tab === '' ? 'button primary' : 'button'}
          >
            <Icon name="play" /> Run up to here
          </Link>
        </div>
      </div>
      <Tabs
        label="Parts of the task"
        current={tab === '' ? base : `${base}/${tab}`}
        tabs={[
          { href: base, label: 'Details' },
          { href: `${base}/edit`, label: 'Edit as a form' },
          { href: `${base}/yaml`, label: 'Edit as YAML', count: problems, bad: true },
        ]}
      />
      {tab === 'yaml' ? (
        <FileEditor key={id} file={data.file} />
      ) : !task ? (
        <div className="stack">
          <Empty title="The file cannot be read as a task">
            <Link href={`${base}/yaml`}>Mend it as YAML</Link>
          </Empty>
          <Diagnostics list={diagnostics} />
        </div>
      ) : tab === 'edit' ? (
        <TaskForm key={id} view={data} written={data.written ?? {}} program={program.data} />
      ) : (
        <TaskDetails view={data} task={task} program={program.data} />
      )}
      {leaving && <ConfirmDelete id={id} file={data.file} onClose={() => setLeaving(false)} />}
    </main>
  );
}

function ConfirmDelete(props: { id: string; file: string; onClose: () => void }) {
  const { id, file, onClose } = props;
  const [, navigate] = useLocation();
  return (
    <Confirm
      title={`Delete ${id}?`}
      verb="Delete"
      danger
      onClose={onClose}
      onConfirm={async () => {
        await sendJson('DELETE', apiPath('program', 'tasks', id));
        for (const edit of [file, formEdit(file)]) keepUnsaved(edit, null);
        navigate('/program');
        invalidate('/api/program');
      }}
    >
      <p>
        It removes <code>{file}</code>. Where another task depends on it, this is refused. Runs that
        have started keep what they froze.
      </p>
    </Confirm>
  );
}
