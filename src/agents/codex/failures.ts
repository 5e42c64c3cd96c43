/**
 * What it means that Codex ended without success. Pure. The messages are those of Codex 0.169.0, seen by
 * provoking each failure (test/agents/codex/failures.test.ts holds them); what is said in an event
 * outranks what stands on stderr.
 */
import type { FailureKind } from '../../model/run.ts';
import type { Failure, FailureEvidence } from '../backend.ts';
import { exitText, failure, linesOf, refusedToRun } from '../failure.ts';

export function codexFailure(evidence: FailureEvidence): Failure {
  const { output, returnCode, stderrTail } = evidence;
  if (output.turn === 'failed' && output.errorMessage !== null) {
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

/** From a message that may come at any time; null: it tells no cause outside of the task. */
function kindOfMessage(message: string): FailureKind | null {
  if (/no rollout found/i.test(message) || spoiltSession.test(message)) return 'session_lost';
  if (/already has an active writer/i.test(message)) return 'external_protocol';
  if (/invalid_json_schema|invalid schema for response_format/i.test(message)) {
    return 'output_schema';
  }
  const status = httpStatus(message);
  if (status === 401 || status === 403 || status === 407) return 'external_auth';
  if (status === 429) return 'external_rate_limit';
  if (status !== null && status >= 500) return 'external_network';
  if (status !== null && status >= 400) return 'external_protocol';
  if (rateLimit.test(message)) return 'external_rate_limit';
  if (auth.test(message)) return 'external_auth';
  // Whatever it goes on with: the server was reached, and its answer broke off.
  if (/stream disconnected before completion/i.test(message)) return 'external_protocol';
  if (network.test(message)) return 'external_network';
  return null;
}

/**
 * What is said of a session that can never go on: it is full, or its history is not accepted. Every further attempt
 * in it would end the same.
 */
const spoiltSession =
  /ran out of room in the model's context|context_length_exceeded|maximum context length|exceeds the context window|encrypted content|invalid_encrypted_content|no tool (?:output|call) found for|without its required (?:following|preceding) item|previous response .{0,80}not found|previous_response_not_found/i;

/** The model's server understood, and will not: the same request is refused again. */
function isRefusal(message: string): boolean {
  const status = httpStatus(message);
  // Codex shows the body of a 400 as it came, and of no other.
  if (status === null) return /^\s*\{/.test(message);
  return status >= 400 && status < 500 && ![401, 403, 407, 408, 409, 425, 429].includes(status);
}

/** A turn that failed for a cause that no pattern knows: an API's raw error body, or the task itself. */
function kindOfTurnError(message: string): FailureKind {
  return /^\s*[{<]/.test(message) ? 'external_protocol' : 'task_runtime';
}

const rateLimit =
  /rate.?limit|too many requests|usage limit|quota|insufficient_quota|retry limit.*429|out of credits/i;
const auth =
  /unauthorized|forbidden|not logged in|log ?in again|please (?:re)?log ?in|missing environment variable|invalid.api.key|incorrect api key|token (?:has )?(?:expired|been revoked)|refresh token|authentication/i;
const network =
  /stream disconnected|connection|connect error|reconnecting|timed? ?out|timeout|network|\bdns\b|error sending request|high demand|overloaded|at capacity|server_error|unreachable|reset by peer|broken pipe|\btls\b|certificate/i;

/** `unexpected status 404 …`, `last status: 429 …`. Not a number in a URL. */
function httpStatus(message: string): number | null {
  const match = /\bstatus(?: code)?:?\s+(\d{3})\b/i.exec(message);
  return match ? Number(match[1]) : null;
}

/** An API error's own message, where the whole is its JSON body. */
function readable(message: string): string {
  try {
    const body = JSON.parse(message) as { error?: { message?: unknown } } | null;
    const inner = body?.error?.message;
    return typeof inner === 'string' && inner !== '' ? inner : message;
  } catch {
    return message;
  }
}

/** The line that says what went wrong: the last that begins like an error, or else the last one. */
function errorLine(stderr: string): string {
  const lines = linesOf(stderr);
  const errors = lines.filter((line) => /^(error|fatal|panic)|^Error|panicked at/i.test(line));
  return errors.at(-1) ?? lines.at(-1) ?? '';
}
