/**
 * What a finished attempt left besides its artifacts: `final.md` and `result.json`. What stands in the
 * attempt directory is the worker's: it is read with suspicion and never overwritten.
 */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import type { ResultFacts } from '../../core/judge/result.ts';
import { Refusal } from '../../model/refusal.ts';
import { MAX_RESULT_BYTES } from '../../model/run.ts';
import { createFile, replaceFile } from '../../disk/disk.ts';
import { copyForeignWhole, kindAt, readForeign, readForeignText } from '../../disk/foreign-file.ts';
import { describeProblems, loadSchema } from '../../schema/json-schema.ts';
import { outside } from '../../disk/inside.ts';
import { sha256 } from '../../disk/sha256.ts';
import { jsonInMessage, readJson } from './result-text.ts';

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
  const unkept = await keepFinalMessage(attemptDir, finalMessage);
  if (unkept !== null) return invalid(unkept);
  const file = path.join(attemptDir, 'result.json');
  let source = 'result.json';
  if (kindAt(file) === 'missing') {
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
  const read = readForeignText(file, { maxBytes: MAX_RESULT_BYTES, ...placeOf(attemptDir) });
  if (!read.ok) {
    const leadsOut = read.code === 'link' ? outside(attemptDir, 'result.json') : null;
    return invalid(`result.json cannot be used: ${leadsOut ?? read.reason}`);
  }
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
 * makes an empty file, and so does none: an agent may end well without a word. Returns what is wrong with the
 * file that holds the message.
 */
async function keepFinalMessage(attemptDir: string, message: FinalMessage): Promise<string | null> {
  const file = path.join(attemptDir, 'final.md');
  if (kindAt(file) !== 'missing') return null;
  // An empty file is whole at once.
  if (message === null || isEmpty(message)) {
    createFile(file, '', { inPlace: true });
    return null;
  }
  if ('text' in message) {
    createFile(file, message.text);
    return null;
  }
  const copied = await copyForeignWhole(message.file, file);
  if (copied.ok || copied.code === 'missing') return null;
  return `the final message cannot be taken from ${path.basename(message.file)}: ${copied.reason}`;
}

function isEmpty(message: NonNullable<FinalMessage>): boolean {
  if ('text' in message) return message.text === '';
  const stats = lstatSync(message.file, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size === 0;
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
  // One that is larger than any result may be is none.
  const read = readForeign(message.file, { maxBytes: MAX_RESULT_BYTES });
  return read.ok ? read.bytes.toString('utf8') : '';
}

/** The attempt directory is the worker's, what it lies in is not. */
function placeOf(attemptDir: string): { below: string } {
  return { below: path.dirname(attemptDir) };
}

function invalid(message: string): ResultFacts {
  return { kind: 'invalid', message };
}
