/** Which result of an instance counts: what dependents are given, and what a reader is shown as its outcome. */
import { instanceOf, linksOf, type RunState } from './run-state.ts';

export interface CountingResult {
  /** The attempt that left it: the one with which the instance was done. */
  attempt: number;
  /** Of the file's bytes, as the log recorded it. */
  sha256: string;
}

/**
 * The result of a done instance, or null where its last attempt left none. What an attempt left that
 * failed afterwards never counts, though the log has it.
 */
export function resultOf(state: RunState, instanceId: string): CountingResult | null {
  const { status, attempt } = instanceOf(state, instanceId);
  const { resultSha256: sha256 } = linksOf(state, instanceId);
  return status === 'done' && sha256 !== null ? { attempt, sha256 } : null;
}
