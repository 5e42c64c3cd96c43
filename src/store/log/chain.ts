/**
 * The lines of `events.jsonl` and the chain through them: what a line must say to follow the one before.
 * Pure, but for naming the file in what it refuses.
 */
import { isAscii, isUtf8 } from 'node:buffer';
import path from 'node:path';
import { isEventType, mayStandIn } from '../../core/events/catalogue.ts';
import type { RunEvent } from '../../core/events/events.ts';
import { parseJson, stringifyJson, isJsonObject, type JsonObject } from '../../model/json.ts';
import { ExitStatus, Refusal } from '../../model/refusal.ts';
import { FORMAT_VERSION, isFormatVersion, OLDEST_FORMAT_VERSION } from '../../model/run.ts';
import { shown } from '../../text/shown.ts';

/** `prev` of the first line. */
export const CHAIN_START = '0'.repeat(64);

/** Longest line, in bytes; a longer one would not fit into a string of V8 on every platform. */
export const MAX_LINE_BYTES = 256 * 1024 * 1024;

/** A place between two lines, from which reading can go on. */
export interface LogPosition {
  /** The last event before it; 0 at the start. */
  seq: number;
  /** Its offset in bytes. */
  bytes: number;
  /** SHA-256 of the line before it: the `prev` of the next. */
  head: string;
  /** null at the start. */
  runId: string | null;
  /** The version of the run's format; null at the start. */
  formatVersion: number | null;
}

/** The line of an event, without its newline. The order of the fields is part of the format. */
export function eventLine(event: RunEvent, prev: string): string {
  return stringifyJson({
    seq: event.seq,
    event_id: event.event_id,
    event_type: event.event_type,
    run_id: event.run_id,
    instance_id: event.instance_id,
    created_at: event.created_at,
    payload: event.payload,
    prev,
  });
}

type ParsedLine = { ok: true; value: JsonObject } | { ok: false; reason: string };

/** Parses a line without its newline. */
export function parseLine(line: Buffer): ParsedLine {
  // Nearly all lines are; decoding is then a copy.
  const ascii = isAscii(line);
  if (!ascii && !isUtf8(line)) return { ok: false, reason: 'is not UTF-8' };
  try {
    const value: unknown = parseJson(line.toString(ascii ? 'latin1' : 'utf8'));
    return isJsonObject(value) ? { ok: true, value } : { ok: false, reason: 'is not an object' };
  } catch {
    return { ok: false, reason: 'is not JSON' };
  }
}

/**
 * The event of a line that follows `before`, and the version of its run's format.
 *
 * @throws Refusal `log-damaged`, `format-newer`
 */
export function checkedEvent(
  value: JsonObject,
  before: LogPosition,
  file: string,
): { event: RunEvent; formatVersion: number } {
  const seq = before.seq + 1;
  const wrong = (what: string): Refusal => damagedLog(file, seq, what);
  const { event_type: type, run_id: runId, payload, prev } = value;
  const formatVersion =
    before.formatVersion ??
    (type === 'run_created' ? formatOf(payload, file) : OLDEST_FORMAT_VERSION);
  if (value['seq'] !== seq) throw wrong(`has seq ${JSON.stringify(value['seq'])}, not ${seq}`);
  if (prev !== before.head) {
    throw wrong(
      seq === 1
        ? 'does not start a chain: its "prev" is not zero'
        : `does not follow line ${seq - 1}: its "prev" is not that line's SHA-256`,
    );
  }
  if (typeof type !== 'string') throw wrong('has no event_type');
  // Not of a newer format: its run would have been refused at the beginning of the log.
  if (!isEventType(type)) throw wrong(`has the unknown event_type "${type}"`);
  if ((seq === 1) !== (type === 'run_created')) {
    throw wrong(seq === 1 ? `is ${type}, not run_created` : 'is a second run_created');
  }
  if (!mayStandIn(formatVersion, type)) {
    throw wrong(`is ${type}, which runs of format version ${formatVersion} do not have`);
  }
  if (typeof runId !== 'string' || runId === '') throw wrong('has no run_id');
  if (before.runId !== null && runId !== before.runId) {
    throw wrong(`belongs to run ${runId}, not ${before.runId}`);
  }
  if (value['event_id'] !== `${String(seq).padStart(6, '0')}-${type}`) {
    throw wrong(`has event_id ${JSON.stringify(value['event_id'])}`);
  }
  const instance = value['instance_id'];
  if (instance !== null && typeof instance !== 'string') throw wrong('has no instance_id');
  if (typeof value['created_at'] !== 'string') throw wrong('has no created_at');
  if (!isJsonObject(payload)) throw wrong('has no payload');
  delete value['prev'];
  return { event: value as unknown as RunEvent, formatVersion };
}

/** The version of the format that a run began with. @throws Refusal `format-newer`, `log-damaged` where it is none */
function formatOf(payload: unknown, file: string): number {
  if (!isJsonObject(payload)) throw damagedLog(file, 1, 'has no payload');
  const { format_version: version, tool_version: tool } = payload;
  if (isFormatVersion(version)) return version;
  if (
    typeof version !== 'number' ||
    !Number.isSafeInteger(version) ||
    version < OLDEST_FORMAT_VERSION
  ) {
    throw damagedLog(file, 1, `has no valid format_version: it is ${shown(version, 40)}`);
  }
  const by = typeof tool === 'string' ? ` (codex-orch ${tool})` : '';
  throw new Refusal(
    'format-newer',
    `${path.dirname(file)} has format version ${shown(version)}${by}; ` +
      `this codex-orch reads up to version ${FORMAT_VERSION}.`,
    { hint: 'Update codex-orch to work with this run.' },
  );
}

/** What is wrong with which line. */
export function damagedLog(file: string, line: number, what: string): Refusal {
  return new Refusal('log-damaged', `The event log is damaged: ${file}, line ${line} ${what}.`, {
    hint: `codex-orch run verify ${verifyArguments(file)}`,
    exit: ExitStatus.failed,
    data: { file, line, what },
  });
}

/** `<program> <run-id>` of `<program>/.runs/<run-id>/events.jsonl`. */
function verifyArguments(file: string): string {
  const root = path.dirname(path.resolve(file));
  return `${path.dirname(path.dirname(root))} ${path.basename(root)}`;
}

/**
 * Whether an unparsable last line that has its newline may be what a crash left: cut short, or with
 * a hole where a block never reached the device. A line with a single wrong byte is neither.
 */
export function looksCutOff(line: Buffer): boolean {
  if (line.includes(0)) return true;
  const brace = '}'.charCodeAt(0);
  if (line.at(-1) === brace) return false;
  return !parseLine(Buffer.concat([line.subarray(0, -1), Buffer.of(brace)])).ok;
}
