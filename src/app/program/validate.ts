/** `project validate`: loads a program and reports every problem. Reads only. */
import type { Diagnostic } from '../../model/diagnostic.ts';
import { loadProgram, type LoadedProgram } from '../../program/load-program.ts';
import type { ParsedTexts } from '../../program/source/parsed-texts.ts';
import { directorySource, editedSource, type Edits } from '../../program/source/source.ts';
import { hasErrors, validateProgram } from '../../program/validate.ts';

export interface ProgramPlace {
  /** Absolute. */
  programDir: string;
  /** Absolute; see `globalRootFrom`. */
  globalRoot: string;
  /** What its texts were parsed to before; absent: they are parsed. */
  texts?: ParsedTexts | undefined;
}

export interface ValidationReport {
  program_dir: string;
  /** No errors. */
  ok: boolean;
  /** Runs are refused: there are errors. */
  blocking: boolean;
  errors: Diagnostic[];
  warnings: Diagnostic[];
}

export interface Validated {
  report: ValidationReport;
  program: LoadedProgram;
}

/** With `edits`: the program as they would leave it. */
export async function validate(place: ProgramPlace, edits?: Edits): Promise<Validated> {
  const written = directorySource(place.programDir, place.texts);
  const source = edits ? editedSource(written, edits) : written;
  const program = loadProgram(source, { globalRoot: place.globalRoot });
  const diagnostics = await validateProgram(program);
  const blocking = hasErrors(diagnostics);
  return {
    program,
    report: {
      program_dir: place.programDir,
      ok: !blocking,
      blocking,
      errors: diagnostics.filter((one) => one.severity === 'error'),
      warnings: diagnostics.filter((one) => one.severity === 'warning'),
    },
  };
}

/** `tasks/a.yaml:3:5: message` */
export function inOneLine(diagnostic: Diagnostic): string {
  const { file, line, column, message } = diagnostic;
  const place = [file, line, column].filter((part) => part !== null).join(':');
  return place === '' ? message : `${place}: ${message}`;
}
