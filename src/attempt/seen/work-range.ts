/** Between which two git trees the work of an instance lies, and where they are kept. */
import path from 'node:path';
import { effectiveValues, instanceOf, taskOf } from '../../core/state/run-state.ts';
import { realPathOf } from '../../disk/real-path.ts';
import type { GitPlace } from '../../git/git.ts';
import { storeOf } from '../../git/seen.ts';
import { resolveWorkspaces } from '../../program/workspaces.ts';
import { ownTreeOf, placeIn } from '../tree/own-tree.ts';
import type { SeeContext } from './see-work.ts';

export interface WorkRange {
  place: GitPlace;
  from: string;
  to: string;
  /** From the top of the working tree to the workspace, ending in `/`; empty for the top itself. */
  prefix: string;
}

/** null: it is not known. */
export function workRange(context: SeeContext, instanceId: string): WorkRange | null {
  const { state, paths } = context;
  const instance = instanceOf(state, instanceId);
  const own = ownTreeOf(context, instanceId);
  if (own !== null) {
    const { workspace } = instance;
    if (!own.ok || workspace === undefined) return null;
    const { base, workspaces } = own.own;
    const { repository, worktree } = base;
    const prefix = prefixOf(worktree, workspaces.cwd);
    // An agent that may not write leaves no commit, and nothing else.
    const to = workspace.commit?.tree ?? workspace.start;
    return { place: { cwd: repository, gitDir: repository }, from: workspace.start, to, prefix };
  }
  const seen = instance.attempts.flatMap((each) => each.seen ?? []);
  const [first] = seen;
  const after = seen.at(-1)?.after ?? null;
  if (first === undefined || after === null) return null;
  const task = taskOf(state, instance);
  const values = effectiveValues(state, instance.input_scope_id);
  const resolved = resolveWorkspaces(paths.authoredDir, state.plan.project, task, values);
  if (!resolved.ok) return null;
  return {
    place: storeOf(paths.treesDir, first.worktree),
    from: first.before,
    to: after,
    prefix: prefixOf(first.worktree, resolved.workspaces.cwd),
  };
}

function prefixOf(worktree: string, cwd: string): string {
  const within = placeIn(realPathOf(worktree), cwd) ?? '';
  return within === '' ? '' : `${within.split(path.sep).join('/')}/`;
}
