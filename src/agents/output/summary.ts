/** What a reader of an agent's output knows before its first line. */
import type { OutputSummary } from '../backend.ts';

/** To be filled in while lines come; what the agent is busy with each reader tells in its own way. */
export function nothingSeen(): Omit<OutputSummary, 'busyWith'> {
  return {
    sessionId: null,
    finalMessage: null,
    turn: 'open',
    errorMessage: null,
    errorFields: null,
    usage: null,
  };
}
