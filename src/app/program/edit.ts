/**
 * The one way in which authored files change: what the edit would make of the program is validated before
 * anything is on disk, and written if the program is no worse for it. All files are written, or none.
 */
import { readFileSync, type Stats } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { Refusal } from '../../model/refusal.ts';
import { makeDirectory, remove, replaceFile } from '../../disk/disk.ts';
import { resolveInside } from '../../disk/inside.ts';
import { statsOf } from '../../disk/stats-of.ts';
import type { Edits } from '../../program/source/source.ts';
import type { HeldProgram } from './held-program.ts';
import { inOneLine, validate, type ProgramPlace, type Validated } from './validate.ts';
import { asRefusal } from './write-failure.ts';

export interface CheckedEdit {
  /** The program with the edit in it. */
  after: Validated;
  /** What the edit adds: problems from before do not stand in its way. */
  errors: Diagnostic[];
  warnings: Diagnostic[];
}

/** What validation would say of the program with the edits in it. Writes nothing. */
export async function checkEdit(place: ProgramPlace, edits: Edits): Promise<CheckedEdit> {
  const after = await validate(place, edits);
  const { errors, warnings } = after.report;
  // Where nothing is wrong, nothing was added: that need not be compared with what was before.
  if (errors.length + warnings.length === 0) return { after, errors, warnings };
  const before = (await validate(place)).report;
  return {
    after,
    errors: added(before.errors, errors),
    warnings: added(before.warnings, warnings),
  };
}

/**
 * Writes the edits. Returns the program as it is now, and the warnings that they add.
 * @throws Refusal `edit-breaks-program` with the errors that they would add; `edit-conflict`, `edit-outside`,
 * `disk-full`, `write-failed`
 */
export async function commitEdit(held: HeldProgram, edits: Edits): Promise<CheckedEdit> {
  const checked = await checkEdit(held, edits);
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
  writeAllOrNone(held.programDir, edits);
  return checked;
}

interface Written {
  file: string;
  before: Buffer | null;
  inPlaceOf: Stats | undefined;
}

function writeAllOrNone(programDir: string, edits: Edits): void {
  const done: Written[] = [];
  try {
    for (const [relative, text] of edits) {
      const inside = resolveInside(programDir, relative);
      if (!inside.ok) {
        throw new Refusal('edit-outside', `nothing was changed: ${relative}: ${inside.reason}`);
      }
      // Deleting takes a link away, not what it leads to.
      const file = text === null ? path.join(programDir, relative) : inside.path;
      const before = contentOf(file);
      const inPlaceOf = statsOf(file) ?? undefined;
      done.push({ file, before, inPlaceOf });
      if (text === null) remove(file);
      else {
        makeDirectory(path.dirname(file), { shared: true });
        replaceFile(file, withMarkOf(before, text), { durable: true, shared: true, inPlaceOf });
      }
    }
  } catch (error) {
    for (const { file, before, inPlaceOf } of done.reverse()) {
      if (before === null) remove(file);
      else replaceFile(file, before, { shared: true, inPlaceOf });
    }
    throw asRefusal(error);
  }
}

/** With the byte order mark that the file has. */
function withMarkOf(before: Buffer | null, text: string): string {
  const isMarked = before?.subarray(0, 3).equals(Buffer.from('\ufeff')) === true;
  return isMarked && !text.startsWith('\ufeff') ? `\ufeff${text}` : text;
}

function contentOf(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** What is in `after` and not in `before`; lines may have moved. */
function added(before: readonly Diagnostic[], after: readonly Diagnostic[]): Diagnostic[] {
  const key = (one: Diagnostic): string => `${one.code}\0${one.location}\0${one.message}`;
  const known = new Map<string, number>();
  for (const one of before) known.set(key(one), (known.get(key(one)) ?? 0) + 1);
  return after.filter((one) => {
    const left = known.get(key(one)) ?? 0;
    known.set(key(one), left - 1);
    return left <= 0;
  });
}
