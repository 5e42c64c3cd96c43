/**
 * `context/asking.json`: all that a worker on another machine needs to ask a question by, which has no run to read. The
 * engine judges the question again when it has come.
 */
import path from 'node:path';
import { jsonFile, makeDirectory, writeFile } from '../../disk/disk.ts';
import { readForeignJson, RECORD_LIMITS } from '../../disk/foreign-json.ts';
import { isJsonObject } from '../../model/json.ts';
import type { AttemptOrder } from '../../model/attempt.ts';
import type { RoleSpec, TaskSpec } from '../../model/program.ts';

/** Relative to the directory of the attempt. */
export const ASKING_FILE = 'context/asking.json';

/** Names it to workers on other machines, and to nobody else. */
export const ASKING_VARIABLE = 'CODEX_ORCH_ASKING';

export interface Asking {
  run_id: string;
  instance_id: string;
  task: Pick<TaskSpec, 'id' | 'labels' | 'assistant_hints' | 'interaction_policy'>;
  /** All roles of the program. */
  roles: Pick<RoleSpec, 'id' | 'policy'>[];
  /** Of the program, relative to it: what may be named. */
  files: string[];
}

export function writeAsking(
  { attemptDir }: Pick<AttemptOrder, 'attemptDir'>,
  asking: Asking,
): void {
  const file = path.join(attemptDir, ASKING_FILE);
  makeDirectory(path.dirname(file));
  writeFile(file, jsonFile(asking));
}

/** null: the file is not there, or is none of ours. */
export function readAsking(file: string): Asking | null {
  const read = readForeignJson(file, RECORD_LIMITS);
  if (!read.ok || !isJsonObject(read.value)) return null;
  const { run_id: run, instance_id: instance, task, roles, files } = read.value;
  const isWhole =
    typeof run === 'string' &&
    typeof instance === 'string' &&
    isJsonObject(task) &&
    Array.isArray(roles) &&
    Array.isArray(files);
  return isWhole ? (read.value as unknown as Asking) : null;
}
