/** What every refusal carries. `server/errors.ts` makes it of a `Refusal`. */
import type { Diagnostic } from '../../model/diagnostic.ts';

/** The body of every answer with a status of 400 and above. */
export interface ApiErrorBody {
  error: ApiError;
}

export interface ApiError {
  /** Stable, kebab-case: `run-not-found`, `edit-conflict`, `payload-invalid`, `defect`. */
  code: string;
  /** What failed, and where. */
  message: string;
  /** What to do next. */
  hint: string | null;
  /** 422 of program edits and run starts: every problem, with its line. */
  diagnostics?: Diagnostic[];
  /** 422 of replies: the fields of the payload that do not fit the reply schema. */
  problems?: PayloadProblem[];
}

export interface PayloadProblem {
  /** JSON pointer of the field; the empty string is the whole payload. */
  pointer: string;
  message: string;
}
