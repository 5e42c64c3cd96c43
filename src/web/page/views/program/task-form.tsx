/** The fields of a task that a form suits; the rest is edited as YAML. Comments in the file stay. */
import { useMemo, useState, type ReactNode } from 'react';
import type { ProgramView } from '../../../api/program.ts';
import type { TaskView } from '../../../api/task.ts';
import { sandboxes, taskStatuses, type TaskSpec } from '../../../../model/program.ts';
import type { Json, JsonObject } from '../../../../model/json.ts';
import { ApiFailure, apiPath, sendJson } from '../../data/api.ts';
import { invalidate, remember } from '../../data/resource.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { Box } from '../../parts/pieces.tsx';

interface TaskFormProps {
  view: TaskView;
  task: TaskSpec;
  program: ProgramView | null;
}

interface Draft {
  title: string;
  status: string;
  description: string;
  labels: string;
  agent: string;
  model: string;
  sandbox: string;
  workspace: string;
  publish: string;
  run: string;
  max_iterations: string;
  allow_human: boolean;
  roles: string[] | null;
}

function draftOf(task: TaskSpec): Draft {
  const { control } = task;
  return {
    title: task.title,
    status: task.status,
    description: task.description,
    labels: task.labels.join(', '),
    agent: task.agent,
    model: task.model ?? '',
    sandbox: task.sandbox ?? '',
    workspace: task.workspace ?? '',
    publish: task.publish.join('\n'),
    run: task.run ?? '',
    max_iterations: control?.mode === 'loop' ? String(control.max_iterations ?? '') : '',
    allow_human: task.interaction_policy.allow_human,
    roles: task.interaction_policy.allowed_assistant_roles,
  };
}

const words = (text: string, separator: RegExp): string[] =>
  text
    .split(separator)
    .map((each) => each.trim())
    .filter((each) => each !== '');

/** Only what the person changed, so that defaults stay out of the file. */
function changedFields(task: TaskSpec, old: Draft, draft: Draft): JsonObject {
  const fields: JsonObject = {};
  const set = (key: keyof Draft, field: string, value: Json): void => {
    if (JSON.stringify(old[key]) !== JSON.stringify(draft[key])) fields[field] = value;
  };
  const orNull = (text: string): string | null => (text.trim() === '' ? null : text.trim());
  set('title', 'title', draft.title);
  set('status', 'status', draft.status);
  set('description', 'description', orNull(draft.description));
  set('labels', 'labels', words(draft.labels, /,/));
  set('agent', 'agent', orNull(draft.agent));
  set('model', 'model', orNull(draft.model));
  set('sandbox', 'sandbox', orNull(draft.sandbox));
  set('workspace', 'workspace', orNull(draft.workspace));
  set('publish', 'publish', words(draft.publish, /\n/));
  set('run', 'run', orNull(draft.run));
  const { control } = task;
  if (control?.mode === 'loop' && old.max_iterations !== draft.max_iterations) {
    const limit = draft.max_iterations.trim();
    fields.control = { ...control, max_iterations: limit === '' ? null : Number(limit) };
  }
  if (
    old.allow_human !== draft.allow_human ||
    JSON.stringify(old.roles) !== JSON.stringify(draft.roles)
  ) {
    fields.interaction_policy = {
      allow_human: draft.allow_human,
      allowed_assistant_roles: draft.roles,
    };
  }
  return fields;
}

export function TaskForm({ view, task, program }: TaskFormProps) {
  // What the edit began with stays, also while the file changes underneath: the server tells.
  const [begun, setBegun] = useState(() => ({ hash: view.hash, draft: draftOf(task) }));
  const [draft, setDraft] = useState(begun.draft);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const [saved, setSaved] = useState(false);
  const fields = useMemo(() => changedFields(task, begun.draft, draft), [task, begun, draft]);
  const dirty = Object.keys(fields).length > 0;
  const change = (next: Partial<Draft>): void => {
    setDraft({ ...draft, ...next });
    setSaved(false);
  };
  const address = apiPath('program', 'tasks', view.id);
  const save = async (): Promise<void> => {
    try {
      const next = await sendJson<TaskView>('PATCH', address, { fields, base_hash: begun.hash });
      remember(address, next);
      invalidate('/api/program');
      if (next.task) {
        const fresh = draftOf(next.task);
        setBegun({ hash: next.hash, draft: fresh });
        setDraft(fresh);
      }
      setFailure(null);
      setSaved(true);
    } catch (error) {
      if (!(error instanceof ApiFailure)) throw error;
      setFailure(error);
    }
  };
  const agents = [
    ...new Set([task.agent, ...Object.keys(program?.project.agents ?? {}), 'default', 'shell']),
  ];
  const roles = program?.roles.map(({ id }) => id) ?? [];
  const begin = (): void => {
    const fresh = draftOf(task);
    setBegun({ hash: view.hash, draft: fresh });
    setDraft(fresh);
    setFailure(null);
  };
  return (
    <form
      className="stack task-form"
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      {view.hash !== begun.hash && (
        <Box tone="wait" icon="warn">
          <div className="row between">
            <span>The file has changed since you began.</span>
            <button type="button" onClick={begin}>
              Begin again with what is there
            </button>
          </div>
        </Box>
      )}
      <Field label="Title">
        {(id) => (
          <input
            id={id}
            value={draft.title}
            onChange={(event) => change({ title: event.target.value })}
          />
        )}
      </Field>
      <Field label="Description" optional>
        {(id) => (
          <textarea
            id={id}
            rows={2}
            value={draft.description}
            onChange={(event) => change({ description: event.target.value })}
          />
        )}
      </Field>
      <div className="fields">
        <Field
          label="Status"
          note="Your own board. Blocked and archived tasks keep runs from starting."
        >
          {(id) => (
            <select
              id={id}
              value={draft.status}
              onChange={(event) => change({ status: event.target.value })}
            >
              {taskStatuses.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Labels" optional note="With commas between them">
          {(id) => (
            <input
              id={id}
              value={draft.labels}
              onChange={(event) => change({ labels: event.target.value })}
            />
          )}
        </Field>
        <Field label="Agent">
          {(id) => (
            <>
              <input
                id={id}
                list="agents"
                value={draft.agent}
                onChange={(event) => change({ agent: event.target.value })}
              />
              <datalist id="agents">
                {agents.map((each) => (
                  <option key={each} value={each} />
                ))}
              </datalist>
            </>
          )}
        </Field>
        <Field label="Model" optional>
          {(id) => (
            <input
              id={id}
              value={draft.model}
              placeholder={program?.project.default_model ?? 'the default'}
              onChange={(event) => change({ model: event.target.value })}
            />
          )}
        </Field>
        <Field label="Sandbox" optional>
          {(id) => (
            <select
              id={id}
              value={draft.sandbox}
              onChange={(event) => change({ sandbox: event.target.value })}
            >
              <option value="">
                {program ? `as the project: ${program.project.default_sandbox}` : 'as the project'}
              </option>
              {sandboxes.map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Workspace" optional note="Relative to the project’s">
          {(id) => (
            <input
              id={id}
              className="mono"
              value={draft.workspace}
              onChange={(event) => change({ workspace: event.target.value })}
            />
          )}
        </Field>
      </div>
      <Field label="Publishes" note="One file a line; the task must leave each of them">
        {(id) => (
          <textarea
            id={id}
            className="mono"
            rows={Math.max(2, draft.publish.split('\n').length)}
            value={draft.publish}
            onChange={(event) => change({ publish: event.target.value })}
          />
        )}
      </Field>
      <Field label="Command line" optional note="For agents that run a command">
        {(id) => (
          <input
            id={id}
            className="mono"
            value={draft.run}
            onChange={(event) => change({ run: event.target.value })}
          />
        )}
      </Field>
      {task.control?.mode === 'loop' && (
        <Field label="Iterations at most" optional note="Empty: no limit">
          {(id) => (
            <input
              id={id}
              type="number"
              min={0}
              value={draft.max_iterations}
              onChange={(event) => change({ max_iterations: event.target.value })}
            />
          )}
        </Field>
      )}
      <fieldset className="plain-fieldset">
        <legend className="label">Whom it may ask</legend>
        <div className="stack tight">
          <label className="choice">
            <input
              type="checkbox"
              checked={draft.allow_human}
              onChange={(event) => change({ allow_human: event.target.checked })}
            />
            <span>A person</span>
          </label>
          {roles.map((role) => (
            <label key={role} className="choice">
              <input
                type="checkbox"
                checked={draft.roles === null || draft.roles.includes(role)}
                onChange={(event) => {
                  const chosen = roles.filter((each) =>
                    each === role
                      ? event.target.checked
                      : draft.roles === null || draft.roles.includes(each),
                  );
                  change({ roles: chosen.length === roles.length ? null : chosen });
                }}
              />
              <span>Assistant {role}</span>
            </label>
          ))}
        </div>
      </fieldset>
      {failure && <FailureBox failure={failure} />}
      <div className="row form-foot">
        <button type="submit" className="primary" disabled={!dirty}>
          Save
        </button>
        <button type="button" disabled={!dirty} onClick={begin}>
          Discard
        </button>
        <span className="faint" role="status">
          {saved
            ? 'Saved. Runs that have started keep what they froze.'
            : dirty
              ? `Changes: ${Object.keys(fields).join(', ')}`
              : 'Dependencies, prompt and control are edited as YAML or under Edges.'}
        </span>
      </div>
    </form>
  );
}

function Field(props: {
  label: string;
  note?: string;
  optional?: boolean;
  children: (id: string) => ReactNode;
}) {
  const { label, note, optional = false, children } = props;
  const id = `task-${label.toLowerCase().replaceAll(' ', '-')}`;
  return (
    <div className="field">
      <label htmlFor={id}>
        {label} {optional && <span className="optional">optional</span>}
      </label>
      {children(id)}
      {note && <p className="field-note">{note}</p>}
    </div>
  );
}
