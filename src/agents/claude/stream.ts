/**
 * Reads the JSON lines of `claude -p --output-format stream-json`. Lenient on purpose, as all readers. Facts, all
 * observed:
 * - the line that names the session, `init`, need not be the first, and may come again;
 * - an answer comes in one line for each of its blocks, all with the same `message.id` and the same usage, of
 *   which the output is a placeholder;
 * - there may be several `result` lines: the last says how it ended, and each what was used since the one before;
 * - `subtype` is `success` for errors of the API, too: `is_error` decides.
 */
import type { AgentActivity } from '../../model/activity.ts';
import type { Usage } from '../../model/run.ts';
import type { OutputReader } from '../backend.ts';
import { amountOf, recordIn, recordOf, recordsIn, textOf, type Fields } from '../output/fields.ts';
import { nothingSeen } from '../output/summary.ts';
import { isSessionUuid } from '../session-uuid.ts';
import { createTools } from './tools.ts';
import { added, usageOfCall } from './usage.ts';

export function createClaudeReader(): OutputReader {
  const tools = createTools();
  let started = false;
  let retrying = false;
  /** Of the turns that have a result. */
  let settled: Usage | null = null;
  /** By the id of the answer: of the turn under way. */
  const open = new Map<string, Usage>();
  /** The last error that the program put in the model's place. */
  let apiError: Fields = {};
  /** What the service last said of the limits of the account. */
  let limits: Fields = {};
  const seen = nothingSeen();

  const usage = (): Usage | null => {
    const all = [...(settled === null ? [] : [settled]), ...open.values()];
    return all.length === 0 ? null : all.reduce(added);
  };

  function push(line: string): AgentActivity[] {
    const record = recordIn(line);
    if (record === null) return [];
    switch (record['type']) {
      case 'system':
        return onSystem(record);
      case 'assistant':
        return onAssistant(record);
      case 'user':
        retrying = false;
        return tools.ended(record);
      case 'result':
        return onResult(record);
      case 'rate_limit_event':
        limits = recordOf(record['rate_limit_info']);
        return [];
      default:
        return [];
    }
  }

  function onSystem(record: Fields): AgentActivity[] {
    if (record['subtype'] === 'api_retry') {
      retrying = true;
      const { attempt, max_retries: most, error, error_status: status } = record;
      const what = `${textOf(error) || 'the model’s service failed'}${typeof status === 'number' ? ` (${status})` : ''}`;
      const message = `${what}; trying again, ${amountOf(attempt)} of ${amountOf(most)}`;
      seen.errorMessage = message;
      return [{ type: 'error', message }];
    }
    if (record['subtype'] !== 'init') return [];
    const activities: AgentActivity[] = [];
    const sessionId = textOf(record['session_id']);
    if (seen.sessionId === null && isSessionUuid(sessionId)) {
      seen.sessionId = sessionId;
      activities.push({ type: 'session_started', sessionId });
    }
    started = true;
    // Work in the background has ended, and the model goes on.
    seen.turn = 'open';
    return [...activities, { type: 'turn_started' }];
  }

  function onAssistant(record: Fields): AgentActivity[] {
    const message = recordOf(record['message']);
    const blocks = recordsIn(message['content']);
    if (record['is_api_error_message'] === true || textOf(record['error']) !== '') {
      apiError = record;
      const told = blocks.map((block) => textOf(block['text'])).join(' ');
      seen.errorMessage = told || textOf(record['error']);
      return [{ type: 'error', message: seen.errorMessage }];
    }
    retrying = false;
    const id = textOf(message['id']);
    const used = usageOfCall(message['usage']);
    if (id !== '' && used !== null) open.set(id, { ...used, output_tokens: 0 });
    return blocks.flatMap((block, index): AgentActivity[] => {
      const blockId = `${textOf(record['uuid']) || id}-${index}`;
      switch (block['type']) {
        case 'text':
          return [{ type: 'message', id: blockId, text: textOf(block['text']) }];
        case 'thinking':
          return [{ type: 'reasoning', id: blockId, text: textOf(block['thinking']) }];
        case 'tool_use':
          return [tools.began(block)];
        default:
          return [{ type: 'other', id: blockId, kind: textOf(block['type']), text: '' }];
      }
    });
  }

  function onResult(record: Fields): AgentActivity[] {
    retrying = false;
    tools.forget();
    const used = sumOf(record['model_usage_since_last_result']) ?? usageOfCall(record['usage']);
    if (used !== null) {
      open.clear();
      settled = settled === null ? used : added(settled, used);
    }
    const structured = record['structured_output'];
    const text = typeof record['result'] === 'string' ? record['result'] : null;
    if (record['is_error'] === false) {
      seen.turn = 'completed';
      seen.errorMessage = null;
      seen.errorFields = null;
      seen.finalMessage = structured === undefined ? text : JSON.stringify(structured);
      return [{ type: 'turn_ended', outcome: 'completed', message: null, usage: usage() }];
    }
    const errors = Array.isArray(record['errors']) ? record['errors'].map(textOf).join('; ') : '';
    const message =
      errors || text || seen.errorMessage || textOf(record['subtype']) || 'the turn failed';
    seen.turn = 'failed';
    seen.errorMessage = message;
    seen.errorFields = { ...apiError, ...record, error: apiError['error'], limits };
    return [{ type: 'turn_ended', outcome: 'failed', message, usage: usage() }];
  }

  return {
    push,
    summary: () => ({
      ...seen,
      usage: usage(),
      busyWith: retrying
        ? 'retrying'
        : tools.isBusy()
          ? 'command'
          : started && seen.turn === 'open'
            ? 'model'
            : null,
    }),
  };
}

/** Of several models, as a result tells it. */
function sumOf(value: unknown): Usage | null {
  const models = Object.values(recordOf(value)).map(recordOf);
  if (models.length === 0) return null;
  return models
    .map((fields): Usage => {
      const cached = amountOf(fields['cacheReadInputTokens']);
      return {
        input_tokens:
          amountOf(fields['inputTokens']) + cached + amountOf(fields['cacheCreationInputTokens']),
        cached_input_tokens: cached,
        output_tokens: amountOf(fields['outputTokens']),
        reasoning_output_tokens: amountOf(fields['thinkingTokens']),
        ...costOf(fields),
      };
    })
    .reduce(added);
}

/** Of a model that it does not know, it guesses: then nothing is told. */
function costOf(fields: Fields): Pick<Usage, 'cost_usd'> {
  const { costUSD: cost, costBasis: basis } = fields;
  return typeof cost === 'number' && cost >= 0 && basis !== 'unknown'
    ? { cost_usd: amountOf(cost) }
    : {};
}
