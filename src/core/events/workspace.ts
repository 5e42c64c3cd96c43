/** Events of trees: section 16 of the contract. An instance's own tree, and the commit that it leaves. */
import { leftOutInWords, type PreparedWorkspace, type WorkspaceCommit } from '../../model/trees.ts';
import { plural } from '../../text/plural.ts';
import { instanceOf } from '../state/run-state.ts';
import type { Family } from './spec.ts';
import { unless, unlessConcluding } from './status.ts';

export interface WorkspaceEvents {
  workspace_prepared: PreparedWorkspace;
  workspace_committed: WorkspaceCommit;
  workspace_reset: Record<string, never>;
  workspace_seen: WorkspaceSeen;
}

interface WorkspaceSeen {
  attempt: number;
  /** Before its agent began, or after it ended. */
  at: 'start' | 'end';
  /** Absolute: the top of the working tree. */
  worktree: string;
  /** In a store of ours. */
  tree: string;
}

export const workspaceEvents: Family<WorkspaceEvents> = {
  workspace_prepared: {
    since: 2,
    misfit(state, event) {
      const { workspace } = instanceOf(state, event.instance_id);
      const bases = state.plan.workspace_bases ?? [];
      const { worktree, start } = event.payload;
      if (!bases.some((base) => base.worktree === worktree)) return `${worktree} is no base`;
      if (workspace !== undefined && workspace.start !== start)
        return `it starts from ${workspace.start}, not ${start}`;
      return unless(state, event, 'running');
    },
    apply(state, { instance_id: id, payload }) {
      const instance = instanceOf(state, id);
      instance.workspace = { ...payload, commit: null };
    },
    says: ({ start, parents, conflicts }) => {
      const merged = parents.length > 1 ? `, merged from ${parents.length}` : '';
      const left = conflicts.length > 0 ? `, ${plural(conflicts.length, 'conflict')}` : '';
      return `from ${start.slice(0, 12)}${merged}${left}`;
    },
  },
  workspace_committed: {
    since: 2,
    misfit(state, event) {
      const { workspace } = instanceOf(state, event.instance_id);
      if (workspace === undefined) return 'it has no tree';
      if (workspace.commit !== null) return `it has committed ${workspace.commit.commit} already`;
      const { start } = event.payload;
      if (workspace.start !== start) return `it started from ${workspace.start}, not ${start}`;
      return unlessConcluding(state, event);
    },
    apply(state, { instance_id: id, payload }) {
      const { workspace } = instanceOf(state, id);
      if (workspace === undefined) throw new Error(`${id} has no tree`);
      workspace.commit = payload;
      state.result = null;
    },
    says: ({ commit, files, insertions, deletions, left_out }) =>
      `${commit.slice(0, 12)}: ${plural(files, 'file')}, +${insertions} -${deletions}${
        left_out.length === 0 ? '' : `; ${leftOutInWords(left_out)}`
      }`,
  },
  workspace_reset: {
    since: 2,
    misfit(state, event) {
      if (instanceOf(state, event.instance_id).workspace === undefined) return 'it has no tree';
      return unless(state, event, 'failed', 'skipped');
    },
    apply(state, { instance_id: id }) {
      const { workspace } = instanceOf(state, id);
      if (workspace !== undefined) workspace.directory = null;
    },
  },
  workspace_seen: {
    since: 2,
    misfit(state, event) {
      const { seen, finished_at: end } = instanceOf(state, event.instance_id).attempts.at(-1) ?? {};
      const { at, worktree } = event.payload;
      if (at === 'end') {
        if (seen?.worktree !== worktree) return `${worktree} was not seen before it`;
        if (seen.after !== null) return 'it was seen already';
        return unlessConcluding(state, event);
      }
      if (seen !== undefined) return 'it was seen already';
      if (end !== null) return 'the attempt has ended';
      return unless(state, event, 'running');
    },
    apply(state, { instance_id: id, payload: { attempt, at, worktree, tree } }) {
      const record = instanceOf(state, id).attempts.find((each) => each.attempt === attempt);
      if (record === undefined) return;
      if (at === 'start') record.seen = { worktree, before: tree, after: null };
      else if (record.seen) record.seen = { ...record.seen, after: tree };
    },
    says: ({ attempt, at, tree }) => `attempt ${attempt}, ${at}: tree ${tree.slice(0, 12)}`,
  },
};
