/** A problem in an authored file, section 3 of the contract. */
export interface Diagnostic {
  /** Errors block runs. A note is to be known, and is nothing to mend. */
  severity: 'error' | 'warning' | 'note';
  /** Stable, dotted: `task.unknown_field`, `output_schema.unsupported_keyword`. */
  code: string;
  message: string;
  /** Where in the program's model: `tasks.build.depends_on[0].task`. */
  location: string;
  reference_url: string | null;
  /** Relative to the program, with `/`; null where no file is to blame. */
  file: string | null;
  /** From 1. */
  line: number | null;
  /** From 1. */
  column: number | null;
  hint: string | null;
  /** The line as it is written, where its very text is what is wrong. */
  excerpt?: string;
}
