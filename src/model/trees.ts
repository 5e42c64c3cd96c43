/** Trees of their own for instances: what an author says of them, and what runs record. */

export const isolations = ['none', 'tree'] as const;
export type Isolation = (typeof isolations)[number];

/** `tree` of a project or task. */
export interface TreeSpec {
  /** A shell line, run in a fresh tree before the agent. */
  setup: string | null;
  /** What git ignores and the tree needs; relative to the workspace. */
  copy: string[];
  /** null: `resolve` for agents that take a prompt, `fail` for others. */
  on_conflict: 'resolve' | 'fail' | null;
  keep: 'failed' | 'all';
  commits: 'engine' | 'agent';
  max_file_mb: number;
}

export const treeDefaults: TreeSpec = {
  setup: null,
  copy: [],
  on_conflict: null,
  keep: 'failed',
  commits: 'engine',
  max_file_mb: 100,
};

/** Of one working tree of the person's: what instances that work there start from. */
export interface WorkspaceBase {
  /** Absolute: the common git directory. */
  repository: string;
  /** Absolute: the top of the working tree. */
  worktree: string;
  object_format: string;
  /** What was checked out, `refs/heads/…`; null: no branch. */
  branch: string | null;
  /** The commit of HEAD. */
  head: string;
  /** What instances start from: `head`, or a commit on it of what was uncommitted. */
  commit: string;
  /** `none`: nothing was uncommitted. */
  uncommitted: 'none' | Uncommitted;
}

export const uncommittedChoices = ['include', 'ignore'] as const;
export type Uncommitted = (typeof uncommittedChoices)[number];

/** A file on which commits that were merged disagree. */
export interface MergeConflict {
  path: string;
  /** As git names them: `contents`, `modify/delete`, `binary`. */
  kinds: string[];
  /** Whether lines in it mark what disagrees. */
  markers: boolean;
}

/** What became of a conflict. */
export interface ConflictOutcome extends MergeConflict {
  outcome: 'changed' | 'unchanged' | 'removed';
}

export interface LeftOut {
  path: string;
  reason: 'nested_repository';
}

/** `left out, repositories of their own: a, b`: at most three by name. */
export function leftOutInWords(leftOut: readonly LeftOut[]): string {
  const kind = leftOut.length === 1 ? 'a repository of its own' : 'repositories of their own';
  const more = leftOut.length > 3 ? ` and ${leftOut.length - 3} more` : '';
  const names = leftOut.slice(0, 3).map(({ path }) => path);
  return `left out, ${kind}: ${names.join(', ')}${more}`;
}

/** What an instance left, as one commit. */
export interface WorkspaceCommit {
  /** That left it. */
  attempt: number;
  commit: string;
  tree: string;
  parents: string[];
  start: string;
  /** How many files differ from the start. */
  files: number;
  insertions: number;
  deletions: number;
  left_out: LeftOut[];
  conflicts: ConflictOutcome[];
}

/** The tree of an instance: where it lies and what it starts from. */
export interface PreparedWorkspace {
  /** `worktree` of its base. */
  worktree: string;
  /** Absolute: the tree. */
  directory: string;
  start: string;
  /** The commits that led here; one or none: `start` is it, or the base. */
  parents: string[];
  /** What they disagree on, left to the agent. */
  conflicts: MergeConflict[];
}

/** Of an instance with a tree of its own. */
export interface InstanceWorkspace extends Omit<PreparedWorkspace, 'directory'> {
  /** null: it is to be made anew. */
  directory: string | null;
  commit: WorkspaceCommit | null;
}

/** What an instance did, where it meets the work of others. */
export interface ResultSide {
  instance_id: string;
  commit: string;
  /** What keeps the commit in the person's repository. */
  ref: string;
}

/** The work of all instances in one repository, merged. */
export interface RunResult {
  /** The common git directory. */
  repository: string;
  /** The top of the person's working tree there; of several, the first. */
  worktree: string;
  /** null: they disagree, or git failed. */
  commit: string | null;
  /** Whose work nothing else has. Where git failed: none. */
  sides: ResultSide[];
  conflicts: MergeConflict[];
  /** Of `sides`, a task whose agent can be asked to resolve them; null: none. */
  resolver: string | null;
  /** What git said, where it failed. */
  problem: string | null;
}

interface Isolated {
  isolation?: Isolation | undefined;
  tree?: TreeSpec | undefined;
}

/** How a task is isolated, the nearest word counting whole; null: it is not. */
export function treeOf(project: Isolated, task: Isolated): TreeSpec | null {
  if ((task.isolation ?? project.isolation ?? 'none') === 'none') return null;
  return { ...treeDefaults, ...(task.tree ?? project.tree) };
}
