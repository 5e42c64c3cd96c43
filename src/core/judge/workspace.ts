/** What is recorded of an instance's own tree: that it is there, and what was left in it. */
import type { FailureKind, Instance } from '../../model/run.ts';
import type { PreparedWorkspace, WorkspaceCommit } from '../../model/trees.ts';
import type { RunEvent } from '../events/events.ts';
import { instanceOf, type RunState } from '../state/run-state.ts';
import { Recorder } from '../state/recorder.ts';

/** A working tree that others share, as it was at a moment. */
export interface SeenTree {
  /** Absolute: its top. */
  worktree: string;
  tree: string;
}

export type WorkspaceFacts =
  /** It has none, or leaves nothing. */
  | { kind: 'none' }
  | { kind: 'committed'; commit: WorkspaceCommit }
  | { kind: 'failed'; failureKind: FailureKind; message: string };

/** Records the tree of the running attempt of an instance, before its process begins. */
export function recordPrepared(
  state: RunState,
  instanceId: string,
  prepared: PreparedWorkspace,
  now: string,
): RunEvent[] {
  const recorder = new Recorder(state, now);
  if (instanceOf(state, instanceId).status === 'running') {
    recorder.emit('workspace_prepared', instanceId, prepared);
  }
  return recorder.events;
}

/** What the working tree holds that an attempt is about to begin in. */
export function recordSeen(
  state: RunState,
  instanceId: string,
  { worktree, tree }: SeenTree,
  now: string,
): RunEvent[] {
  const recorder = new Recorder(state, now);
  const { status, attempt, attempts } = instanceOf(state, instanceId);
  if (status === 'running' && attempts.at(-1)?.seen === undefined) {
    recorder.emit('workspace_seen', instanceId, { attempt, at: 'start', worktree, tree });
  }
  return recorder.events;
}

/** What it holds now that the attempt has ended. Passes over what is recorded already. */
export function recordSeenAfter(recorder: Recorder, instance: Instance, seen: SeenTree): void {
  const { attempt, attempts, instance_id: id } = instance;
  const before = attempts.at(-1)?.seen;
  if (before?.worktree !== seen.worktree || before.after !== null) return;
  recorder.emit('workspace_seen', id, { attempt, at: 'end', ...seen });
}

/** Right before the instance is done, and before its checks. */
export function recordCommit(
  recorder: Recorder,
  instance: Instance,
  facts: WorkspaceFacts & { kind: 'committed' },
): void {
  if (instance.workspace === undefined || instance.workspace.commit !== null) return;
  recorder.emit('workspace_committed', instance.instance_id, facts.commit);
}
