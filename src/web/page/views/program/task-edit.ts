/** An edit of a task by its form: what the person changed, and saving that alone. */
import { useMemo, useRef, useState } from 'react';
import { parseJson, stringifyJson, type JsonObject } from '../../../../model/json.ts';
import type { TaskView } from '../../../api/task.ts';
import { apiPath, sendJson, type ApiFailure } from '../../data/api.ts';
import { useFailure } from '../../data/failure.ts';
import { invalidate, remember } from '../../data/resource.ts';
import { formEdit, keepUnsaved, unsavedOf } from '../../editor/unsaved.ts';

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
  /** The edit was not saved when the page was left, and is back. */
  isBack: boolean;
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

interface Begun {
  hash: string;
  fields: JsonObject;
  round: number;
}

/** What was not saved when the page was left, and what that began with. */
function keptEdit(name: string): { begun: Begun; draft: JsonObject } | null {
  const kept = unsavedOf(name);
  if (kept === null) return null;
  const fields = parseJson(kept.begun.text) as JsonObject;
  return {
    begun: { hash: kept.begun.hash ?? '', fields, round: 0 },
    draft: parseJson(kept.text) as JsonObject,
  };
}

function keep(name: string, { hash, fields }: Begun, draft: JsonObject): void {
  const isChanged = Object.keys(changedFields(fields, draft)).length > 0;
  const begun = { hash, text: stringifyJson(fields) };
  keepUnsaved(name, isChanged ? { text: stringifyJson(draft), begun } : null);
}

export function useTaskEdit(view: TaskView, written: JsonObject): TaskEdit {
  const name = formEdit(view.file);
  const [kept] = useState(() => keptEdit(name));
  // What the edit began with stays, also while the file changes underneath: the server tells.
  const [begun, setBegun] = useState<Begun>(
    () => kept?.begun ?? { hash: view.hash, fields: written, round: 0 },
  );
  const [draft, setDraft] = useState(kept?.draft ?? written);
  const typed = useRef(draft);
  const { failure, setFailure, busy, attempt } = useFailure();
  const [saved, setSaved] = useState(false);
  const fields = useMemo(() => changedFields(begun.fields, draft), [begun, draft]);
  const changed = Object.keys(fields);
  const hold = (next: JsonObject, from: Begun): void => {
    typed.current = next;
    setDraft(next);
    keep(name, from, next);
  };
  const begin = (): void => {
    const there = { hash: view.hash, fields: written, round: begun.round + 1 };
    setBegun(there);
    hold(written, there);
    setFailure(null);
  };
  const outdated = !busy && view.hash !== begun.hash;
  // Who has changed nothing has nothing to lose.
  if (outdated && changed.length === 0) {
    setBegun({ hash: view.hash, fields: written, round: begun.round + 1 });
    setDraft(written);
    typed.current = written;
  }
  const address = apiPath('program', 'tasks', view.id);
  return {
    draft,
    change(next) {
      hold(next, begun);
      setSaved(false);
    },
    round: begun.round,
    changed,
    isBack: changed.length > 0 && draft === kept?.draft,
    outdated: outdated && changed.length > 0,
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
          const there = { hash: next.hash, fields: now, round: begun.round };
          setBegun(there);
          // What was typed meanwhile stays.
          hold(typed.current === draft ? now : typed.current, there);
        }
        setSaved(true);
      });
    },
    begin,
  };
}
