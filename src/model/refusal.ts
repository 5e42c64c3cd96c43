/**
 * Expected failures. The edges throw a `Refusal`; the command line and the web server catch it in one
 * place each and print it. Anything else that is thrown is a defect of ours (exit status 70).
 * The pure core throws neither: it returns unions.
 */

/** Exit statuses of the command line, section 13 of the contract. */
export const ExitStatus = {
  done: 0,
  failed: 1,
  warnings: 1,
  usage: 2,
  waiting: 3,
  notFound: 4,
  defect: 70,
  interrupted: 130,
} as const;

export type ExitCode = (typeof ExitStatus)[keyof typeof ExitStatus];

export interface RefusalDetails {
  /** The command or edit that helps next, shown on a second line. */
  hint?: string;
  exit?: ExitCode;
  /** Anything a program may want to read beside the message, for `--json`. */
  data?: unknown;
}

/** What was refused, where, and what to do next. `code` is stable and kebab-case. */
export class Refusal extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exit: ExitCode;
  readonly data: unknown;

  constructor(code: string, message: string, details: RefusalDetails = {}) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.hint = details.hint;
    this.exit = details.exit ?? ExitStatus.usage;
    this.data = details.data;
  }
}
