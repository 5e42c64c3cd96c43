/**
 * What it means that Codex ended without success. Pure. The messages are those of Codex 0.169.0, seen by
 * provoking each failure (test/agents/codex/failures.test.ts holds them); what is said in an event
 * outranks what stands on stderr.
 */
import type { FailureKind } from '../../model/run.ts';
import type { Failure, FailureEvidence } from '../backend.ts';
import { isRefusal, kindOfMessage, readable } from '../failure-words.ts';
import { exitText, failure, linesOf, refusedToRun, usageLimit } from '../failure.ts';
import { timeOfRetry } from './retry-time.ts';

export function codexFailure(evidence: FailureEvidence): Failure {
  const { output, returnCode, stderrTail } = evidence;
  if (output.turn === 'failed' && output.errorMessage !== null) {
    if (usageLimited.test(output.errorMessage)) {
      const retryAt = timeOfRetry(output.errorMessage, evidence.finishedAtMs);
      return usageLimit(output.errorMessage, retryAt);
    }
    const kind = kindOfMessage(output.errorMessage) ?? kindOfTurnError(output.errorMessage);
    return failureOf(kind, output.errorMessage);
  }
  const said = errorLine(stderrTail);
  const how = `codex ${exitText(returnCode)}`;
  if (returnCode === 0) {
    return failure('external_protocol', 'codex ended without completing its turn');
  }
  if (returnCode === 2 || returnCode === 126 || returnCode === 127) {
    const why = returnCode === 2 ? '' : refusedToRun(said);
    return failure('runner_invocation', `${said === '' ? how : `${how}: ${said}`}${why}`);
  }
  if (returnCode === 101) {
    return failure('external_protocol', `codex crashed${said === '' ? '' : `: ${said}`}`);
  }
  if (returnCode !== null && returnCode > 128) {
    return failure('interrupted', how);
  }
  if (said !== '') {
    // Errors at the start leave standard output empty; the rest of stderr is only a log.
    const atStart = output.sessionId === null ? kindOfStartError(stderrTail) : null;
    const kind =
      atStart ?? kindOfMessage(said) ?? (output.sessionId === null ? 'runner_invocation' : null);
    return failure(kind ?? 'task_runtime', said);
  }
  if (output.errorMessage !== null) {
    return failureOf(kindOfMessage(output.errorMessage) ?? 'task_runtime', output.errorMessage);
  }
  return failure('unknown', `${how} and said nothing`);
}

/** How such a message begins, whatever the plan: with a printer's apostrophe. A date, a time or "later" ends it. */
const usageLimited = /^You[\u2019']ve hit your usage limit\b/;

function failureOf(kind: FailureKind, message: string): Failure {
  return failure(kind, readable(message), kind === 'external_protocol' && isRefusal(message));
}

/** From what the program says before a session exists. */
function kindOfStartError(stderr: string): FailureKind | null {
  if (/no rollout found|thread not found|session not found/i.test(stderr)) return 'session_lost';
  if (/already has an active writer/i.test(stderr)) return 'external_protocol';
  if (/output schema file/i.test(stderr)) return 'output_schema';
  if (/error loading config|not inside a trusted directory/i.test(stderr)) {
    return 'runner_invocation';
  }
  return null;
}

/** A turn that failed for a cause that no pattern knows: an API's raw error body, or the task itself. */
function kindOfTurnError(message: string): FailureKind {
  return /^\s*[{<]/.test(message) ? 'external_protocol' : 'task_runtime';
}

/** The line that says what went wrong: the last that begins like an error, or else the last one. */
function errorLine(stderr: string): string {
  const lines = linesOf(stderr);
  const errors = lines.filter((line) => /^(error|fatal|panic)|^Error|panicked at/i.test(line));
  return errors.at(-1) ?? lines.at(-1) ?? '';
}
