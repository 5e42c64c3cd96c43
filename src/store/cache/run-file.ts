/**
 * `state/run.json`: the summary of a run, with the place in the log that it was made at. It is true
 * exactly while that place is still the log's end; a list of a thousand runs reads nothing else.
 */
import { RECORD_LIMITS, readForeignJson } from '../../disk/foreign-json.ts';
import { isJsonObject } from '../../model/json.ts';
import { isFormatVersion } from '../../model/run.ts';
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
  const read = readForeignJson(paths.runFile, RECORD_LIMITS);
  if (!read.ok) return null;
  const { value } = read;
  const sound =
    isJsonObject(value) &&
    value['id'] === paths.runId &&
    isFormatVersion(value['format_version']) &&
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
  if (!sound) return null;
  const file = value as unknown as RunFile;
  // Earlier engines counted the questions of an aborted run: see `closeUnsaid`.
  return file.aborted && file.format_version === 1 ? { ...file, attention: 0 } : file;
}
