/** How a run stands, in the word that a person reads; the contract's word stands in JSON and in what is piped. */
import type { RunStatus } from '../../model/run.ts';

/** How a run stands; a `RunSummary` or a `RunDocument` will do. */
export interface Standing {
  status: RunStatus;
  aborted: boolean;
  stopped: boolean;
}

export type StandingWord = RunStatus | 'aborted' | 'stopped';

export function standingWord({ status, aborted, stopped }: Standing): StandingWord {
  if (status !== 'failed') return status;
  if (aborted) return 'aborted';
  return stopped ? 'stopped' : status;
}
