/** Fails an instance that is not to be started. */
import type { Instance } from '../../model/run.ts';
import type { Recorder } from '../state/recorder.ts';

/** `error`: why, for people. */
export function failUnstarted(
  recorder: Recorder,
  { instance_id: id }: Instance,
  error: string,
  kind: 'condition' | 'items' | 'loop_limit' | 'task_runtime' = 'condition',
): void {
  recorder.emit('instance_failed', id, {
    error,
    failure_kind: kind,
    failure_summary: error,
    termination_reason: null,
    resume_recommended: false,
  });
}
