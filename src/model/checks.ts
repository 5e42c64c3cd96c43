/** Checks: what an author has the engine find out after an attempt, and what is recorded of it. */

/** One of `checks`. */
export interface CheckSpec {
  /** A shell line that must end with exit status 0. */
  run: string;
  /** After this it is stopped, and has failed. */
  timeout_sec: number;
  /** Also run before the first attempt: what fails there already, and in the end, fails nothing. */
  baseline: boolean;
}

/** What came of a check: the receipt on which "done" stands. */
export interface CheckReceipt {
  /** Its place among the checks of the task, from 0. */
  index: number;
  /** What was executed. */
  argv: string[];
  /** null: it did not end by itself. */
  exit: number | null;
  /** Of standard output and error, as they came. */
  output_sha256: string;
  /** The git tree that was checked; null: none is known. */
  tree: string | null;
  /** Before the first attempt. */
  baseline?: true;
  /** The end of what it printed, and why it did not end by itself; of one that has failed. */
  said?: string;
}

/** Whether what it asks for holds. */
export function hasPassed({ exit }: Pick<CheckReceipt, 'exit'>): boolean {
  return exit === 0;
}
