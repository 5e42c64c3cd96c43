/**
 * The one way in which authored files change: what the edit would make of the program is validated before
 * anything is on disk, and written if the program is no worse for it. All files are written, or none.
 */
import type { Diagnostic } from '../../model/diagnostic.ts';
import { Refusal } from '../../model/refusal.ts';
import type { Edits } from '../../program/source/source.ts';
import type { HeldProgram } from './held-program.ts';
import { inOneLine, validate, type ProgramPlace, type Validated } from './validate.ts';
import { newProblems, type RenamedTask } from './worse.ts';
import { writeEdits } from './write-edits.ts';

export interface CheckedEdit {
  /** The program with the edit in it. */
  after: Validated;
  /** What the edit adds: problems from before do not stand in its way. */
  errors: Diagnostic[];
  warnings: Diagnostic[];
}

/** What validation would say of the program with the edits in it. Writes nothing. */
export async function checkEdit(
  place: ProgramPlace,
  edits: Edits,
  renamed: RenamedTask | null = null,
): Promise<CheckedEdit> {
  const after = await validate(place, edits);
  const { errors, warnings } = after.report;
  // Where nothing is wrong, nothing was added: that need not be compared with what was before.
  if (errors.length + warnings.length === 0) return { after, errors, warnings };
  const before = (await validate(place)).report;
  return {
    after,
    errors: newProblems(before.errors, errors, renamed),
    warnings: newProblems(before.warnings, warnings, renamed),
  };
}

/**
 * Writes the edits. Returns the program as it is now, and the warnings that they add.
 * @throws Refusal `edit-breaks-program` with the errors that they would add; `edit-conflict`, `edit-outside`,
 * `disk-full`, `write-failed`
 */
export async function commitEdit(
  held: HeldProgram,
  edits: Edits,
  renamed: RenamedTask | null = null,
): Promise<CheckedEdit> {
  const checked = await checkEdit(held, edits, renamed);
  const [first, ...more] = checked.errors;
  if (first !== undefined) {
    const others = more.length > 0 ? ` (and ${more.length} more)` : '';
    throw new Refusal(
      'edit-breaks-program',
      `nothing was changed: the edit would break the program: ${inOneLine(first)}${others}`,
      { ...(first.hint === null ? {} : { hint: first.hint }), data: { errors: [first, ...more] } },
    );
  }
  held.requireUnchanged(edits.keys());
  writeEdits(held.programDir, edits);
  return checked;
}
