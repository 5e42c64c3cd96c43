/**
 * What a session of Codex has used so far. Its output tells of that at the end of a turn alone, and never of a turn that
 * was cut off; the file that it keeps of the session tells after each answer of the model. Observed of 0.169.0, and
 * proven in test/agents/codex/session-use.test.ts: a line `token_usage_record` comes with the answer, before the
 * commands that it asks for begin; a line `token_count` comes with the next call, and never gets to count the last one of
 * a turn that was cut off. Both are sums over all of the session: the larger is right.
 */
import { homedir } from 'node:os';
import path from 'node:path';
import { someNamesIn } from '../../disk/names-in.ts';
import { largerUse } from '../../model/prices.ts';
import type { Usage } from '../../model/run.ts';
import type { Environment, SessionUse } from '../backend.ts';
import { recordIn, recordOf, textOf } from '../output/fields.ts';
import { LineTail } from '../output/line-tail.ts';
import { sizeOfOutput } from '../output/open-output.ts';
import { codexUsage } from './usage.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
/** A line that tells of tokens is short. */
const MAX_LINE_BYTES = 64 * 1024;
/** Of what is there already, the end is read alone: each line is a sum of what came before. */
const LOOK_BACK_BYTES = 1024 * 1024;
const SLICE_BYTES = 4 * 1024 * 1024;
/** Sessions of one day; more are not looked through. */
const MOST_SESSIONS = 20_000;

/** `env`: all of the attempt's. */
export function codexSessionUse(env: Environment): SessionUse {
  let tail: LineTail | null = null;
  let usage: Usage | null = null;

  function open(sessionId: string): LineTail | null {
    const file = sessionFile(env, sessionId);
    if (file === null) return null;
    const opened = new LineTail(file, {
      maxLineBytes: MAX_LINE_BYTES,
      floodBytes: null,
      onLine: (line) => (usage = largerUse(usage, sumIn(line))),
      onOmitted: () => undefined,
    });
    opened.goTo(Math.max(0, sizeOfOutput(file) - LOOK_BACK_BYTES));
    return opened;
  }

  return {
    look(sessionId) {
      tail ??= open(sessionId);
      tail?.advance(SLICE_BYTES);
      return usage;
    },
    close: () => tail?.close(),
  };
}

/** Below it, by year, month and day; one that was copied there goes on. */
export function sessionsIn(env: Environment): string {
  return path.join(env['CODEX_HOME'] || path.join(env['HOME'] || homedir(), '.codex'), 'sessions');
}

/** Where Codex keeps a session; null where it keeps none of that name. */
export function sessionFile(env: Environment, sessionId: string): string | null {
  // A UUID of version 7 begins with its time (RFC 9562, section 5.7); directories are named after the local day.
  const startedMs = Number.parseInt(sessionId.slice(0, 13).replace('-', ''), 16);
  const root = sessionsIn(env);
  for (const days of [0, -1, 1]) {
    const day = new Date(startedMs + days * DAY_MS);
    if (Number.isNaN(day.getTime())) return null;
    const directory = path.join(root, ...day.toISOString().slice(0, 10).split('-'));
    const { names } = someNamesIn(directory, MOST_SESSIONS);
    const name = names.find((one) => one.endsWith(`-${sessionId}.jsonl`));
    if (name !== undefined) return path.join(directory, name);
  }
  return null;
}

function sumIn(line: string): Usage | null {
  // Most lines are of no interest, and some are long.
  if (!line.includes('"token_')) return null;
  const record = recordIn(line);
  const payload = recordOf(record?.['payload']);
  if (record?.['type'] === 'token_usage_record') return codexUsage(payload['thread_token_usage']);
  if (record?.['type'] !== 'event_msg' || textOf(payload['type']) !== 'token_count') return null;
  return codexUsage(recordOf(payload['info'])['total_token_usage']);
}
