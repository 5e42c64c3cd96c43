/** `project init`: a new program from a template. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { Refusal } from '../../model/refusal.ts';
import { createFile, makeDirectory, remove } from '../../disk/disk.ts';
import { statsOf } from '../../disk/stats-of.ts';
import { missingWorkspaces } from '../../program/missing-workspaces.ts';
import { loadProgram } from '../../program/load-program.ts';
import { directorySource } from '../../program/source/source.ts';
import { newProgramFiles, type NewProgram } from '../../program/new-program.ts';
import { editProgram, type Editor } from './held-program.ts';
import type { ProgramPlace } from './validate.ts';
import { asRefusal } from './write-failure.ts';

export interface InitializedProgram {
  program_dir: string;
  /** Relative, in the order written. */
  files: string[];
  /** Files that were there and stay as they are. */
  kept: string[];
  /** What a start would refuse as it is: a workspace that is not there. */
  problems: Diagnostic[];
}

/** Throws a Refusal `program-exists` where a project.yaml is; other files that are there are kept. */
export async function initProgram(
  editor: Editor,
  place: ProgramPlace,
  wanted: NewProgram,
): Promise<InitializedProgram> {
  // Asked before as well, so that nothing is made where no program may be.
  requireNoProgram(place.programDir);
  return editProgram(editor, place, 'project init', ({ programDir }) => {
    requireNoProgram(programDir);
    return writeProgram(programDir, wanted);
  });
}

function requireNoProgram(programDir: string): void {
  if (existsSync(path.join(programDir, 'project.yaml'))) {
    throw new Refusal(
      'program-exists',
      `${programDir} is a program already: it has a project.yaml`,
      {
        hint: `codex-orch project validate ${programDir}`,
      },
    );
  }
  if (statsOf(programDir)?.isDirectory() === false) {
    throw new Refusal('not-a-directory', `${programDir} exists, and is not a directory`);
  }
}

function writeProgram(programDir: string, wanted: NewProgram): InitializedProgram {
  const files = newProgramFiles(wanted);
  const written: string[] = [];
  const kept: string[] = [];
  // project.yaml comes last: a directory is a program once everything is there.
  const order = [...files.keys()].filter((file) => file !== 'project.yaml');
  try {
    for (const relative of [...order, 'project.yaml']) {
      const file = path.join(programDir, relative);
      makeDirectory(path.dirname(file), { shared: true });
      const durable = relative === 'project.yaml';
      if (createFile(file, files.get(relative) ?? '', { durable, shared: true })) {
        written.push(relative);
      } else kept.push(relative);
    }
  } catch (error) {
    for (const relative of written) remove(path.join(programDir, relative));
    throw asRefusal(error);
  }
  const program = loadProgram(directorySource(programDir), { globalRoot: null });
  const problems = missingWorkspaces(program);
  return { program_dir: programDir, files: written, kept, problems };
}
