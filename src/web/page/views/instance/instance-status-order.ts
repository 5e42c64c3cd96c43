/** The states of an instance, in the order in which a person asks for them. */
import type { InstanceStatus } from '../../../../model/run.ts';

export const instanceStatusOrder: InstanceStatus[] = [
  'running',
  'waiting',
  'failed',
  'runnable',
  'pending',
  'skipped',
  'done',
];
