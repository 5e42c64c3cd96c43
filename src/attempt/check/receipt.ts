/** What came of a check that has ended: what it printed is hashed whole, its end is kept beside the attempt. */
import path from 'node:path';
import type { DueCheck } from '../../core/state/checks.ts';
import { remove, replaceFile } from '../../disk/disk.ts';
import { hashWithEnd } from '../../disk/foreign-file.ts';
import { sha256 } from '../../disk/sha256.ts';
import { attemptFiles } from '../../execution/local/attempt-files.ts';
import type { AttemptEnd } from '../../model/attempt.ts';
import { argvOf, type CheckReceipt } from '../../model/checks.ts';
import type { CheckPlace } from '../../store/layout.ts';

const KEPT_BYTES = 1024 * 1024;
const SAID_LINES = 40;
const SAID_CHARS = 4000;

/** Of a check whose process has ended by itself, or at its time limit. */
export async function receiptOf(
  due: DueCheck,
  place: CheckPlace,
  end: AttemptEnd,
  tree: string | null,
): Promise<CheckReceipt> {
  const read = await hashWithEnd(attemptFiles(place).stdout, KEPT_BYTES);
  const printed = read.ok ? read : { sha256: sha256(''), end: Buffer.alloc(0) };
  replaceFile(place.log, printed.end);
  const isEnded =
    end.termination_reason === 'completed' || end.termination_reason === 'nonzero_exit';
  const exit = isEnded && end.failure_kind !== 'runner_invocation' ? end.return_code : null;
  const why =
    end.termination_reason === 'wall_timeout'
      ? `it took longer than timeout_sec (${due.spec.timeout_sec})`
      : exit === null
        ? (end.failure_summary ?? 'nobody saw how it ended')
        : null;
  const said = [...(why === null ? [] : [why]), tail(printed.end)].join('\n').trimEnd();
  return {
    index: due.index,
    argv: argvOf(due.spec),
    exit,
    output_sha256: printed.sha256,
    tree,
    ...(due.isBaseline ? { baseline: true as const } : {}),
    ...(exit === 0 || said === '' ? {} : { said }),
  };
}

/** Of one that could not be run. */
export function unrunnable(due: DueCheck, message: string): CheckReceipt {
  return {
    index: due.index,
    argv: argvOf(due.spec),
    exit: null,
    output_sha256: sha256(''),
    tree: null,
    ...(due.isBaseline ? { baseline: true as const } : {}),
    said: message,
  };
}

/** Removes what it was carried out with; what it printed stays. */
export function clearCheck({ attemptDir, controlDir }: CheckPlace): void {
  remove(attemptDir);
  remove(path.dirname(controlDir));
}

/** Its last lines. */
function tail(printed: Buffer): string {
  const text = printed
    .subarray(-4 * SAID_CHARS)
    .toString('utf8')
    .trimEnd();
  const lines = text.split('\n').slice(-SAID_LINES).join('\n');
  return lines.slice(-SAID_CHARS).replace(/^[\uDC00-\uDFFF]/, '');
}
