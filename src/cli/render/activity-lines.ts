/**
 * An agent's work in words: one line of it for the live view, all of it for `run logs`. Everything an
 * agent printed passes through `plainText` first.
 */
import type { AgentActivity } from '../../model/activity.ts';
import type { Usage } from '../../model/run.ts';
import { count } from '../../text/amounts.ts';
import type { Paint } from './paint.ts';
import { plainLine, plainText } from '../../text/plain-text.ts';
import { fit } from '../../text/width.ts';

/** What the agent does now, in one line; null for what says nothing about that. */
export function activityLine(activity: AgentActivity): string | null {
  switch (activity.type) {
    case 'message':
    case 'reasoning':
    case 'output':
      return plainLine(activity.text) || null;
    case 'command': {
      const failed =
        activity.status === 'failed' ? ` (exit ${activity.exitCode ?? 'unknown'})` : '';
      return plainLine(`$ ${shownCommand(activity.command)}${failed}`);
    }
    case 'file_change':
      return plainLine(`edits ${activity.changes.map((change) => change.path).join(', ')}`);
    case 'todo': {
      const next = activity.items.find((item) => !item.completed);
      const done = activity.items.filter((item) => item.completed).length;
      return plainLine(`plan ${done}/${activity.items.length}${next ? `: ${next.text}` : ''}`);
    }
    case 'tool_call':
      return plainLine(`calls ${toolName(activity)}`);
    case 'web_search':
      return plainLine(`searches: ${activity.query}`);
    case 'error':
      return plainLine(`error: ${activity.message}`);
    case 'other':
      return plainLine(`${activity.kind} ${activity.text}`);
    case 'session_started':
    case 'turn_started':
      return 'thinking';
    case 'turn_ended':
      return 'finishing';
    case 'truncated':
      return null;
  }
}

export interface ActivityPrinter {
  /** The lines to print for the next activity. */
  push(activity: AgentActivity): string[];
}

/** How much of a command's output is shown; the rest is in the attempt's events.jsonl. */
const OUTPUT_LINES = 40;

/**
 * Renders activities in order. A command appears when it starts, its output and exit code when it
 * ends; whatever starts and ends without news in between appears once.
 */
export function makeActivityPrinter(paint: Paint, columns: number): ActivityPrinter {
  const begun = new Set<string>();
  const seen = (id: string): boolean => begun.has(id) || !begun.add(id);
  const render = (activity: AgentActivity): string[] => {
    switch (activity.type) {
      case 'session_started':
        begun.clear();
        return [paint.dim(`session ${plainLine(activity.sessionId)}`)];
      case 'turn_started':
      case 'truncated':
        return activity.type === 'truncated'
          ? [paint.dim(`(${count(activity.bytes)} bytes not shown; see --raw)`)]
          : [];
      case 'turn_ended':
        return turnEnd(activity, paint);
      case 'message':
        return ['', ...textLines(activity.text)];
      case 'reasoning':
        return ['', ...textLines(activity.text).map((line) => paint.dim(line))];
      case 'output':
        return textLines(activity.text);
      case 'command':
        return commandLines(activity, seen(activity.id), paint);
      case 'file_change':
        if (activity.status === 'in_progress') return [];
        return activity.changes.map((change) => {
          const line = `${changeSign(change.kind)} ${plainLine(change.path)}`;
          return activity.status === 'failed' ? paint.bad(`${line}  (failed)`) : paint.good(line);
        });
      case 'todo':
        return [
          'plan:',
          ...activity.items.map((item) =>
            item.completed
              ? paint.dim(`  [x] ${plainLine(item.text)}`)
              : `  [ ] ${plainLine(item.text)}`,
          ),
        ];
      case 'tool_call':
        return toolLines(activity, seen(activity.id), paint, columns);
      case 'web_search':
        return seen(activity.id)
          ? []
          : [paint.busy(`searches the web: ${plainLine(activity.query)}`)];
      case 'error':
        return [paint.bad(`error: ${plainText(activity.message).trimEnd()}`)];
      case 'other':
        return [paint.dim(`${plainLine(activity.kind)} ${fit(plainLine(activity.text), columns)}`)];
    }
  };
  return { push: render };
}

/** Codex runs every command through a login shell; readers want the command. */
export function shownCommand(command: string): string {
  const wrapped = /^(?:\/\S*\/)?(?:ba|z)?sh -l?c (.*)$/s.exec(command)?.[1];
  if (wrapped === undefined) return command;
  const single = /^'((?:[^']|'\\'')*)'$/s.exec(wrapped)?.[1];
  if (single !== undefined) return single.replaceAll(`'\\''`, "'");
  const double = /^"((?:[^"\\]|\\.)*)"$/s.exec(wrapped)?.[1];
  return double === undefined ? wrapped : double.replace(/\\(["\\$`])/g, '$1');
}

function commandLines(
  activity: Extract<AgentActivity, { type: 'command' }>,
  shown: boolean,
  paint: Paint,
): string[] {
  const head = shown
    ? []
    : [
        '',
        ...textLines(shownCommand(activity.command)).map((line, i) =>
          paint.busy(i === 0 ? `$ ${line}` : `  ${line}`),
        ),
      ];
  if (activity.status === 'in_progress') return head;
  const output = activity.output.trim() === '' ? [] : textLines(activity.output);
  const hidden = output.length - OUTPUT_LINES;
  const half = OUTPUT_LINES / 2;
  const body =
    hidden > 1 ? [...output.slice(0, half), `… ${hidden} lines …`, ...output.slice(-half)] : output;
  const failed = activity.status === 'failed' || (activity.exitCode ?? 0) !== 0;
  const end = failed ? [paint.bad(`  exit ${activity.exitCode ?? 'unknown'}`)] : [];
  return [...head, ...body.map((line) => paint.dim(`  ${line}`)), ...end];
}

function toolLines(
  activity: Extract<AgentActivity, { type: 'tool_call' }>,
  shown: boolean,
  paint: Paint,
  columns: number,
): string[] {
  const head = shown
    ? []
    : [
        paint.busy(
          fit(
            `calls ${toolName(activity)} ${plainLine(activity.arguments)}`,
            Math.max(columns, 80) - 1,
          ),
        ),
      ];
  if (activity.status !== 'failed') return head;
  return [...head, paint.bad(`  failed: ${plainLine(activity.error ?? 'no reason given')}`)];
}

function turnEnd(activity: Extract<AgentActivity, { type: 'turn_ended' }>, paint: Paint): string[] {
  if (activity.outcome === 'failed') {
    return [
      '',
      paint.bad(`turn failed: ${plainText(activity.message ?? 'no reason given').trimEnd()}`),
    ];
  }
  return activity.usage ? ['', paint.dim(usageLine(activity.usage))] : [];
}

function usageLine(usage: Usage): string {
  const cached =
    usage.cached_input_tokens > 0 ? ` (${count(usage.cached_input_tokens)} cached)` : '';
  return `tokens of the session so far: ${count(usage.input_tokens)} in${cached}, ${count(usage.output_tokens)} out`;
}

function toolName(activity: { server: string | null; tool: string }): string {
  return plainLine(
    activity.server === null ? activity.tool : `${activity.server}/${activity.tool}`,
  );
}

function changeSign(kind: string): string {
  if (kind === 'add') return '+';
  return kind === 'delete' ? '-' : '~';
}

function textLines(text: string): string[] {
  return plainText(text).trimEnd().split('\n');
}
