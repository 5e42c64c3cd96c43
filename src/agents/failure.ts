/**
 * What a failed attempt means: a failure kind, one line for a person, and whether trying the same again
 * can help. What every backend shares; an end by itself is judged by the backend. Pure.
 */
import type { FailureKind } from '../model/run.ts';
import type { Backend, Failure, FailureEvidence } from './backend.ts';
import { beginning } from '../text/width.ts';

/** Kinds where the same attempt, made again, can succeed. */
const worthRetrying: ReadonlySet<FailureKind> = new Set<FailureKind>([
  'external_auth',
  'external_network',
  'external_protocol',
  'external_rate_limit',
  'agent_lost',
  'external_usage_limit',
  'interrupted',
]);

const SUMMARY_LENGTH = 500;

/** Why an attempt of this backend failed. */
export function classifyFailure(backend: Backend, evidence: FailureEvidence): Failure {
  const { output, requestedSessionId } = evidence;
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
        failure_kind: backend.goneAs,
        failure_summary: 'the process is gone, and nothing recorded how it ended',
        resume_recommended: output.sessionId !== null || requestedSessionId !== null,
      };
    case 'budget':
      return failure('budget', 'the attempt passed its budget');
    case 'wall_timeout':
    case 'idle_timeout':
      return classifyTimeout(backend, evidence);
    case 'nonzero_exit':
      return backend.failure(evidence);
  }
}

function classifyTimeout(
  { can }: Backend,
  { termination, output, timeoutMs, isStall }: FailureEvidence,
): Failure {
  const limit = timeoutMs === null ? '' : ` of ${timeoutMs / 1000} s`;
  const what =
    termination === 'wall_timeout'
      ? `the attempt reached its time limit${limit}`
      : isStall
        ? `there was no sign of progress for the limit${limit}${whileBusy(output)}`
        : `the agent printed nothing for its idle limit${limit}`;
  // Agents retry a refused connection for ever, and wait for ever for an answer that does not come.
  if (output.busyWith === 'retrying') {
    return failure('external_network', `${what}: ${oneLine(output.errorMessage ?? '')}`);
  }
  if (termination === 'idle_timeout' && output.busyWith === 'model') {
    return failure('external_network', `${what} while it waited for the model`);
  }
  return failure('task_runtime', `${what}${can.session ? beforeSession(output) : ''}`);
}

/** It may wait for a login, or be another program than was meant. */
function beforeSession({ turn, sessionId }: FailureEvidence['output']): string {
  return turn !== 'untold' && sessionId === null ? ', before it had begun a session' : '';
}

function whileBusy({ busyWith }: FailureEvidence['output']): string {
  return busyWith === 'command' ? ', with a command under way' : '';
}

/** A failure of a kind; whether to try again follows from it, unless `isFinal`: the same would come of it. */
export function failure(kind: FailureKind, summary: string, isFinal = false): Failure {
  return {
    failure_kind: kind,
    failure_summary: oneLine(summary),
    resume_recommended: worthRetrying.has(kind) && !isFinal,
  };
}

/** The account has come to a limit of its plan, which lasts until `retryAt`, ISO 8601; null: nobody says. */
export function usageLimit(summary: string, retryAt: string | null): Failure {
  return { ...failure('external_usage_limit', summary), retry_at: retryAt };
}

/** How a process ended, after its name. */
export function exitText(returnCode: number | null): string {
  if (returnCode === null) return 'ended in a way that nobody saw';
  const signal = signalNames[returnCode - 128];
  return signal === undefined
    ? `ended with exit status ${returnCode}`
    : `was killed by ${signal} (exit status ${returnCode})`;
}

/**
 * In our words, what a shell means that could not execute a program (exit status 126 or 127); '' where its own
 * say it.
 */
export function refusedToRun(stderr: string): string {
  const [, meaning] = refusals.find(([said]) => said.test(stderr)) ?? [];
  return meaning === undefined ? '' : ` (${meaning})`;
}

const refusals: readonly (readonly [RegExp, string])[] = [
  [/argument list too long/i, 'its arguments and environment are larger than the system takes'],
  [/exec format error/i, 'it is no program for this machine, or lacks a first line with "#!"'],
  [/text file busy/i, 'the program was being written at that moment'],
  [
    /required file not found|bad interpreter/i,
    'the interpreter that its first line ("#!") names is not there',
  ],
  [
    /permission denied/i,
    'it lacks the permission to be executed, or lies on a file system that is mounted noexec',
  ],
];

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

/** Lines of what a program printed, trimmed and without escapes; empty ones left out. */
export function linesOf(text: string): string[] {
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
  return beginning(line, SUMMARY_LENGTH);
}
