/**
 * What a session of Claude Code has used since it was first looked at, from the file that it keeps of it. Its own output
 * tells that as it comes; that of a program that drives it may tell it at the end of a turn alone. An answer stands
 * there in a line for each of its blocks, with one `message.id`: the last line counts. What subagents use stands
 * elsewhere. Observed of the program in claude-agent-acp 0.49.0; test/agents/acp/real.test.ts holds it.
 */
import type { Usage } from '../../model/run.ts';
import type { Environment, SessionUse } from '../backend.ts';
import { recordIn, recordOf, textOf } from '../output/fields.ts';
import { LineTail } from '../output/line-tail.ts';
import { sizeOfOutput } from '../output/open-output.ts';
import { claudeSessionFile } from './session.ts';
import { added, usageOfCall } from './usage.ts';

/** An answer may be long; a longer line is left out. */
const MAX_LINE_BYTES = 4 * 1024 * 1024;
const SLICE_BYTES = 16 * 1024 * 1024;

const nothing: Usage = {
  input_tokens: 0,
  cached_input_tokens: 0,
  output_tokens: 0,
  reasoning_output_tokens: 0,
};

/** `env`: all of the attempt's. */
export function claudeSessionUse(env: Environment): SessionUse {
  let tail: LineTail | null = null;
  let isFirst = true;
  /** Of all answers but the last. */
  let settled = nothing;
  let last = { id: '', usage: nothing };

  function onLine(line: string): void {
    // Most lines are of no interest, and some are long.
    if (!line.includes('"usage"')) return;
    const record = recordIn(line);
    if (record?.['type'] !== 'assistant') return;
    const message = recordOf(record['message']);
    const usage = usageOfCall(message['usage']);
    const id = textOf(message['id']);
    if (usage === null || id === '') return;
    if (last.id !== id) settled = added(settled, last.usage);
    last = { id, usage };
  }

  function open(session: string): LineTail | null {
    const file = claudeSessionFile(session, env);
    if (file === null) return null;
    const options = { maxLineBytes: MAX_LINE_BYTES, floodBytes: null, onLine };
    const opened = new LineTail(file, { ...options, onOmitted: () => undefined });
    if (isFirst) opened.goTo(sizeOfOutput(file));
    return opened;
  }

  return {
    look(session) {
      tail ??= open(session);
      isFirst = false;
      tail?.advance(SLICE_BYTES);
      return tail === null ? null : added(settled, last.usage);
    },
    close: () => tail?.close(),
  };
}
