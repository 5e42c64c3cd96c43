/** What is recorded of an instance's own tree: that it is there, and what was left in it. */
import type { FailureKind, Instance } from '../../model/run.ts';
import type { PreparedWorkspace, WorkspaceCommit } from '../../model/trees.ts';
import type { RunEvent } from '../events/events.ts';
import { instanceOf, type RunState } from '../state/run-state.ts';
import { Recorder } from '../state/recorder.ts';

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

/** Right before the instance is done. */
export function recordCommit(
  recorder: Recorder,
  instance: Instance,
  facts: WorkspaceFacts & { kind: 'committed' },
): void {
  if (instance.workspace === undefined || instance.workspace.commit !== null) return;
  recorder.emit('workspace_committed', instance.instance_id, facts.commit);
}
