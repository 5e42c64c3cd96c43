/**
 * From the updates of a session to what is kept of them: pieces of text are put together, and every update of a tool
 * call is taken as one that makes or changes it, for agents leave either out.
 */
import { isJsonObject } from '../../../model/json.ts';
import { amountOf, recordOf, recordsIn, textOf, type Fields } from '../../output/fields.ts';
import { clipped, type BridgeEvent, type ToolCall } from './events.ts';

export interface Updates {
  take(update: Fields): void;
  /** What is known of a tool call, after what a request says of it. */
  toolOf(call: Fields): ToolCall;
  /** Ends what is not whole: it is, now. */
  flush(): void;
  /** Whether anything came but words on what it uses. */
  readonly sawWork: boolean;
  /** Whether it has said anything since the latest call of a tool. */
  readonly hasSpoken: boolean;
  /** The latest message that is whole; '' before the first. */
  readonly lastMessage: string;
  /** US dollars, as the agent sums them up; null: it told none. */
  readonly costUsd: number | null;
  /** What the service behind the agent last said of the limits of the account; null: nothing. */
  readonly limits: Fields | null;
}

/** As a line that is read: each character may take six bytes there. */
const MOST_MESSAGE_CHARS = 1 << 20;
const MOST_LIMITS_CHARS = 10_000;
/** What is said of one of so many calls ago is taken for a new one. */
const MOST_CALLS = 10_000;

export function createUpdates(emit: (event: BridgeEvent) => void): Updates {
  const calls = new Map<string, ToolCall>();
  let open: { type: 'message' | 'reasoning'; key: string; id: string; text: string } | null = null;
  let count = 0;
  let sawWork = false;
  let hasSpoken = false;
  let lastMessage = '';
  let costUsd: number | null = null;
  let limits: Fields | null = null;

  function flush(): void {
    if (open === null) return;
    const { type, id, text } = open;
    open = null;
    if (type === 'message') lastMessage = text;
    if (text !== '') emit({ type, id, text });
  }

  function onChunk(type: 'message' | 'reasoning', update: Fields): void {
    const content = recordOf(update['content']);
    const text = textOf(content['text']);
    if (text === '') return;
    sawWork = true;
    if (type === 'message') hasSpoken = true;
    const key = textOf(update['messageId']);
    if (open?.type !== type || open.key !== key) {
      flush();
      count += 1;
      open = { type, key, id: key === '' ? `${type}-${count}` : key, text: '' };
    }
    const room = MOST_MESSAGE_CHARS - open.text.length;
    if (room > 0) open.text += text.length > room ? `${text.slice(0, room - 1)}…` : text;
    emit({ type: 'streaming', chars: open.text.length });
  }

  function onCall(update: Fields): void {
    const id = clipped(textOf(update['toolCallId']));
    const isNew = !calls.has(id);
    const before = calls.get(id)?.status;
    const call = toolOf(update);
    sawWork = true;
    if (isNew) {
      flush();
      hasSpoken = false;
    }
    const isOver = call.status === 'completed' || call.status === 'failed';
    // In between it changes with every line that a command prints.
    if (isNew || (isOver && before !== call.status)) emit({ type: 'tool_call', ...call });
    else emit({ type: 'streaming', chars: call.output.length });
  }

  function toolOf(update: Fields): ToolCall {
    const id = clipped(textOf(update['toolCallId']));
    const known = calls.get(id) ?? nothingKnown(id);
    const output = outputOf(update) || `${known.output}${deltaOf(update)}`;
    const paths = recordsIn(update['locations']).map((location) =>
      clipped(textOf(location['path'])),
    );
    const call: ToolCall = {
      id,
      title: clipped(textOf(update['title']) || known.title),
      kind: clipped(textOf(update['kind'])) || known.kind,
      status: clipped(textOf(update['status'])) || known.status,
      input: inputOf(update['rawInput']) ?? known.input,
      output: clipped(output),
      exit_code: exitCodeOf(update) ?? known.exit_code,
      paths: paths.length > 0 ? paths.slice(0, 100) : known.paths,
    };
    calls.set(id, call);
    const [oldest] = calls.size > MOST_CALLS ? calls.keys() : [];
    if (oldest !== undefined) calls.delete(oldest);
    return call;
  }

  return {
    flush,
    toolOf,
    take(update) {
      switch (update['sessionUpdate']) {
        case 'agent_message_chunk':
          return onChunk('message', update);
        case 'agent_thought_chunk':
          return onChunk('reasoning', update);
        case 'tool_call':
        case 'tool_call_update':
          return onCall(update);
        case 'plan':
          sawWork = true;
          return emit({ type: 'plan', entries: recordsIn(update['entries']).slice(0, 500) });
        case 'usage_update': {
          const { amount, currency } = recordOf(update['cost']);
          if (typeof amount === 'number' && currency === 'USD') costUsd = amountOf(amount);
          // So claude-agent-acp hands on what the service says.
          const said = recordOf(update['_meta'])['_claude/rateLimit'];
          if (isJsonObject(said) && JSON.stringify(said).length <= MOST_LIMITS_CHARS) limits = said;
          return;
        }
        case 'notice':
          return emit({ type: 'notice', text: clipped(textOf(update['message'])) });
        default:
          return;
      }
    },
    get sawWork() {
      return sawWork;
    },
    get hasSpoken() {
      return hasSpoken;
    },
    get lastMessage() {
      return lastMessage;
    },
    get costUsd() {
      return costUsd;
    },
    get limits() {
      return limits;
    },
  };
}

function nothingKnown(id: string): ToolCall {
  return {
    id,
    title: '',
    kind: 'other',
    status: 'pending',
    input: null,
    output: '',
    exit_code: null,
    paths: [],
  };
}

/** One that is too long to be kept is kept as the beginning of its text. */
function inputOf(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  const text = JSON.stringify(value);
  const cut = clipped(text);
  return cut === text ? value : cut;
}

function outputOf(update: Fields): string {
  const shown = recordsIn(update['content'])
    .map((part) => textOf(recordOf(part['content'])['text']))
    .filter((text) => text !== '')
    .join('\n');
  if (shown !== '') return shown;
  const raw = update['rawOutput'];
  if (typeof raw === 'string') return raw;
  const { formatted_output: formatted, output, stdout } = recordOf(raw);
  return textOf(formatted) || textOf(output) || textOf(stdout);
}

/** codex-acp tells what a command prints as it comes, and nowhere else. */
function deltaOf(update: Fields): string {
  return textOf(recordOf(recordOf(update['_meta'])['terminal_output_delta'])['data']);
}

function exitCodeOf({ rawOutput, _meta: meta }: Fields): number | null {
  const { exit_code: code, exitCode } = {
    ...recordOf(recordOf(meta)['terminal_exit']),
    ...recordOf(rawOutput),
  };
  if (typeof code === 'number') return code;
  return typeof exitCode === 'number' ? exitCode : null;
}
