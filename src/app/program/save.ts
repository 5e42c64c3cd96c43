/** Saving from the page: on top of the very text that the author began with. */
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { Json } from '../../model/json.ts';
import { idPattern } from '../../model/program.ts';
import { taskFile } from '../../model/program-files.ts';
import { Refusal } from '../../model/refusal.ts';
import { checkText, requireBase } from './authored-text.ts';
import { commitEdit } from './edit.ts';
import { editProgram, type Editor, type HeldProgram } from './held-program.ts';
import { removeField, setFields } from '../../program/source/edit-yaml.ts';
import { withLineBreaksOf } from '../../text/line-breaks.ts';
import { editableText, taskText } from './edit-task.ts';
import { taskDetails, type TaskDetails } from './look.ts';
import type { ProgramPlace } from './validate.ts';

/** What validation would say of the program, were `yaml` the text of the task. Writes nothing. */
export async function checkTask(
  place: ProgramPlace,
  id: string,
  yaml: string,
): Promise<{ diagnostics: Diagnostic[]; ok: boolean }> {
  if (!idPattern.test(id)) {
    throw new Refusal('task-invalid', `${JSON.stringify(id)} cannot be a task's id`);
  }
  return checkText(place, taskFile(id), yaml);
}

/**
 * Saves the text of a task. `baseHash`: SHA-256 of the text that the author began with.
 * @throws Refusal `edit-conflict`, `edit-breaks-program`, `task-unknown`
 */
export async function saveTaskYaml(
  editor: Editor,
  place: ProgramPlace,
  id: string,
  yaml: string,
  baseHash: string,
): Promise<TaskDetails> {
  return editProgram(editor, place, 'a save from the page', (held) => {
    const before = taskText(held.source, id);
    requireBase(taskFile(id), before, baseHash);
    return save(held, id, withLineBreaksOf(before, yaml));
  });
}

/** Sets top-level fields, or removes those that are null; every other byte stays. @throws Refusal as `saveTaskYaml` */
export async function saveTaskFields(
  editor: Editor,
  place: ProgramPlace,
  id: string,
  fields: Record<string, Json>,
  baseHash: string,
): Promise<TaskDetails> {
  return editProgram(editor, place, 'a save from the page', (held) => {
    requireBase(taskFile(id), taskText(held.source, id), baseHash);
    const set = Object.entries(fields).filter(([, value]) => value !== null);
    const gone = Object.keys(fields).filter((name) => fields[name] === null);
    const text = gone.reduce(removeField, editableText(held.source, id));
    return save(held, id, setFields(text, Object.fromEntries(set)));
  });
}

async function save(held: HeldProgram, id: string, yaml: string): Promise<TaskDetails> {
  const { after } = await commitEdit(held, new Map([[taskFile(id), yaml]]));
  return taskDetails(after, id, yaml);
}
