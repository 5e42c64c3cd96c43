/** What an attempt changed in a working tree that it shares with others: recorded before and after it. */

/** Of one attempt. */
export interface SeenWork {
  /** Absolute: the top of the working tree. */
  worktree: string;
  /** Git trees in a store of ours; `after` null: it has not ended, or nobody saw how. */
  before: string;
  after: string | null;
}
