/** The states of a run, in the order in which lists offer them. */
import type { RunStatus } from '../../../../model/run.ts';

export const runStatusOrder: RunStatus[] = ['running', 'waiting', 'failed', 'pending', 'done'];
