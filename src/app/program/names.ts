/**
 * Names that stand in a program and its runs, for completion: read straight from the disk, because opening
 * the runs would make a Tab slow. What cannot be read has no names.
 */
import path from 'node:path';
import { MESSAGE_LIMITS, readForeignJson } from '../../disk/foreign-json.ts';
import { namesIn } from '../../disk/names-in.ts';
import { readText } from '../../disk/read-text.ts';
import { isJsonObject } from '../../model/json.ts';
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
  const known = newestRunIds(programDir);
  const id =
    run === undefined || run === 'latest' ? known[0] : known.find((one) => one.startsWith(run));
  return id === undefined ? [] : namesIn(path.join(programDir, '.runs', id, 'instances')).sort();
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
  const read = readForeignJson(file, MESSAGE_LIMITS);
  const text = read.ok && isJsonObject(read.value) ? read.value['question'] : null;
  return typeof text === 'string' ? beginning(text, 80) : '';
}

function idsIn(directory: string, extension: string): string[] {
  return namesIn(directory)
    .sort()
    .filter((name) => name.endsWith(extension) && !name.startsWith('.'))
    .map((name) => name.slice(0, -extension.length));
}
