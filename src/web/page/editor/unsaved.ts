/** Edits that are not saved yet: kept over a reload and while one looks elsewhere, and who closes the tab is asked. */
import { useSyncExternalStore } from 'react';

export interface Unsaved {
  text: string;
  /** What the edit began with; its `hash`: null where there was no such file. */
  begun: { hash: string | null; text: string };
}

/** By which the edit of a task that has no file yet is kept. */
export const newTaskEdit = 'a new task';

const asForm = ' (as a form)';

/** By which the edit of a task by its form is kept, beside that of its text. */
export function formEdit(file: string): string {
  return `${file}${asForm}`;
}

/** The file of such an edit; null: it is another's. */
export function fileOfForm(name: string): string | null {
  return name.endsWith(asForm) ? name.slice(0, -asForm.length) : null;
}

const prefix = 'codex-orch.edit.';
const listeners = new Set<() => void>();
/** Also what is too long to be kept. */
const edits = new Map<string, Unsaved>(stored());
let names: string[] = [...edits.keys()].sort();

function stored(): [string, Unsaved][] {
  try {
    return Object.entries(sessionStorage).flatMap(([key, value]) =>
      key.startsWith(prefix)
        ? [[key.slice(prefix.length), JSON.parse(String(value)) as Unsaved]]
        : [],
    );
  } catch {
    return [];
  }
}

export function unsavedOf(file: string): Unsaved | null {
  return edits.get(file) ?? null;
}

/** Null: it was saved, or given up. */
export function keepUnsaved(file: string, edit: Unsaved | null): void {
  if (edit === null) edits.delete(file);
  else edits.set(file, edit);
  try {
    if (edit === null) sessionStorage.removeItem(prefix + file);
    else sessionStorage.setItem(prefix + file, JSON.stringify(edit));
  } catch {
    // Then it lasts as long as the page does.
  }
  if (edits.has(file) === names.includes(file)) return;
  names = [...edits.keys()].sort();
  for (const listener of listeners) listener();
}

/** Names of the files with edits that are not saved. */
export function useUnsaved(): readonly string[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => names,
  );
}

addEventListener('beforeunload', (event) => {
  if (edits.size > 0) event.preventDefault();
});
