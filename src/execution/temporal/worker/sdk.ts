/** The worker's half of Temporal's SDK: too large and too native to be part of this package, and loaded where a worker starts. */
import type * as ActivitySdk from '@temporalio/activity';
import type * as TaskSdk from '@temporalio/worker';
import { Refusal } from '../../../model/refusal.ts';

export interface WorkerSdk {
  worker: typeof TaskSdk;
  activity: typeof ActivitySdk;
}

/** @throws Refusal `worker-sdk` where it is not installed, or does not run here */
export async function loadWorkerSdk(): Promise<WorkerSdk> {
  try {
    return {
      worker: await import('@temporalio/worker'),
      activity: await import('@temporalio/activity'),
    };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === 'MODULE_NOT_FOUND' || code === 'ERR_MODULE_NOT_FOUND';
    const [line = ''] = message.split('\n');
    const what = isMissing ? 'is not installed' : `cannot be loaded: ${line}`;
    throw new Refusal('worker-sdk', `A worker needs @temporalio/worker, which ${what}.`, {
      hint: 'npm install --global @temporalio/worker @temporalio/activity, beside codex-orch; it has native parts for Linux, macOS and Windows.',
    });
  }
}
