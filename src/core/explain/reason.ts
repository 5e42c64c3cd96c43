/** What a sentence about an instance is made from, and what it is made of. */

export interface ExplainContext {
  /** As the person names it. */
  programDir: string;
  /** Whether an engine drives the run now. */
  driven: boolean;
  /** Who holds a lock of the user, in whatever run, as a person would say; left out: nobody looks. */
  userHolders?: (lock: string) => string[];
}

export interface Reason {
  /** One or a few sentences. */
  why: string;
  /** Words of the command that would move it, after `codex-orch`; null: nothing need be done. */
  command: string[] | null;
}
