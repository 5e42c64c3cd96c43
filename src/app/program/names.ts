/**
 * Names that stand in a program and its runs, for completion: read straight from the disk, because opening
 * the runs would make a Tab slow. What cannot be read has no names.
 */
import path from 'node:path';
import { MESSAGE_LIMITS, readForeignJson } from '../../disk/foreign-json.ts';
import { namesIn } from '../../disk/names-in.ts';
import { readText } from '../../disk/read-text.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/json.ts';
import { listRunIds } from '../../store/layout.ts';
import { beginning } from '../../text/width.ts';

export function taskIds(programDir: string): string[] {
  return idsIn(path.join(programDir, 'tasks'), '.yaml');
}

export function presetIds(programDir: string): string[] {
  return idsIn(path.join(programDir, 'presets'), '.yaml');
}

/** Labels of tasks, as far as a look at the text tells. */
export function taskLabels(programDir: string): string[] {
  const found = new Set<string>();
  for (const id of taskIds(programDir)) {
    const read = readText(path.join(programDir, 'tasks', `${id}.yaml`));
    const text = read.ok ? read.text : '';
    const block = /^labels:[ \t]*(?:\[([^\]]*)\]|((?:\r?\n[ \t]*-[^\n]*)+))/m.exec(text);
    for (const label of (block?.[1] ?? block?.[2] ?? '').split(/,|\n[ \t]*-/)) {
      const plain = label.trim().replace(/^["']|["']$/g, '');
      if (plain !== '') found.add(plain);
    }
  }
  return [...found];
}

/** The newest, newest first. */
export function newestRunIds(programDir: string): string[] {
  return listRunIds(programDir).slice(0, 20);
}

/** `run`: a beginning of an id; undefined or `latest`: the newest. */
export function instanceIds(programDir: string, run: string | undefined): string[] {
  const directory = runDirectory(programDir, run);
  return directory === null ? [] : namesIn(path.join(directory, 'instances')).sort();
}

/**
 * `<task>:<item>`, as instances may be called: of the tasks that lists are made work for, or, once `typed` has a colon,
 * of the task before it.
 */
export function itemNames(programDir: string, run: string | undefined, typed: string): string[] {
  const directory = runDirectory(programDir, run);
  if (directory === null) return [];
  const state = path.join(directory, 'state');
  const scopes = new Map(
    idsIn(path.join(state, 'inputs'), '.json')
      .slice(0, MOST_RECORDS)
      .map((id) => [id, objectIn(path.join(state, 'inputs', `${id}.json`))]),
  );
  const split = typed.indexOf(':');
  if (split < 0) return [...scopes.values()].flatMap((scope) => itemOf(scope)?.called ?? []);
  const task = typed.slice(0, split);
  const found = instanceIds(programDir, run)
    .filter((id) => id.startsWith(`${task}-`))
    .slice(0, MOST_RECORDS)
    .map((id) => objectIn(path.join(state, 'instances', `${id}.json`)))
    .filter((instance) => instance['task_id'] === task)
    .flatMap((instance) => keyAround(scopes, instance['input_scope_id']) ?? []);
  return [...new Set(found)].map((key) => `${task}:${key}`);
}

/** A Tab waits for no more than that. */
const MOST_RECORDS = 2000;

/** Of the innermost item; null: the scope lies in none. */
function keyAround(scopes: ReadonlyMap<string, JsonObject>, scopeId: Json | undefined) {
  for (let id = scopeId, left = scopes.size; typeof id === 'string' && left > 0; left -= 1) {
    const scope = scopes.get(id) ?? {};
    const item = itemOf(scope);
    if (item !== null) return item.key;
    id = scope['parent_input_scope_id'];
  }
  return null;
}

function itemOf(scope: JsonObject): { called: string; key: string } | null {
  const { task, key } = isJsonObject(scope['item']) ? scope['item'] : {};
  if (typeof task !== 'string' || typeof key !== 'string') return null;
  return { called: `${task}:${key}`, key };
}

function objectIn(file: string): JsonObject {
  const read = readForeignJson(file, MESSAGE_LIMITS);
  return read.ok && isJsonObject(read.value) ? read.value : {};
}

function runDirectory(programDir: string, run: string | undefined): string | null {
  const known = newestRunIds(programDir);
  const id =
    run === undefined || run === 'latest' ? known[0] : known.find((one) => one.startsWith(run));
  return id === undefined ? null : path.join(programDir, '.runs', id);
}

/** Questions without an answer. */
export function unansweredQuestions(programDir: string): { id: string; question: string }[] {
  return newestRunIds(programDir).flatMap((run) => {
    const inbox = path.join(programDir, '.runs', run, 'inbox');
    const answered = new Set(idsIn(path.join(inbox, 'replies'), '.json'));
    const directory = path.join(inbox, 'interrupts');
    return idsIn(directory, '.json')
      .filter((id) => !answered.has(id))
      .map((id) => ({ id, question: questionIn(path.join(directory, `${id}.json`)) }));
  });
}

export function proposalIds(programDir: string): string[] {
  return newestRunIds(programDir).flatMap((run) =>
    idsIn(path.join(programDir, '.runs', run, 'proposals'), '.json'),
  );
}

function questionIn(file: string): string {
  const { question: text } = objectIn(file);
  return typeof text === 'string' ? beginning(text, 80) : '';
}

function idsIn(directory: string, extension: string): string[] {
  return namesIn(directory)
    .sort()
    .filter((name) => name.endsWith(extension) && !name.startsWith('.'))
    .map((name) => name.slice(0, -extension.length));
}
