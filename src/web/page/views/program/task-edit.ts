/** An edit of a task by its form: what the person changed, and saving that alone. */
import { useMemo, useState } from 'react';
import type { Json, JsonObject } from '../../../../model/json.ts';
import type { TaskSpec } from '../../../../model/program.ts';
import type { TaskView } from '../../../api/task.ts';
import { apiPath, sendJson, type ApiFailure } from '../../data/api.ts';
import { useFailure } from '../../data/failure.ts';
import { invalidate, remember } from '../../data/resource.ts';

/** As the form shows it: lists as text, nothing as the empty string. */
export interface TaskDraft {
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

function draftOf(task: TaskSpec): TaskDraft {
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
function changedFields(task: TaskSpec, old: TaskDraft, draft: TaskDraft): JsonObject {
  const fields: JsonObject = {};
  const set = (key: keyof TaskDraft, field: string, value: Json): void => {
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

export interface TaskEdit {
  draft: TaskDraft;
  change: (next: Partial<TaskDraft>) => void;
  /** Names of the fields that would be saved. */
  changed: string[];
  /** The file has changed since the edit began. */
  outdated: boolean;
  saved: boolean;
  failure: ApiFailure | null;
  save: () => Promise<void>;
  /** Begins again with what is there. */
  begin: () => void;
}

export function useTaskEdit(view: TaskView, task: TaskSpec): TaskEdit {
  // What the edit began with stays, also while the file changes underneath: the server tells.
  const [begun, setBegun] = useState(() => ({ hash: view.hash, draft: draftOf(task) }));
  const [draft, setDraft] = useState(begun.draft);
  const { failure, setFailure, attempt } = useFailure();
  const [saved, setSaved] = useState(false);
  const fields = useMemo(() => changedFields(task, begun.draft, draft), [task, begun, draft]);
  const beginWith = (hash: string, from: TaskSpec): void => {
    const fresh = draftOf(from);
    setBegun({ hash, draft: fresh });
    setDraft(fresh);
    setFailure(null);
  };
  const address = apiPath('program', 'tasks', view.id);
  return {
    draft,
    change(next) {
      setDraft({ ...draft, ...next });
      setSaved(false);
    },
    changed: Object.keys(fields),
    outdated: view.hash !== begun.hash,
    saved,
    failure,
    save: () =>
      attempt(async () => {
        const next = await sendJson<TaskView>('PATCH', address, { fields, base_hash: begun.hash });
        remember(address, next);
        invalidate('/api/program');
        if (next.task) beginWith(next.hash, next.task);
        setSaved(true);
      }),
    begin: () => beginWith(view.hash, task),
  };
}
