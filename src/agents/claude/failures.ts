/**
 * What it means that Claude Code ended without success. Pure. By the fields of its result and of its last error
 * (version 2.1.332; test/agents/claude/failures.test.ts holds them); words count only where nothing came of fields.
 */
import { isMoment } from '../../model/moment.ts';
import type { FailureKind } from '../../model/run.ts';
import type { Failure, FailureEvidence } from '../backend.ts';
import { exitText, failure, linesOf, refusedToRun, usageLimit } from '../failure.ts';
import { amountOf, recordOf, recordsIn, textOf, type Fields } from '../output/fields.ts';
import { LOCKED_STATUS } from './session.ts';

export function claudeFailure(evidence: FailureEvidence): Failure {
  const { output, returnCode, stderrTail } = evidence;
  const lines = linesOf(stderrTail);
  const said = lines.find((line) => /^error/i.test(line)) ?? lines.at(-1) ?? '';
  const how = `claude ${exitText(returnCode)}`;
  if (output.turn === 'failed' && output.errorFields !== null) {
    return byFields(output.errorFields, output.errorMessage ?? how, evidence);
  }
  if (returnCode === LOCKED_STATUS && output.sessionId === null) {
    return failure('external_protocol', 'the session is open in another attempt');
  }
  if (returnCode === 0) {
    return failure('external_protocol', 'claude ended without a result');
  }
  if (returnCode === 126 || returnCode === 127) {
    return failure(
      'runner_invocation',
      `${said === '' ? how : `${how}: ${said}`}${refusedToRun(said)}`,
    );
  }
  if (returnCode !== null && returnCode > 128) return failure('interrupted', how);
  // What it says before a session exists stands on standard error alone.
  const kind = output.sessionId === null ? 'runner_invocation' : 'task_runtime';
  return failure(kind, said === '' ? `${how} and said nothing` : said);
}

function byFields(fields: Fields, message: string, evidence: FailureEvidence): Failure {
  const { requestedSessionId } = evidence;
  if (requestedSessionId !== null && isLost(fields)) return failure('session_lost', message);
  if (fields['terminal_reason'] === 'prompt_too_long') {
    // Of a session that goes on it is the history that is too long: a new one may do.
    return failure(requestedSessionId === null ? 'task_runtime' : 'session_lost', message);
  }
  const kind = kindOf(fields);
  if (kind === 'external_usage_limit') return usageLimit(message, limitEnd(fields, evidence));
  return failure(kind, message, kind === 'external_protocol' && isRefused(fields));
}

function kindOf(fields: Fields): FailureKind {
  const reason = textOf(fields['terminal_reason']);
  const subtype = textOf(fields['subtype']);
  if (reason.startsWith('aborted')) return 'interrupted';
  if (subtype === 'error_max_structured_output_retries') return 'output_schema';
  if (subtype === 'error_max_turns' || subtype === 'error_max_budget_usd') return 'task_runtime';
  if (isUsageLimit(fields)) return 'external_usage_limit';
  if (fields['api_error'] === 'connection_failed') return 'external_network';
  const known = kinds[textOf(fields['error'])];
  if (known !== undefined) return known;
  const status = statusOf(fields);
  if (status === 401 || status === 403 || status === 407) return 'external_auth';
  if (status === 429) return 'external_rate_limit';
  if (status !== null && status >= 500) return 'external_network';
  if (errorsOf(fields).some((error) => /^sandbox required/i.test(error)))
    return 'runner_invocation';
  // A stream that broke off, an answer that is none, a request that is refused.
  return 'external_protocol';
}

/** Earlier versions (2.1.197) tell it by what the service says of the account alone. */
function isUsageLimit(fields: Fields): boolean {
  if (fields['api_error'] === 'usage_limit_reached') return true;
  return statusOf(fields) === 429 && limitsOf(fields)['status'] === 'rejected';
}

function limitsOf(fields: Fields): Fields {
  return recordOf(fields['limits']);
}

/** As the service says it of the limit that it refused by; a moment that is past says nothing. */
function limitEnd(fields: Fields, { finishedAtMs }: FailureEvidence): string | null {
  const { rate_limit_info: info } = recordOf(fields['api_error_params']);
  const told = amountOf(recordOf(info)['resetsAt']) || amountOf(limitsOf(fields)['resetsAt']);
  return momentAfter(told, finishedAtMs);
}

/** From seconds since the epoch; null where that is none, or past. */
export function momentAfter(told: unknown, nowMs: number): string | null {
  const atMs = amountOf(told) * 1000;
  const isAhead = atMs > nowMs && isMoment(atMs);
  return isAhead ? new Date(atMs).toISOString() : null;
}

/** `error` of an answer that the program itself put in the model's place. */
const kinds: Readonly<Record<string, FailureKind | undefined>> = {
  authentication_failed: 'external_auth',
  billing_error: 'external_rate_limit',
  rate_limit: 'external_rate_limit',
  server_error: 'external_network',
  model_not_found: 'external_protocol',
  invalid_request: 'external_protocol',
};

/** The same request would be refused again. */
function isRefused(fields: Fields): boolean {
  const status = statusOf(fields);
  return status !== null && status >= 400 && status < 500 && status !== 408;
}

/** The one thing that no field tells. */
function isLost(fields: Fields): boolean {
  return errorsOf(fields).some((error) => /^no conversation found/i.test(error));
}

function statusOf(fields: Fields): number | null {
  const status = fields['api_error_status'];
  return typeof status === 'number' ? status : null;
}

function errorsOf(fields: Fields): string[] {
  const { errors } = fields;
  return Array.isArray(errors)
    ? errors.map((error) => textOf(error) || textOf(recordsIn([error])[0]?.['message']))
    : [];
}
