/** What the checks of an instance mean for it. */
import { checkName, hasPassed, type CheckReceipt } from '../../model/checks.ts';
import type { AttemptEnd } from '../../model/attempt.ts';
import type { Instance } from '../../model/run.ts';
import type { RunEvent } from '../events/events.ts';
import { failedChecks } from '../state/checks.ts';
import { Recorder } from '../state/recorder.ts';
import { instanceOf, taskOf, type RunState } from '../state/run-state.ts';
import type { Fault } from './repair.ts';

/** Records what came of a check of a running instance. */
export function recordCheck(
  state: RunState,
  instanceId: string,
  receipt: CheckReceipt,
  now: string,
): RunEvent[] {
  const recorder = new Recorder(state, now);
  const { status, attempt } = instanceOf(state, instanceId);
  if (status === 'running') recorder.emit('check_finished', instanceId, { attempt, ...receipt });
  return recorder.events;
}

/** How the latest attempt ended, as the log has it: its process is not looked for any more. */
export function endOnRecord(instance: Instance): AttemptEnd {
  const { attempts, failure_summary, resume_recommended } = instance;
  const latest = attempts.at(-1);
  const { started_at = '', finished_at } = latest ?? {};
  return {
    termination_reason: latest?.termination_reason ?? 'orphaned',
    return_code: latest?.return_code ?? null,
    failure_kind: latest?.failure_kind ?? null,
    failure_summary,
    resume_recommended,
    session_id: latest?.session_id ?? null,
    usage: latest?.usage ?? null,
    // Its directory holds it.
    final_message: null,
    started_at,
    finished_at: finished_at ?? started_at,
    session_lost: false,
  };
}

/** A fault for each check that has failed. */
export function faultsOfChecks(state: RunState, instance: Instance): Fault[] {
  const { checks = [] } = taskOf(state, instance);
  return failedChecks(instance).map((receipt) => {
    const { index, argv, said = '' } = receipt;
    const which = checks.length > 1 ? `check ${index + 1} of ${checks.length}` : 'the check';
    const what = `${which} failed: ${checkName(argv)} ${howItEnded(receipt)}`;
    const kind = 'check_failed' as const;
    return { kind, message: said === '' ? what : `${what}\n${said}` };
  });
}

function howItEnded({ exit }: CheckReceipt): string {
  return hasPassed({ exit })
    ? '(passed)'
    : exit === null
      ? '(did not end by itself)'
      : `(exit status ${exit})`;
}
