/** The codes that the Python tool's `project validate --json` had for what we find: its scripts look for them. Pure. */
import type { Diagnostic } from '../../model/diagnostic.ts';
import type { ValidationReport } from './validate.ts';

/** A diagnostic for scripts: `code` as the Python tool has it, where it has one. */
export interface CodedDiagnostic extends Diagnostic {
  /** Ours, which is finer. */
  rule: string;
}

export interface CodedReport extends Omit<ValidationReport, 'errors' | 'warnings' | 'notes'> {
  errors: CodedDiagnostic[];
  warnings: CodedDiagnostic[];
  /** What is to be known, and is nothing to mend. */
  notes: CodedDiagnostic[];
}

export function withOriginalCodes(report: ValidationReport): CodedReport {
  const coded = (list: readonly Diagnostic[]): CodedDiagnostic[] =>
    list.map((one) => ({ ...one, code: originalCode(one.code), rule: one.code }));
  const { errors, warnings, notes } = report;
  return {
    ...report,
    errors: coded(errors),
    warnings: coded(warnings),
    notes: coded(notes),
  };
}

/** What it found wrong between tasks, in one code. */
const ofGraph = new Set([
  'task.unknown_dependency',
  'task.cycle',
  'task.unknown_reference',
  'task.reference_not_consumed',
  'control.unknown_target',
  'control.target_not_dependent',
  'control.continue_not_ancestor',
  'control.shared_target',
  'control.overlap',
]);

function originalCode(code: string): string {
  if (ofGraph.has(code)) return 'graph.invalid';
  if (code.startsWith('result_schema.')) return 'result_schema.invalid';
  return /^input\.(missing_file|invalid|outside)$/.test(code) ? 'inputs.default_load_failed' : code;
}
