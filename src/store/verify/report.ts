/** What `run verify` found: section 12 of the contract. */

export interface VerifyProblem {
  /**
   * `error`: something recorded is not so. `warning`: something that a crash or a hand may have left and
   * that the next engine, or nobody, minds. `info`: worth knowing.
   */
  severity: 'error' | 'warning' | 'info';
  /** Relative to the run's directory, with the line or field where there is one. */
  where: string;
  message: string;
}

export interface VerifyReport {
  run_id: string;
  /** No error. */
  ok: boolean;
  log: {
    /** Events that are whole and in the chain, up to the first damage. */
    events: number;
    /** Their length; null where the log is damaged. */
    bytes: number | null;
    torn_bytes: number;
    /** null where the log is damaged; otherwise the SHA-256 of the last of them: to be kept elsewhere by whoever wants to detect a rewritten log. */
    head: string | null;
  };
  /** How much was compared. */
  checked: { state_files: number; program_files: number; artifacts: number; results: number };
  problems: VerifyProblem[];
  /** Whether `state/` has been written anew. */
  repaired: boolean;
}

/** Collects problems; `where` is made relative to the run. */
export type Complain = (
  severity: VerifyProblem['severity'],
  where: string,
  message: string,
) => void;
