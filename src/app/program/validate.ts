/** `project validate`: loads a program and reports every problem. Reads only. */
import { tasksWithChecks, unheldBecause } from '../../attempt/check/unheld.ts';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { loadProgram, type LoadedProgram } from '../../program/load-program.ts';
import type { ParsedTexts } from '../../program/source/parsed-texts.ts';
import { directorySource, editedSource, type Edits } from '../../program/source/source.ts';
import { loadGlobalConfig } from '../../program/global-config.ts';
import { machineFindings } from '../../program/machine-findings.ts';
import { missingWorkspaces } from '../../program/missing-workspaces.ts';
import { byPlace, validateProgram } from '../../program/validate.ts';

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
  /** Neither errors nor warnings. */
  ok: boolean;
  /** Runs are refused: there are errors. */
  blocking: boolean;
  errors: Diagnostic[];
  warnings: Diagnostic[];
  /** What is to be known, and is nothing to mend. */
  notes: Diagnostic[];
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
  const found = await validateProgram(program);
  // What lies outside of the program is no matter of an edit.
  const outside = edits ? [] : await outsideFindings(program, place.globalRoot);
  const diagnostics = edits ? found : [...found, ...outside].sort(byPlace);
  const of = (severity: Diagnostic['severity']): Diagnostic[] =>
    diagnostics.filter((one) => one.severity === severity);
  const [errors, warnings, notes] = [of('error'), of('warning'), of('note')];
  const blocking = errors.length > 0;
  const ok = !blocking && warnings.length === 0;
  const report = { program_dir: place.programDir, ok, blocking, errors, warnings, notes };
  return { program, report };
}

async function outsideFindings(program: LoadedProgram, globalRoot: string): Promise<Diagnostic[]> {
  const { config } = await loadGlobalConfig(globalRoot);
  return [
    ...missingWorkspaces(program),
    ...unheldChecks(program),
    ...machineFindings(program, config),
  ];
}

/** Notes of tasks whose checks run as the person. */
function unheldChecks({ project, tasks }: LoadedProgram): Diagnostic[] {
  return tasksWithChecks(project, tasks).flatMap((task) => {
    const why = unheldBecause(project, task);
    if (why === null) return [];
    return [
      {
        severity: 'note' as const,
        code: 'check.unheld',
        message: `the checks of task ${task.id} run as you, without a sandbox: ${why}`,
        location: `tasks.${task.id}.checks`,
        ...{ reference_url: null, file: `tasks/${task.id}.yaml`, line: null, column: null },
        hint: null,
      },
    ];
  });
}

/** `tasks/a.yaml:3:5: message` */
export function inOneLine(diagnostic: Diagnostic): string {
  const { file, line, column, message } = diagnostic;
  const place = [file, line, column].filter((part) => part !== null).join(':');
  return place === '' ? message : `${place}: ${message}`;
}
