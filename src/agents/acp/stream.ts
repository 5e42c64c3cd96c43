/**
 * Reads the JSON lines that the bridge keeps of an attempt (bridge/events.ts). Lenient, as all readers: an agent that
 * nothing holds can write there, too.
 */
import type { AgentActivity, ItemStatus } from '../../model/activity.ts';
import type { Usage } from '../../model/run.ts';
import type { OutputReader, OutputSummary } from '../backend.ts';
import { amountOf, recordIn, recordOf, recordsIn, textOf, type Fields } from '../output/fields.ts';
import { nothingSeen } from '../output/summary.ts';

/** What a session of an agent may be called: it stands in the log, and is shown. */
export function isAcpSessionId(text: string): boolean {
  return /^[\w.:-]{1,200}$/.test(text);
}

export function createAcpReader(): OutputReader {
  const open = new Set<string>();
  const known = new Set<string>();
  let started = false;
  /** What it was busy with when it was stopped. */
  let interrupted: OutputSummary['busyWith'] = null;
  const seen = nothingSeen();

  function push(line: string): AgentActivity[] {
    const record = recordIn(line);
    if (record === null) return [];
    const id = textOf(record['id']);
    const text = textOf(record['text']);
    switch (record['type']) {
      case 'session_started': {
        const sessionId = textOf(record['session_id']);
        if (seen.sessionId !== null || !isAcpSessionId(sessionId)) return [];
        seen.sessionId = sessionId;
        return [{ type: 'session_started', sessionId }];
      }
      case 'turn_started':
        started = true;
        return [{ type: 'turn_started' }];
      case 'message':
        seen.finalMessage = text;
        return [{ type: 'message', id, text }];
      case 'reasoning':
        return [{ type: 'reasoning', id, text }];
      case 'tool_call':
        return [onCall(id, record)];
      case 'plan': {
        const items = recordsIn(record['entries']).map((entry) => ({
          text: textOf(entry['content']),
          completed: entry['status'] === 'completed',
        }));
        return [{ type: 'todo', id: 'plan', items }];
      }
      case 'notice':
        return [{ type: 'other', id: '', kind: 'notice', text }];
      case 'usage':
        // What comes after the turn's end is no more than what the end itself says.
        if (seen.turn === 'open') seen.usage = usageIn(record['usage']) ?? seen.usage;
        return [];
      case 'permission_answered':
        return [onPermission(record)];
      case 'turn_ended':
        return [onEnd(record)];
      default:
        return [];
    }
  }

  function onCall(id: string, record: Fields): AgentActivity {
    // What it said before it went on working was not its last word.
    if (!known.has(id)) seen.finalMessage = null;
    known.add(id);
    const activity = activityOf(id, record);
    if ('status' in activity && activity.status !== 'in_progress') open.delete(id);
    else open.add(id);
    return activity;
  }

  const busyWith = (): OutputSummary['busyWith'] => {
    if (seen.turn !== 'open') return interrupted;
    return open.size > 0 ? 'command' : started ? 'model' : null;
  };

  function onEnd(record: Fields): AgentActivity {
    if (record['cause'] === 'stopped') interrupted = busyWith();
    open.clear();
    // Of a turn that was cut off, what was told before.
    const usage = usageIn(record['usage']) ?? seen.usage;
    seen.usage = usage;
    if (record['outcome'] === 'completed') {
      seen.turn = 'completed';
      return { type: 'turn_ended', outcome: 'completed', message: null, usage };
    }
    const message = textOf(record['message']) || 'the turn failed';
    seen.turn = 'failed';
    seen.errorMessage = message;
    seen.errorFields = record;
    return { type: 'turn_ended', outcome: 'failed', message, usage };
  }

  return {
    push,
    summary: () => ({ ...seen, busyWith: busyWith() }),
  };
}

/** For people: nobody was asked. */
function onPermission(record: Fields): AgentActivity {
  const { tool, option_kind: option, rule } = record;
  const text = `${textOf(option)} (${textOf(rule)}): ${textOf(tool)}`;
  return { type: 'other', id: '', kind: 'permission', text };
}

function activityOf(id: string, record: Fields): AgentActivity {
  const status = statusOf(record['status']);
  const input = recordOf(record['input']);
  const title = textOf(record['title']);
  const output = textOf(record['output']);
  const kind = textOf(record['kind']);
  switch (kind) {
    case 'execute': {
      const exitCode = typeof record['exit_code'] === 'number' ? record['exit_code'] : null;
      const command = textOf(input['command']) || title;
      return { type: 'command', id, command, output, exitCode, status };
    }
    case 'edit':
    case 'delete':
    case 'move': {
      const { paths } = record;
      const named = Array.isArray(paths) ? paths.map(textOf) : [];
      const files = named.length > 0 ? named : [title];
      return { type: 'file_change', id, changes: files.map((path) => ({ path, kind })), status };
    }
    default:
      return {
        type: 'tool_call',
        id,
        server: null,
        tool: title || kind,
        arguments: record['input'] === null ? '' : JSON.stringify(record['input'] ?? ''),
        error: status === 'failed' ? output : null,
        status,
      };
  }
}

function statusOf(value: unknown): ItemStatus {
  return value === 'completed' || value === 'failed' ? value : 'in_progress';
}

function usageIn(value: unknown): Usage | null {
  const fields = recordOf(value);
  if (typeof fields['input_tokens'] !== 'number') return null;
  const cost = fields['cost_usd'];
  return {
    input_tokens: amountOf(fields['input_tokens']),
    cached_input_tokens: amountOf(fields['cached_input_tokens']),
    output_tokens: amountOf(fields['output_tokens']),
    reasoning_output_tokens: amountOf(fields['reasoning_output_tokens']),
    ...(typeof cost === 'number' ? { cost_usd: amountOf(cost) } : {}),
  };
}
