/**
 * Writes an edit of program files, if the program is no worse for it: validation sees the edited program
 * before anything is on disk. All files are written, or none.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { Refusal } from '../../model/refusal.ts';
import { makeDirectory, remove, replaceFile } from '../../disk/disk.ts';
import type { Overlay } from '../../program/source/authored-file.ts';
import { resolveInside } from '../../disk/inside.ts';
import { inOneLine, validate, type ProgramPlace } from './validate.ts';

/**
 * `edits`: file, relative to the program, → its new text, or null to delete it. Throws a Refusal
 * `edit-breaks-program` with the errors that the edit would add; errors from before do not stand in its way.
 * Returns the warnings that it adds.
 */
export async function commitEdit(place: ProgramPlace, edits: Overlay): Promise<Diagnostic[]> {
  const before = await validate(place);
  const after = await validate(place, edits);
  const [first, ...more] = added(before.report.errors, after.report.errors);
  if (first !== undefined) {
    const others = more.length > 0 ? ` (and ${more.length} more)` : '';
    throw new Refusal(
      'edit-breaks-program',
      `nothing was changed: the edit would break the program: ${inOneLine(first)}${others}`,
      { ...(first.hint === null ? {} : { hint: first.hint }), data: { errors: [first, ...more] } },
    );
  }
  writeAllOrNone(place.programDir, edits);
  return added(before.report.warnings, after.report.warnings);
}

function writeAllOrNone(programDir: string, edits: Overlay): void {
  const done: { file: string; before: Buffer | null }[] = [];
  try {
    for (const [relative, text] of edits) {
      const inside = resolveInside(programDir, relative);
      if (!inside.ok) {
        throw new Refusal('edit-outside', `nothing was changed: ${relative}: ${inside.reason}`);
      }
      // Deleting takes a link away, not what it leads to.
      const file = text === null ? path.join(programDir, relative) : inside.path;
      done.push({ file, before: contentOf(file) });
      if (text === null) remove(file);
      else {
        makeDirectory(path.dirname(file));
        replaceFile(file, text, { durable: true });
      }
    }
  } catch (error) {
    for (const { file, before } of done.reverse()) {
      if (before === null) remove(file);
      else replaceFile(file, before);
    }
    throw asRefusal(error);
  }
}

function contentOf(file: string): Buffer | null {
  try {
    return readFileSync(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** A full disk or a missing permission is no defect of ours. */
export function asRefusal(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === undefined || !/^E[A-Z]+$/.test(code)) return error;
  return new Refusal('write-failed', `nothing was changed: ${message}`);
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
