/** What Claude Code does with its tools, as activities: when a call begins, and when its result has come. */
import type { AgentActivity, ItemStatus } from '../../model/activity.ts';
import { recordOf, recordsIn, textOf, type Fields } from '../output/fields.ts';

export interface Tools {
  /** A block of type `tool_use`. */
  began(block: Fields): AgentActivity;
  /** A line of type `user`, which holds the results of calls. */
  ended(record: Fields): AgentActivity[];
  /** The turn is over: what has no result gets none. */
  forget(): void;
  isBusy(): boolean;
}

export function createTools(): Tools {
  const calls = new Map<string, Fields>();
  return {
    began(block) {
      calls.set(textOf(block['id']), block);
      return activityOf(block, 'in_progress', null);
    },
    ended(record) {
      return recordsIn(recordOf(record['message'])['content']).flatMap((block) => {
        const id = textOf(block['tool_use_id']);
        const call = calls.get(id);
        if (call === undefined) return [];
        calls.delete(id);
        const failed = block['is_error'] === true;
        const output = outputOf(block['content']);
        return [activityOf(call, failed ? 'failed' : 'completed', output)];
      });
    },
    forget: () => calls.clear(),
    isBusy: () => calls.size > 0,
  };
}

/** `output`: null while it runs. */
function activityOf(call: Fields, status: ItemStatus, output: string | null): AgentActivity {
  const id = textOf(call['id']);
  const tool = textOf(call['name']);
  const input = recordOf(call['input']);
  const file = textOf(input['file_path'] ?? input['notebook_path']);
  switch (tool) {
    case 'Bash':
      return {
        type: 'command',
        id,
        command: textOf(input['command']),
        output: output ?? '',
        exitCode: exitCodeOf(status, output),
        status,
      };
    case 'Write':
    case 'Edit':
    case 'NotebookEdit':
      return {
        type: 'file_change',
        id,
        changes: [{ path: file, kind: tool.toLowerCase() }],
        status,
      };
    case 'TodoWrite':
      return {
        type: 'todo',
        id,
        items: recordsIn(input['todos']).map((item) => ({
          text: textOf(item['content']),
          completed: item['status'] === 'completed',
        })),
      };
    case 'WebSearch':
      return { type: 'web_search', id, query: textOf(input['query']) };
    default: {
      const [, server = null, name = tool] = /^mcp__(.+?)__(.+)$/.exec(tool) ?? [];
      return {
        type: 'tool_call',
        id,
        server,
        tool: name,
        arguments: JSON.stringify(input),
        error: status === 'failed' ? (output ?? '') : null,
        status,
      };
    }
  }
}

/** It tells the exit status of a command in the first line of what a failed one printed, and of no other. */
function exitCodeOf(status: ItemStatus, output: string | null): number | null {
  if (status === 'completed') return 0;
  const code = /^Exit code (\d{1,3})\b/.exec(output ?? '')?.[1];
  return code === undefined ? null : Number(code);
}

function outputOf(content: unknown): string {
  if (typeof content === 'string') return content;
  return recordsIn(content)
    .map((part) => textOf(part['text']))
    .join('\n');
}
