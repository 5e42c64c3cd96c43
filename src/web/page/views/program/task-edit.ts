/** An edit of a task by its form: what the person changed, and saving that alone. */
import { useMemo, useState } from 'react';
import { stringifyJson, type JsonObject } from '../../../../model/json.ts';
import type { TaskView } from '../../../api/task.ts';
import { apiPath, sendJson, type ApiFailure } from '../../data/api.ts';
import { useFailure } from '../../data/failure.ts';
import { invalidate, remember } from '../../data/resource.ts';

/** Those that differ, with null for one that went: defaults stay out of the file. */
function changedFields(old: JsonObject, draft: JsonObject): JsonObject {
  const names = new Set([...Object.keys(old), ...Object.keys(draft)]);
  const text = (from: JsonObject, name: string): string => stringifyJson(from[name] ?? null);
  const changed = [...names].filter((name) => text(old, name) !== text(draft, name));
  return Object.fromEntries(changed.map((name) => [name, draft[name] ?? null]));
}

export interface TaskEdit {
  /** The fields as they would stand in the file. */
  draft: JsonObject;
  change: (draft: JsonObject) => void;
  /** Counts the times that the edit began anew. */
  round: number;
  /** Names of the fields that would be saved. */
  changed: string[];
  /** The file has changed since the edit began. */
  outdated: boolean;
  saved: boolean;
  /** A save is under way. */
  busy: boolean;
  failure: ApiFailure | null;
  save: () => Promise<void>;
  /** Begins again with what is there. */
  begin: () => void;
}

export function useTaskEdit(view: TaskView, written: JsonObject): TaskEdit {
  // What the edit began with stays, also while the file changes underneath: the server tells.
  const [begun, setBegun] = useState({ hash: view.hash, fields: written, round: 0 });
  const [draft, setDraft] = useState(written);
  const { failure, setFailure, busy, attempt } = useFailure();
  const [saved, setSaved] = useState(false);
  const fields = useMemo(() => changedFields(begun.fields, draft), [begun, draft]);
  const beginWith = (hash: string, from: JsonObject): void => {
    setBegun({ hash, fields: from, round: begun.round + 1 });
    setDraft(from);
    setFailure(null);
  };
  const address = apiPath('program', 'tasks', view.id);
  return {
    draft,
    change(next) {
      setDraft(next);
      setSaved(false);
    },
    round: begun.round,
    changed: Object.keys(fields),
    outdated: view.hash !== begun.hash,
    saved,
    busy,
    failure,
    async save() {
      // A second one would begin with what the first has replaced, and be refused.
      if (busy) return;
      await attempt(async () => {
        const next = await sendJson<TaskView>('PATCH', address, { fields, base_hash: begun.hash });
        remember(address, next);
        invalidate('/api/program');
        const { written: now } = next;
        if (now) {
          setBegun({ hash: next.hash, fields: now, round: begun.round });
          // What was typed meanwhile stays.
          setDraft((typed) => (typed === draft ? now : typed));
        }
        setSaved(true);
      });
    },
    begin: () => beginWith(view.hash, written),
  };
}
