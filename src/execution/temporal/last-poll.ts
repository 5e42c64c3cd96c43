/** When somebody has last asked for work of a queue, as a Temporal server has it. */
import type { Connection } from '@temporalio/client';

/** TASK_QUEUE_TYPE_ACTIVITY of temporal/api/enums/v1/task_queue.proto. */
const ACTIVITY_QUEUE = 2;

/** In ms since the epoch, by the server's clock; null: it remembers nobody, as it does for five minutes. */
export async function lastPoll(
  { workflowService: service }: Connection,
  namespace: string,
  queue: string,
): Promise<number | null> {
  const { pollers } = await service.describeTaskQueue({
    namespace,
    taskQueue: { name: queue },
    taskQueueType: ACTIVITY_QUEUE,
  });
  const times = (pollers ?? []).map(({ lastAccessTime: at }) => Number(at?.seconds ?? 0));
  const newest = Math.max(0, ...times);
  return newest === 0 ? null : newest * 1000;
}
