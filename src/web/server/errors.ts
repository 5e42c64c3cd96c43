/** What went wrong, as an HTTP answer: refusals with their words, defects without their insides. */
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Diagnostic } from '../../model/diagnostic.ts';
import { isJsonObject } from '../../model/json.ts';
import type { Refusal } from '../../model/refusal.ts';
import { ExitStatus } from '../../model/refusal.ts';
import type { ApiError, ApiErrorBody } from '../api/error.ts';

/** What is not as the asker thought, and may be so after another look. */
const CONFLICTS = new Set([
  'already-answered',
  'edit-conflict',
  'program-busy',
  'proposal-applied',
  'proposal-rejected',
  'proposal-stale',
  'reply-refused',
  'run-busy',
  'run-exists',
  'task-exists',
  'task-in-use',
]);
const INVALID = new Set([
  'edit-breaks-program',
  'format-newer',
  'freeze-failed',
  'log-damaged',
  'not-retryable',
  'payload-invalid',
  'note-blank',
  'program-invalid',
  'proposal-content',
  'proposal-snippet',
  'proposal-target',
  'run-unreadable',
  'task-invalid',
  'task-not-ready',
  'text-missing',
  'text-unreadable',
  'workspace-missing',
]);
const DISK = new Set([
  'disk-full',
  'inbox-not-writable',
  'program-not-writable',
  'run-not-writable',
  'write-failed',
  'engine-not-started',
]);

export function httpStatusOf(refusal: Refusal): ContentfulStatusCode {
  if (refusal.exit === ExitStatus.notFound) return 404;
  if (refusal.code === 'body-too-large') return 413;
  if (refusal.code === 'path-refused') return 403;
  if (CONFLICTS.has(refusal.code)) return 409;
  if (DISK.has(refusal.code)) return 503;
  if (INVALID.has(refusal.code) || /^(input|preset|schema)-/.test(refusal.code)) return 422;
  return 400;
}

export function refusalBody(refusal: Refusal): ApiErrorBody {
  const body = errorBody(refusal.code, refusal.message, refusal.hint ?? null);
  const { data } = refusal;
  if (!isJsonObject(data)) return body;
  // The verbs name them differently: all problems of a start, the new ones of an edit.
  const diagnostics = data['diagnostics'] ?? data['errors'];
  if (Array.isArray(diagnostics)) body.error.diagnostics = diagnostics as unknown as Diagnostic[];
  const problems = data['problems'];
  if (Array.isArray(problems)) {
    body.error.problems = problems as unknown as NonNullable<ApiError['problems']>;
  }
  return body;
}

export function errorBody(code: string, message: string, hint: string | null = null): ApiErrorBody {
  return { error: { code, message, hint } };
}
