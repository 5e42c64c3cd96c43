/**
 * Reads the JSON lines of `codex exec --json`. Lenient on purpose: lines that are no JSON, unknown
 * types and missing fields change nothing that is known. Facts, all observed:
 * - an `error` line is not the end; only turn.completed and turn.failed are;
 * - the final message is the last agent_message;
 * - `usage` is cumulative for the thread;
 * - an item may start and never complete, and item ids start again in every process;
 * - stand-ins for Codex that were written for the Python tool say `session.created`, and speak of no turns: a
 *   stream that has a message and began no thread and no turn is such a one, and its exit status tells.
 */
import { isJsonObject } from '../../model/json.ts';
import type { AgentActivity, ItemStatus } from '../../model/activity.ts';
import type { OutputReader } from '../backend.ts';
import { recordIn, recordsIn, textOf, type Fields } from '../output/fields.ts';
import { nothingSeen } from '../output/summary.ts';
import { isSessionUuid } from '../session-uuid.ts';
import { codexUsage } from './usage.ts';

export function createCodexReader(): OutputReader {
  const openItems = new Set<string>();
  let retrying = false;
  let started = false;
  let isCodex = false;
  const seen = nothingSeen();

  function push(line: string): AgentActivity[] {
    const record = recordIn(line);
    if (record === null) return [];
    const kind = textOf(record['type']);
    switch (kind) {
      case 'thread.started':
      case 'session.created': {
        const sessionId = textOf(record[kind === 'thread.started' ? 'thread_id' : 'session_id']);
        // Codex says it once, before its turn: whatever else looks like it is none of its doing.
        if (kind === 'thread.started') isCodex = true;
        else if (!isCodex && !started && seen.turn === 'open') seen.turn = 'untold';
        if (started || seen.sessionId !== null || !isSessionUuid(sessionId)) return [];
        seen.sessionId = sessionId;
        return [{ type: 'session_started', sessionId }];
      }
      case 'turn.started':
        started = true;
        if (seen.turn === 'untold') seen.turn = 'open';
        return [{ type: 'turn_started' }];
      case 'turn.completed': {
        seen.turn = 'completed';
        seen.usage = codexUsage(record['usage']) ?? seen.usage;
        const { usage } = seen;
        return [{ type: 'turn_ended', outcome: 'completed', message: null, usage }];
      }
      case 'turn.failed': {
        seen.turn = 'failed';
        const message = errorText(record['error']) || seen.errorMessage || 'the turn failed';
        seen.errorMessage = message;
        return [{ type: 'turn_ended', outcome: 'failed', message, usage: null }];
      }
      case 'error': {
        const message = errorText(record['message'] ?? record['error']);
        seen.errorMessage = message;
        retrying = /^Reconnecting/i.test(message);
        return [{ type: 'error', message }];
      }
      case 'item.started':
      case 'item.updated':
      case 'item.completed':
        return isJsonObject(record['item']) ? onItem(kind, record['item']) : [];
      default:
        return [];
    }
  }

  function onItem(kind: string, item: Fields): AgentActivity[] {
    retrying = false;
    const id = textOf(item['id']);
    if (kind === 'item.started') openItems.add(id);
    if (kind === 'item.completed') openItems.delete(id);
    const activity = activityOf(id, kind === 'item.completed', item);
    if (activity.type === 'message' && kind === 'item.completed') {
      seen.finalMessage = activity.text;
      if (!isCodex && !started && seen.turn === 'open') seen.turn = 'untold';
    }
    return [activity];
  }

  return {
    push,
    summary: () => ({
      ...seen,
      busyWith: retrying
        ? 'retrying'
        : openItems.size > 0
          ? 'command'
          : started && seen.turn === 'open'
            ? 'model'
            : null,
    }),
  };
}

function activityOf(id: string, completed: boolean, item: Fields): AgentActivity {
  const status = statusOf(item['status'], completed);
  const kind = textOf(item['type']);
  switch (kind) {
    case 'agent_message':
      return { type: 'message', id, text: textOf(item['text']) };
    case 'reasoning':
      return { type: 'reasoning', id, text: textOf(item['text']) };
    case 'command_execution':
      return {
        type: 'command',
        id,
        command: textOf(item['command']),
        output: textOf(item['aggregated_output']),
        exitCode: typeof item['exit_code'] === 'number' ? item['exit_code'] : null,
        status,
      };
    case 'file_change':
      return {
        type: 'file_change',
        id,
        changes: recordsIn(item['changes']).map((change) => ({
          path: textOf(change['path']),
          kind: textOf(change['kind']),
        })),
        status,
      };
    case 'todo_list':
      return {
        type: 'todo',
        id,
        items: recordsIn(item['items']).map((entry) => ({
          text: textOf(entry['text']),
          completed: entry['completed'] === true,
        })),
      };
    case 'web_search':
      return { type: 'web_search', id, query: textOf(item['query']) };
    case 'error':
      return { type: 'error', message: errorText(item['message'] ?? item['error']) };
    case 'mcp_tool_call':
    case 'collab_tool_call':
      return {
        type: 'tool_call',
        id,
        server: typeof item['server'] === 'string' ? item['server'] : null,
        tool: textOf(item['tool']),
        arguments: item['arguments'] === undefined ? '' : JSON.stringify(item['arguments']),
        error: errorText(item['error']) || null,
        status,
      };
    default:
      return { type: 'other', id, kind, text: textOf(item['text'] ?? item['message']) };
  }
}

function statusOf(value: unknown, completed: boolean): ItemStatus {
  if (value === 'in_progress' || value === 'completed' || value === 'failed') return value;
  if (!completed) return 'in_progress';
  return value === 'declined' || value === 'error' ? 'failed' : 'completed';
}

function errorText(value: unknown): string {
  return isJsonObject(value) ? textOf(value['message']) : textOf(value);
}
