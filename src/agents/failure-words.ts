/**
 * What a message means that tells of a failure in words alone: the last resort, where no field tells. Pure. The words are
 * those of the agents that we have provoked to fail, and of the services behind them.
 */
import type { FailureKind } from '../model/run.ts';

/** From a message that may come at any time; null: it tells no cause outside of the task. */
export function kindOfMessage(message: string): FailureKind | null {
  if (/no rollout found/i.test(message) || spoiltSession.test(message)) return 'session_lost';
  if (/already has an active writer/i.test(message)) return 'external_protocol';
  if (/invalid_json_schema|invalid schema for response_format/i.test(message)) {
    return 'output_schema';
  }
  const kind = kindOfStatus(httpStatus(message));
  if (kind !== null) return kind;
  if (rateLimit.test(message)) return 'external_rate_limit';
  if (auth.test(message)) return 'external_auth';
  // Whatever it goes on with: the server was reached, and its answer broke off.
  if (/stream disconnected before completion/i.test(message)) return 'external_protocol';
  if (network.test(message)) return 'external_network';
  return null;
}

/** Of an answer of HTTP; null for one that is no failure. */
export function kindOfStatus(status: number | null): FailureKind | null {
  if (status === null || status < 400 || status > 599) return null;
  if (status === 401 || status === 403 || status === 407) return 'external_auth';
  if (status === 429) return 'external_rate_limit';
  return status >= 500 ? 'external_network' : 'external_protocol';
}

/**
 * What is said of a session that can never go on: it is full, or its history is not accepted. Every further attempt
 * in it would end the same.
 */
const spoiltSession =
  /ran out of room in the model's context|context_length_exceeded|maximum context length|exceeds the context window|encrypted content|invalid_encrypted_content|no tool (?:output|call) found for|without its required (?:following|preceding) item|previous response .{0,80}not found|previous_response_not_found/i;

/** The model's server understood, and will not: the same request is refused again. */
export function isRefusal(message: string): boolean {
  const status = httpStatus(message);
  // Codex shows the body of a 400 as it came, and of no other.
  if (status === null) return /^\s*\{/.test(message);
  return status >= 400 && status < 500 && ![401, 403, 407, 408, 409, 425, 429].includes(status);
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
export function readable(message: string): string {
  try {
    const body = JSON.parse(message) as { error?: { message?: unknown } } | null;
    const inner = body?.error?.message;
    return typeof inner === 'string' && inner !== '' ? inner : message;
  } catch {
    return message;
  }
}
