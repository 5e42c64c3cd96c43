/**
 * What it means that an agent ended without success. Pure. By the cause that the bridge saw, then by the code of the
 * agent's error and what it says beside it; words count only where nothing came of fields.
 */
import type { FailureKind } from '../../model/run.ts';
import type { Failure, FailureEvidence } from '../backend.ts';
import { isRefusal, kindOfMessage, kindOfStatus, readable } from '../failure-words.ts';
import { momentAfter } from '../claude/failures.ts';
import { timeOfRetry } from '../codex/retry-time.ts';
import { exitText, failure, linesOf, usageLimit } from '../failure.ts';
import { recordOf, textOf, type Fields } from '../output/fields.ts';

export function acpFailure(evidence: FailureEvidence): Failure {
  const { output, returnCode, stderrTail } = evidence;
  const fields = output.errorFields;
  if (output.turn === 'failed' && fields !== null) {
    return byCause(fields, output.errorMessage ?? 'the turn failed', evidence);
  }
  const said = linesOf(stderrTail).at(-1) ?? '';
  const how = `the bridge to the agent ${exitText(returnCode)}`;
  // Whatever ended it, the agent ended with it, and its session is kept.
  if (returnCode === null || returnCode > 128 || output.sessionId !== null) {
    return failure('agent_lost', how);
  }
  return failure('runner_invocation', said === '' ? how : `${how}: ${said}`);
}

function byCause(fields: Fields, message: string, evidence: FailureEvidence): Failure {
  switch (fields['cause']) {
    case 'unusable':
      return failure('runner_invocation', message);
    case 'agent_lost':
      return failure('agent_lost', withLastWords(message, evidence.stderrTail));
    case 'session_lost':
      return failure('session_lost', message);
    case 'stopped':
      return failure('interrupted', message);
    case 'refused':
    case 'stop_reason':
      return failure('task_runtime', message);
    case 'no_evidence':
      return failureOf(kindOfMessage(message) ?? 'external_protocol', message);
    default:
      return limitOf(fields, message, evidence) ?? failureOf(kindOfError(fields, message), message);
  }
}

function failureOf(kind: FailureKind, message: string): Failure {
  return failure(kind, readable(message), kind === 'external_protocol' && isRefusal(message));
}

function withLastWords(message: string, stderr: string): string {
  const said = linesOf(stderr).at(-1) ?? '';
  return said === '' ? message : `${message}: ${said}`;
}

/**
 * A limit of the account's plan; null: it is none. The protocol has no word for it: codex-acp 2.6.0 hands on the kind of
 * Codex's error with its message, claude-agent-acp 0.49.0 that a limit was reached, and what the service says of it.
 */
function limitOf(
  fields: Fields,
  message: string,
  { finishedAtMs }: FailureEvidence,
): Failure | null {
  const data = recordOf(fields['data']);
  if (data['codexErrorInfo'] === 'usageLimitExceeded') {
    const told = textOf(data['message']) || message;
    return usageLimit(told, timeOfRetry(told, finishedAtMs));
  }
  if (data['errorKind'] !== 'rate_limit') return null;
  const limits = recordOf(fields['limits']);
  if (limits['status'] !== 'rejected' && !claudeLimited.test(message)) return null;
  return usageLimit(message, momentAfter(limits['resetsAt'], finishedAtMs));
}

/** How the message of such an error begins, for the service may have said nothing before the first answer. */
const claudeLimited = /^(?:Internal error: )?You[\u2019']ve hit your [\w -]*limit\b/;

/** An error that the agent answered with: JSON-RPC's own codes, the protocol's, or a status of HTTP. */
function kindOfError(fields: Fields, message: string): FailureKind {
  const code = typeof fields['code'] === 'number' ? fields['code'] : 0;
  if (code === AUTHENTICATION_REQUIRED) return 'external_auth';
  if (code === REQUEST_CANCELLED) return 'interrupted';
  const data = recordOf(fields['data']);
  const named = kinds[textOf(data['errorKind'])];
  return named ?? kindOfStatus(code) ?? kindOfMessage(message) ?? 'external_protocol';
}

const AUTHENTICATION_REQUIRED = -32000;
const REQUEST_CANCELLED = -32800;

/** `errorKind` of Claude Code's adapter: what the program put in the model's place. */
const kinds: Readonly<Record<string, FailureKind | undefined>> = {
  authentication_failed: 'external_auth',
  oauth_org_not_allowed: 'external_auth',
  billing_error: 'external_rate_limit',
  rate_limit: 'external_rate_limit',
  overloaded: 'external_network',
  server_error: 'external_network',
  model_not_found: 'external_protocol',
  invalid_request: 'external_protocol',
};
