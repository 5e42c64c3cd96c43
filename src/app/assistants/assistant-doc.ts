/** `assistant-doc install`: writes the operating model that all assistants of a program share. */
import path from 'node:path';
import { OPERATING_MODEL_FILE } from '../../model/program-files.ts';
import { Refusal } from '../../model/refusal.ts';
import { createFile, makeDirectory, replaceFile } from '../../disk/disk.ts';
import { resolveInside } from '../../disk/inside.ts';
import { readText } from '../../disk/read-text.ts';
import { operatingModel } from '../../program/templates/operating-model.ts';
import { editProgram, type Editor } from '../program/held-program.ts';
import type { ProgramPlace } from '../program/validate.ts';
import { asRefusal } from '../program/write-failure.ts';

export interface InstalledDoc {
  /** Relative to the program. */
  file: string;
  /** Absolute. */
  installed_path: string;
  outcome: 'written' | 'overwritten' | 'unchanged';
}

/** @throws Refusal `doc-exists` where another text stands and `overwrite` is not set */
export async function installAssistantDoc(
  editor: Editor,
  place: ProgramPlace,
  overwrite: boolean,
): Promise<InstalledDoc> {
  return editProgram(editor, place, 'assistant-doc install', ({ programDir }) =>
    install(programDir, overwrite),
  );
}

function install(programDir: string, overwrite: boolean): InstalledDoc {
  const inside = resolveInside(programDir, OPERATING_MODEL_FILE);
  if (!inside.ok) throw new Refusal('doc-outside', `${OPERATING_MODEL_FILE}: ${inside.reason}`);
  const file = OPERATING_MODEL_FILE;
  const installed = { file, installed_path: inside.path };
  try {
    makeDirectory(path.dirname(inside.path), { shared: true });
    if (createFile(inside.path, operatingModel, { durable: true, shared: true })) {
      return { ...installed, outcome: 'written' };
    }
    const there = readText(inside.path);
    if (there.ok && there.text === operatingModel) return { ...installed, outcome: 'unchanged' };
    if (overwrite) {
      replaceFile(inside.path, operatingModel, { durable: true, shared: true });
      return { ...installed, outcome: 'overwritten' };
    }
  } catch (error) {
    throw asRefusal(error);
  }
  throw new Refusal('doc-exists', `${file} exists, and holds something else`, {
    hint: 'replace it with --overwrite',
  });
}
