/**
 * What a failed attempt means: a failure kind, one line for a person, and whether trying the same
 * again can help. Pure. The messages are those of Codex 0.169.0, seen by provoking each failure
 * (test/agents/codex/failures.test.ts holds them); what is said in an event outranks what stands on stderr.
 */
import type { BackendName } from '../../model/program.ts';
import type { FailureKind, TerminationReason } from '../../model/run.ts';
import type { OutputSummary } from '../backend.ts';

export interface FailureEvidence {
  backend: BackendName;
  termination: Exclude<TerminationReason, 'completed'>;
  returnCode: number | null;
  output: OutputSummary;
  /** The end of standard error. */
  stderrTail: string;
  /** The session asked for, or null. */
  requestedSessionId: string | null;
  /** The limit that a timeout ran into, in ms. */
  timeoutMs: number | null;
}

export interface Failure {
  failure_kind: FailureKind;
  failure_summary: string;
  resume_recommended: boolean;
}

/** Kinds where the same attempt, made again, can succeed. */
const worthRetrying: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'external_auth',
  'external_network',
  'external_protocol',
  'external_rate_limit',
  'interrupted',
]);

const SUMMARY_LENGTH = 500;

export function classifyFailure(evidence: FailureEvidence): Failure {
  const { backend, output, requestedSessionId } = evidence;
  const startedOther =
    requestedSessionId !== null &&
    output.sessionId !== null &&
    output.sessionId !== requestedSessionId;
  if (startedOther) {
    return failure(
      'session_lost',
      `the agent did not continue session ${requestedSessionId}, but began ${output.sessionId}`,
    );
  }
  switch (evidence.termination) {
    case 'terminated':
      return failure('interrupted', 'the attempt was stopped');
    case 'orphaned':
      return {
        failure_kind: 'unknown',
        failure_summary: 'the process is gone, and nothing recorded how it ended',
        resume_recommended: output.sessionId !== null || requestedSessionId !== null,
      };
    case 'wall_timeout':
    case 'idle_timeout':
      return classifyTimeout(evidence);
    case 'nonzero_exit':
      return backend === 'codex' ? classifyCodex(evidence) : classifyCommand(evidence);
  }
}

function classifyTimeout({ termination, output, timeoutMs }: FailureEvidence): Failure {
  const limit = timeoutMs === null ? '' : ` of ${timeoutMs / 1000} s`;
  const what =
    termination === 'wall_timeout'
      ? `the attempt reached its time limit${limit}`
      : `the agent printed nothing for its idle limit${limit}`;
  // Codex retries a refused connection for ever, and waits for ever for an answer that does not come.
  if (output.busyWith === 'retrying') {
    return failure('external_network', `${what}: ${oneLine(output.errorMessage ?? '')}`);
  }
  if (termination === 'idle_timeout' && output.busyWith === 'model') {
    return failure('external_network', `${what} while it waited for the model`);
  }
  return failure('task_runtime', what);
}

function classifyCommand({ returnCode, stderrTail }: FailureEvidence): Failure {
  const how = `the command ${exitText(returnCode)}`;
  const said = tellingLine(stderrTail);
  // 126 and 127 are the shell's own: cannot be executed, not found (POSIX).
  const kind = returnCode === 126 || returnCode === 127 ? 'runner_invocation' : 'task_runtime';
  return failure(kind, said === '' ? how : `${how}: ${said}`);
}

function classifyCodex(evidence: FailureEvidence): Failure {
  const { output, returnCode, stderrTail } = evidence;
  if (output.turn === 'failed' && output.errorMessage !== null) {
    const kind = kindOfMessage(output.errorMessage) ?? kindOfTurnError(output.errorMessage);
    return failure(kind, readable(output.errorMessage));
  }
  const said = errorLine(stderrTail);
  const how = `codex ${exitText(returnCode)}`;
  if (returnCode === 0) {
    return failure('external_protocol', 'codex ended without completing its turn');
  }
  if (returnCode === 2 || returnCode === 126 || returnCode === 127) {
    return failure('runner_invocation', said === '' ? how : `${how}: ${said}`);
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
    return failure(
      kindOfMessage(output.errorMessage) ?? 'task_runtime',
      readable(output.errorMessage),
    );
  }
  return failure('unknown', `${how} and said nothing`);
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
  if (/no rollout found/i.test(message)) return 'session_lost';
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
  if (network.test(message)) return 'external_network';
  return null;
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

function failure(kind: FailureKind, summary: string): Failure {
  return {
    failure_kind: kind,
    failure_summary: oneLine(summary),
    resume_recommended: worthRetrying.has(kind),
  };
}

function exitText(returnCode: number | null): string {
  if (returnCode === null) return 'ended in a way that nobody saw';
  const signal = signalNames[returnCode - 128];
  return signal === undefined
    ? `ended with exit status ${returnCode}`
    : `was killed by ${signal} (exit status ${returnCode})`;
}

const signalNames: Record<number, string> = {
  1: 'SIGHUP',
  2: 'SIGINT',
  3: 'SIGQUIT',
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  8: 'SIGFPE',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  13: 'SIGPIPE',
  14: 'SIGALRM',
  15: 'SIGTERM',
};

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

/**
 * Of a program of any language: the first line that begins like an error (under it stand a stack, hints,
 * more of the same), or else the last that is not what Node adds to every uncaught error.
 */
function tellingLine(stderr: string): string {
  const lines = linesOf(stderr).filter((line) => !/^Node\.js v\d|^\(Use `node /.test(line));
  return lines.find((line) => errorStart.test(line)) ?? lines.at(-1) ?? '';
}

/** `TypeError: x`, `java.io.IOException: x`, `Error [ERR_X]: x`, `error[E0308]: x`, `fatal: x`. */
const errorStart =
  /^(?:[\w.$]*(?:Error|Exception)|error|fatal(?: error)?|panic)(?: ?\[\w+\])?: *\S|^thread '.*' panicked at/i;

function linesOf(text: string): string[] {
  return stripEscapes(text)
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

function stripEscapes(text: string): string {
  return text.replace(/\x1b\[[0-9;?]*[ -/]*[@-~]/g, '');
}

function oneLine(text: string): string {
  const line = stripEscapes(text).replace(/\s+/g, ' ').trim();
  return line.length > SUMMARY_LENGTH ? `${line.slice(0, SUMMARY_LENGTH - 1)}…` : line;
}
