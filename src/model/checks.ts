/** Checks: what an author has the engine find out after an attempt, and what is recorded of it. */

/** One of `checks`. */
export interface CheckSpec {
  /** A shell line that must end with exit status 0. One of this and the two others is there. */
  run?: string;
  /** Globs of files, from the workspace, in which nothing may change since the first attempt began. */
  unchanged?: string[];
  /** Something must have changed since. */
  changed?: boolean;
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

/** What is executed, as its receipt names it. */
export function argvOf({ run, unchanged }: CheckSpec): string[] {
  if (run !== undefined) return ['/bin/sh', '-c', run];
  return unchanged === undefined ? ['changed'] : ['unchanged', ...unchanged];
}

/** As a person would call it. */
export function checkName(argv: readonly string[]): string {
  return argv[0] === '/bin/sh' ? (argv[2] ?? '') : argv.join(' ');
}

/** Whether what it asks for holds. */
export function hasPassed({ exit }: Pick<CheckReceipt, 'exit'>): boolean {
  return exit === 0;
}
