/**
 * What the bridge keeps of an attempt on its standard output, a JSON object a line, each whole by itself: the format
 * between the bridge and the reader of the backend (stream.ts). Text that comes in pieces is kept as a whole.
 */
import type { Usage } from '../../../model/run.ts';
import type { Fields } from '../../output/fields.ts';

export type BridgeEvent =
  | {
      type: 'session_started';
      session_id: string;
      resumed: boolean;
      agent: string;
      version: string;
    }
  | { type: 'turn_started' }
  | { type: 'message' | 'reasoning'; id: string; text: string }
  /** Something comes that is not whole yet, so that the agent is not taken for silent. */
  | { type: 'streaming'; chars: number }
  | ({ type: 'tool_call' } & ToolCall)
  | { type: 'plan'; entries: Fields[] }
  | { type: 'notice'; text: string }
  /** Of the turn under way, so far. */
  | { type: 'usage'; usage: Usage }
  | {
      type: 'permission_answered';
      tool: string;
      kind: string;
      option_kind: string;
      rule: string;
    }
  | TurnEnded;

export interface ToolCall {
  id: string;
  title: string;
  kind: string;
  status: string;
  input: unknown;
  output: string;
  exit_code: number | null;
  paths: string[];
}

export interface TurnEnded {
  type: 'turn_ended';
  outcome: 'completed' | 'failed';
  /** Why it failed; null where it did not. */
  cause: FailureCause | null;
  message: string | null;
  stop_reason: string | null;
  usage: Usage | null;
  /** Of an error that the agent answered with. */
  code?: number;
  data?: unknown;
  /** What the agent last said of the limits of its account. */
  limits?: Fields;
}

export const failureCauses = [
  /** The agent's program did not start, or does not speak a version that we do. */
  'unusable',
  /** The agent ended before its turn did. */
  'agent_lost',
  /** The session to go on with is not to be had. */
  'session_lost',
  /** It answered with an error. */
  'error',
  /** It ended its turn with another stop reason than `end_turn`. */
  'stop_reason',
  /** It says that its turn ended well, and nothing shows that a model answered. */
  'no_evidence',
  /** It ended its turn because it was refused something. */
  'refused',
  /** It was asked to stop. */
  'stopped',
] as const;
export type FailureCause = (typeof failureCauses)[number];

/** What is longer is cut, but for what the agent says. */
const MOST_CHARS = 64 * 1024;

export function clipped(text: string): string {
  return text.length > MOST_CHARS ? `${text.slice(0, MOST_CHARS)}…` : text;
}
