/** A run as it would have been frozen before its optional fields came to be: those at their default are taken out. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { sha256 } from '../../src/disk/sha256.ts';
import { isJsonObject, type Json, type JsonObject } from '../../src/model/json.ts';
import { projectFields } from '../../src/program/shape/project.ts';
import { defaultOf, type Fields, type Shape } from '../../src/program/shape/shape.ts';
import { taskFields } from '../../src/program/shape/task.ts';
import { CHAIN_START } from '../../src/store/log/chain.ts';

/** Rewrites the log and `state/` of a run. Returns how many fields were taken out of what it froze. */
export function takeDefaultsOut(runRoot: string): number {
  let taken = 0;
  const without = (fields: Fields, value: JsonObject): JsonObject =>
    Object.fromEntries(
      Object.entries(value).flatMap(([name, held]): [string, Json][] => {
        const field = fields[name];
        if (!field) return [[name, held]];
        if (field.staysOut === true) return [[name, held]];
        if (field.required !== true && JSON.stringify(held) === JSON.stringify(defaultOf(field))) {
          taken += 1;
          return [];
        }
        return [[name, within(field.shape, held)]];
      }),
    );
  const within = (shape: Shape, value: Json): Json => {
    if (Array.isArray(value)) {
      return shape.type === 'list' ? value.map((item) => within(shape.items, item)) : value;
    }
    if (!isJsonObject(value)) return value;
    if (shape.type === 'object') return without(shape.fields, value);
    if (shape.type === 'tagged') {
      return without(shape.variants[String(value[shape.tag])] ?? {}, value);
    }
    if (shape.type !== 'map') return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, within(shape.values, item)]),
    );
  };

  const log = path.join(runRoot, 'events.jsonl');
  const events = readFileSync(log, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as JsonObject);
  const plan = events[0]?.['payload'] as JsonObject;
  const tasks = Object.entries(plan['tasks'] as Record<string, JsonObject>).map(
    ([id, task]) => [id, without({ ...taskFields, agent: always }, task)] as const,
  );
  plan['tasks'] = Object.fromEntries(tasks);
  plan['project'] = without(projectFields, plan['project'] as JsonObject);
  const ends = writeLog(log, events);

  for (const [id, task] of tasks) write(path.join(runRoot, 'state', 'tasks', `${id}.json`), task);
  const summary = path.join(runRoot, 'state', 'run.json');
  const told = JSON.parse(readFileSync(summary, 'utf8')) as JsonObject & { seq: number };
  write(summary, { ...told, project: plan['project'], ...ends[told.seq - 1] });
  return taken;
}

/** A task's agent is the project's to say: it has no value that every run would give it. */
const always = { ...taskFields.agent, required: true };

/** Chained anew. Returns what `state/run.json` says of the log where each of them is the last. */
function writeLog(
  file: string,
  events: readonly JsonObject[],
): { log_bytes: number; log_head: string }[] {
  let [prev, bytes] = [CHAIN_START, 0];
  const ends: { log_bytes: number; log_head: string }[] = [];
  const lines = events.map((event) => {
    const line = JSON.stringify({ ...event, prev });
    prev = sha256(line);
    bytes += Buffer.byteLength(line) + 1;
    ends.push({ log_bytes: bytes, log_head: prev });
    return `${line}\n`;
  });
  writeFileSync(file, lines.join(''));
  return ends;
}

function write(file: string, value: Json): void {
  if (existsSync(file)) writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`);
}
