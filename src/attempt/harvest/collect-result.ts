/**
 * What a finished attempt left besides its artifacts: `final.md` and `result.json`. What stands in the
 * attempt directory is the worker's: it is read with suspicion and never overwritten.
 */
import { lstatSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { ResultFacts } from '../../core/judge/result.ts';
import { Refusal } from '../../model/refusal.ts';
import { copyWholeFile } from '../../disk/copy-file.ts';
import { createFile, replaceFile } from '../../disk/disk.ts';
import { resolveInside } from '../../disk/inside.ts';
import { describeProblems, loadSchema } from '../../schema/json-schema.ts';
import { sha256 } from '../../disk/sha256.ts';
import { jsonInMessage, readJson } from './result-text.ts';

const MAX_RESULT_BYTES = 16 * 1024 * 1024;

/** Standard output of any size comes as a file; null where the agent ended without a message. */
export type FinalMessage = { text: string } | { file: string } | null;

export interface ResultRequest {
  attemptDir: string;
  finalMessage: FinalMessage;
  /** See StageRequest. Where it is false, only a `result.json` that the worker wrote counts. */
  resultCalledFor: boolean;
  /** The frozen schema, relative to the frozen program, or null. */
  schema: { frozenProgramDir: string; path: string } | null;
}

/**
 * Writes `final.md` from the final message where the worker left none, and `result.json` where the
 * message holds the result; then reads and checks `result.json`. Running it again gives the same.
 * A message about an invalid result names the field (as a JSON pointer) and what is allowed there.
 */
export async function collectResult(request: ResultRequest): Promise<ResultFacts> {
  const { attemptDir, finalMessage } = request;
  await keepFinalMessage(attemptDir, finalMessage);
  const file = path.join(attemptDir, 'result.json');
  let source = 'result.json';
  if (!exists(file)) {
    if (!request.resultCalledFor) return { kind: 'none' };
    const found = jsonInMessage(readMessage(finalMessage));
    if (found.kind === 'none') return { kind: 'none' };
    if (found.kind === 'broken') {
      return invalid(
        `there is no result.json, and the final message cannot be taken as the result: ${found.reason}`,
      );
    }
    source = 'result.json (taken from the final message)';
    replaceFile(file, `${found.text}\n`);
  }
  const read = readResult(attemptDir);
  if (!read.ok) return invalid(`result.json cannot be used: ${read.reason}`);
  const parsed = readJson(read.text);
  if (!parsed.ok) return invalid(`result.json cannot be used: ${parsed.reason}`);
  const { value } = parsed;
  if (request.schema !== null) {
    const mismatch = await checkAgainst(request.schema, value);
    if (mismatch !== null) return invalid(`${source} ${mismatch}`);
  }
  return { kind: 'value', value, sha256: sha256(read.bytes) };
}

/**
 * Writes `final.md` from the final message, unless something of that name is there. An empty message
 * makes an empty file, and so does none: an agent may end well without a word.
 */
async function keepFinalMessage(attemptDir: string, message: FinalMessage): Promise<void> {
  const file = path.join(attemptDir, 'final.md');
  if (exists(file)) return;
  if (message === null) createFile(file, '');
  else if ('text' in message) createFile(file, message.text);
  else if (exists(message.file)) await copyWholeFile(message.file, file);
}

async function checkAgainst(
  schema: { frozenProgramDir: string; path: string },
  value: Parameters<Awaited<ReturnType<typeof loadSchema>>['check']>[0],
): Promise<string | null> {
  try {
    const compiled = await loadSchema(schema.frozenProgramDir, schema.path);
    const outcome = compiled.check(value);
    if (outcome.ok) return null;
    return `does not match ${schema.path}: ${describeProblems(outcome.problems)}`;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return `cannot be checked: ${error.message}`;
  }
}

function readMessage(message: FinalMessage): string {
  if (message === null) return '';
  if ('text' in message) return message.text;
  const stats = statSync(message.file, { throwIfNoEntry: false });
  // Larger than any result may be.
  if (stats === undefined || stats.size > MAX_RESULT_BYTES) return '';
  return readFileSync(message.file, 'utf8');
}

type ReadResult = { ok: true; text: string; bytes: Uint8Array } | { ok: false; reason: string };

function readResult(attemptDir: string): ReadResult {
  const inside = resolveInside(attemptDir, 'result.json');
  if (!inside.ok) return { ok: false, reason: inside.reason };
  const stats = statSync(inside.path);
  if (!stats.isFile()) return { ok: false, reason: 'it is not a regular file' };
  if (stats.size > MAX_RESULT_BYTES) {
    const reason = `it has ${stats.size} bytes; at most ${MAX_RESULT_BYTES} are allowed`;
    return { ok: false, reason };
  }
  const bytes = readFileSync(inside.path);
  try {
    return { ok: true, text: new TextDecoder('utf-8', { fatal: true }).decode(bytes), bytes };
  } catch {
    return { ok: false, reason: 'it is not UTF-8 text' };
  }
}

/** Also for a dangling link: the worker left something there. */
function exists(file: string): boolean {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

function invalid(message: string): ResultFacts {
  return { kind: 'invalid', message };
}
