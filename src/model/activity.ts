/**
 * What a line of an agent's output means, whatever the backend: read by supervision, `run logs` and
 * the web page. A started item and its later completion carry the same `id`. Types only.
 */
import type { Usage } from './run.ts';

export type ItemStatus = 'in_progress' | 'completed' | 'failed';

export type AgentActivity =
  | { type: 'session_started'; sessionId: string }
  | { type: 'turn_started' }
  /** `usage` is cumulative for the session, as reported. */
  | {
      type: 'turn_ended';
      outcome: 'completed' | 'failed';
      message: string | null;
      usage: Usage | null;
    }
  | { type: 'message'; id: string; text: string }
  | { type: 'reasoning'; id: string; text: string }
  | {
      type: 'command';
      id: string;
      command: string;
      output: string;
      exitCode: number | null;
      status: ItemStatus;
    }
  | {
      type: 'file_change';
      id: string;
      changes: { path: string; kind: string }[];
      status: ItemStatus;
    }
  | { type: 'todo'; id: string; items: { text: string; completed: boolean }[] }
  | {
      type: 'tool_call';
      id: string;
      /** The MCP server, or null for a tool of the agent's own. */
      server: string | null;
      tool: string;
      /** JSON text. */
      arguments: string;
      error: string | null;
      status: ItemStatus;
    }
  | { type: 'web_search'; id: string; query: string }
  /** Not the end of the turn: the agent may go on, or retry. */
  | { type: 'error'; message: string }
  /** An item of a kind that this version does not know. */
  | { type: 'other'; id: string; kind: string; text: string }
  /** A line of standard output, where the backend does not structure it. */
  | { type: 'output'; text: string }
  /** A line too long to read, or many at once; the file has all of it. */
  | { type: 'truncated'; bytes: number };

/** What an agent does only after an answer of its model. */
const answers: ReadonlySet<AgentActivity['type']> = new Set<AgentActivity['type']>([
  ...(['message', 'reasoning', 'command', 'file_change'] as const),
  ...(['todo', 'tool_call', 'web_search'] as const),
]);

export function isAnswer({ type }: AgentActivity): boolean {
  return answers.has(type);
}
