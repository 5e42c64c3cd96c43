/**
 * `state/run.json`: the summary of a run, with the place in the log that it was made at. It is true
 * exactly while that place is still the log's end; a list of a thousand runs reads nothing else.
 */
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { isJsonObject } from '../../model/json.ts';
import { FORMAT_VERSION } from '../../model/run.ts';
import { sha256 } from '../../disk/sha256.ts';
import type { RunPaths } from '../layout.ts';
import type { RunSummary } from './documents.ts';

/** What stands in `state/run.json`. */
export interface RunFile extends RunSummary {
  /** Length of the log in bytes. */
  log_bytes: number;
  /** SHA-256 of the log's last line, which no later line vouches for yet. */
  log_head: string;
}

/** `state/run.json`; null if there is none that can be understood. */
export function readRunFile(paths: RunPaths): RunFile | null {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(paths.runFile, 'utf8'));
  } catch {
    return null;
  }
  const sound =
    isJsonObject(value) &&
    value['id'] === paths.runId &&
    value['format_version'] === FORMAT_VERSION &&
    typeof value['status'] === 'string' &&
    typeof value['created_at'] === 'string' &&
    typeof value['instance_count'] === 'number' &&
    typeof value['attention'] === 'number' &&
    typeof value['seq'] === 'number' &&
    typeof value['log_bytes'] === 'number' &&
    typeof value['log_head'] === 'string' &&
    Array.isArray(value['roots']) &&
    isJsonObject(value['counts']) &&
    isJsonObject(value['project']);
  return sound ? (value as unknown as RunFile) : null;
}

/** The end of a log that holds whole lines only: null if it does not, or is empty. */
export function logTail(log: string): { bytes: number; head: string; seq: number } | null {
  const fd = openSync(log, 'r');
  try {
    const bytes = fstatSync(fd).size;
    const line = lastLine(fd, bytes);
    if (line === null) return null;
    const seq = /^\{"seq":(\d+),/.exec(line.toString('latin1', 0, 32))?.[1];
    return seq === undefined ? null : { bytes, head: sha256(line), seq: Number(seq) };
  } finally {
    closeSync(fd);
  }
}

/** The last line without its newline, read from the end. */
function lastLine(fd: number, size: number): Buffer | null {
  for (let length = Math.min(size, 16 * 1024); length > 0; length = Math.min(size, length * 8)) {
    const buffer = Buffer.allocUnsafe(length);
    if (readSync(fd, buffer, 0, length, size - length) < length || buffer.at(-1) !== 10)
      return null;
    const before = length < 2 ? -1 : buffer.lastIndexOf(10, length - 2);
    if (before >= 0 || length === size) return buffer.subarray(before + 1, length - 1);
  }
  return null;
}
