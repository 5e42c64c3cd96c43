/** What the tests of an engine change in its parts, and agents that wait until they are told. */

import type { EngineParts } from '../../src/engine/parts.ts';
import type { Play } from '../../src/execution/scripted/executor.ts';
import type { Handle } from '../../src/execution/executor.ts';
import type { AttemptOrder } from '../../src/model/attempt.ts';
import { fails, says, type Change, type Script } from './stage.ts';

/** What waits until it is let go. */
export function barrier(): { passed: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}

/** At work until it is told. */
export function busy(): Play & { finish(): void } {
  const { passed, open } = barrier();
  const steps: Play['steps'] = [
    { waits: passed },
    { does: { type: 'message', id: 'm', text: 'done' } },
  ];
  return { steps, finish: open };
}

/** A failure that may pass. */
export function goesOffline(): Play {
  const { steps, end } = fails();
  return { steps, end: { ...end, failure_kind: 'external_network', resume_recommended: true } };
}

export const offlineBefore =
  (last: number): Script =>
  ({ number }) =>
    number < last ? goesOffline() : says('done');

/** Commits wait behind a barrier. */
export const behind =
  (passed: Promise<void>): Change =>
  (parts) => {
    const commit = parts.run.commitAsync.bind(parts.run);
    parts.run.commitAsync = async (events) => {
      await passed;
      await commit(events);
    };
    return parts;
  };

/** Handles of agents are changed before the engine has them. */
export const handing =
  (change: (handle: Handle, order: AttemptOrder) => Handle): Change =>
  (parts) => ({
    ...parts,
    executor: {
      ...parts.executor,
      start: async (order, heard) => change(await parts.executor.start(order, heard), order),
      find: async (order, heard) => {
        const found = await parts.executor.find(order, heard);
        if (found.kind === 'never_started') return found;
        return { ...found, handle: change(found.handle, order) };
      },
    },
  });

/** Agents hear of a stop only later. */
export const stopsBehind = (passed: Promise<void>): Change =>
  handing((handle) => ({
    ...handle,
    stop: (reason, how) => void passed.then(() => handle.stop(reason, how)),
  }));

export const attemptsChanged =
  (changes: Partial<EngineParts['attempts']>): Change =>
  (parts) => ({ ...parts, attempts: { ...parts.attempts, ...changes } });

export const anything = {} as AttemptOrder;
