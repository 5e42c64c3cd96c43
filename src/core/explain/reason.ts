/** What a sentence about an instance is made from, and what it is made of. */

import type { Instance } from '../../model/run.ts';

export interface ExplainContext {
  /** As the person names it. */
  programDir: string;
  /** Whether an engine drives the run now. */
  driven: boolean;
  /** Who holds a lock of the user, in whatever run, as a person would say; left out: nobody looks. */
  userHolders?: (lock: string) => string[];
  /** Where the running attempt of an instance is, where that is no process of this machine. */
  whereabouts?: (instance: Instance) => Elsewhere | null;
  /** Whether a directory is there; left out: nobody looks. */
  isThere?: (directory: string) => boolean;
}

export interface Elsewhere {
  /** As the end of a sentence. */
  inWords: string;
  /** Another machine has it; or it waits for one. */
  isTaken: boolean;
}

export interface Reason {
  /** One or a few sentences. */
  why: string;
  /** Words of the command that would move it, after `codex-orch`; null: nothing need be done. */
  command: string[] | null;
}
