/** What must hold of the events of any run, whatever its program. */
import type { RunEvent } from '../../src/core/events/events.ts';
import type { RunState } from '../../src/core/state/run-state.ts';
import { expectSame } from './same-records.ts';

/** What must hold of any log, whoever wrote it. */
export function checkLog(log: readonly RunEvent[], state: RunState): void {
  const status = new Map<string, string>();
  const attempts = new Map<string, number>();
  for (const [index, event] of log.entries()) {
    const seq = index + 1;
    expectSame('seq', event.seq, seq);
    expectSame('event id', event.event_id, `${String(seq).padStart(6, '0')}-${event.event_type}`);
    const next = statusAfter(event);
    const id = event.instance_id ?? '';
    const old = status.get(id);
    if (event.event_type === 'instance_created' && old !== undefined) {
      throw new Error(`${id} created twice`);
    }
    if (next === null) continue;
    const requeued = event.event_type === 'instance_requeued';
    if (old === 'done' || ((old === 'failed' || old === 'skipped') && !requeued)) {
      throw new Error(`event ${seq}, ${event.event_type}, moves ${id}, which is ${old}`);
    }
    if (event.event_type === 'attempt_started') {
      expectSame(`attempt of ${id}`, event.payload.attempt, (attempts.get(id) ?? 0) + 1);
      expectSame(`status of ${id} before its attempt`, old, 'runnable');
      attempts.set(id, event.payload.attempt);
    }
    status.set(id, next);
  }
  for (const [id, instance] of state.instances) {
    expectSame(`status of ${id} by the log`, status.get(id), instance.status);
  }
}

function statusAfter(event: RunEvent): string | null {
  switch (event.event_type) {
    case 'instance_created':
    case 'instance_requeued':
      return 'pending';
    case 'instance_runnable':
    case 'instance_continued':
    case 'instance_resumed':
      return 'runnable';
    case 'attempt_started':
      return 'running';
    case 'instance_waiting':
    case 'instance_delayed':
      return 'waiting';
    case 'instance_done':
      return 'done';
    case 'instance_failed':
      return 'failed';
    case 'instance_skipped':
      return 'skipped';
    default:
      return null;
  }
}
