/**
 * What an attempt printed, and what it wrote as errors, as one list of lines in the order in which they came, with
 * times as far as they were recorded. Pure.
 */
import type { ActivityItem } from '../../api/attempt.ts';
import type { AgentActivity } from '../../../model/activity.ts';

export interface LogLine {
  stream: 'out' | 'err';
  text: string;
  /** Ms since the attempt's start; null where nobody recorded it. */
  atMs: number | null;
  /** It says that something went wrong. */
  bad: boolean;
}

/** A part of `stderr.log`: `from` is its place there, in bytes. */
export interface ErrorText {
  text: string;
  from: number;
}

type Mark = [atMs: number, stdoutBytes: number, stderrBytes: number];

/** `output_times` of `runtime.json`. */
export function marksOf(runtime: Record<string, unknown> | null): Mark[] {
  const text = runtime?.['output_times'];
  if (typeof text !== 'string') return [];
  return text.split(', ').flatMap((part): Mark[] => {
    const [atMs = NaN, out = NaN, err = NaN] = part.split(' ').map(Number);
    return part !== '' && [atMs, out, err].every(Number.isFinite) ? [[atMs, out, err]] : [];
  });
}

/** Without marks, what was printed comes first, and then the errors. */
export function logLines(
  items: ActivityItem[],
  errors: ErrorText | null,
  marks: Mark[],
): LogLine[] {
  const placed: { line: LogLine; order: number }[] = [];
  const place = (line: Omit<LogLine, 'atMs'>, end: number, column: 1 | 2): void => {
    const index = marks.findIndex((mark) => mark[column] >= end);
    const atMs = index < 0 ? null : (marks[index]?.[0] ?? null);
    const unknown = marks.length + (column - 1);
    placed.push({ line: { ...line, atMs }, order: index < 0 ? unknown : index });
  };
  for (const { at, activity } of items) {
    // The offset is where its line begins: it was there once the file was longer.
    for (const line of activityLines(activity)) place({ stream: 'out', ...line }, at + 1, 1);
  }
  if (errors !== null && errors.text !== '') {
    const encoder = new TextEncoder();
    let offset = errors.from;
    for (const text of errors.text.replace(/\n$/, '').split('\n')) {
      offset += encoder.encode(text).length + 1;
      place({ stream: 'err', text, bad: saysBad(text) }, offset - 1, 2);
    }
  }
  return placed.sort((a, b) => a.order - b.order).map(({ line }) => line);
}

const badWords =
  /error\b|\b(?:errors|failed|failure|fatal|panic|exception|traceback|assert\w*|not ok)\b/i;
const harmless = /\b(0|no) (errors?|failures?|failed)\b/i;

function saysBad(text: string): boolean {
  return badWords.test(text) && !harmless.test(text);
}

type TextLine = Pick<LogLine, 'text' | 'bad'>;

function activityLines(activity: AgentActivity): TextLine[] {
  const plain = (text: string): TextLine[] =>
    text
      .replace(/\n$/, '')
      .split('\n')
      .map((line) => ({ text: line, bad: saysBad(line) }));
  switch (activity.type) {
    case 'output':
    case 'message':
      return plain(activity.text);
    case 'error':
      return [{ text: activity.message, bad: true }];
    case 'command': {
      const { command, output, exitCode } = activity;
      const end =
        exitCode === null || exitCode === 0 ? [] : [{ text: `exit ${exitCode}`, bad: true }];
      return [
        { text: `$ ${command}`, bad: false },
        ...(output === '' ? [] : plain(output)),
        ...end,
      ];
    }
    case 'file_change':
      return activity.changes.map(({ kind, path }) => ({ text: `${kind} ${path}`, bad: false }));
    case 'tool_call': {
      const { server, tool, error } = activity;
      const name = `${server === null ? '' : `${server}.`}${tool}`;
      return [{ text: error === null ? name : `${name}: ${error}`, bad: error !== null }];
    }
    case 'turn_ended':
      return activity.outcome === 'failed'
        ? [{ text: activity.message ?? 'The turn failed.', bad: true }]
        : [];
    case 'truncated':
      return [{ text: `… ${activity.bytes} bytes not shown …`, bad: false }];
    case 'web_search':
      return [{ text: `search: ${activity.query}`, bad: false }];
    case 'session_started':
    case 'turn_started':
    case 'reasoning':
    case 'todo':
    case 'other':
      return [];
  }
}

/** Whether an agent tells no more than lines: then its work is read as a log. */
export function isPlainOutput(items: ActivityItem[]): boolean {
  return items.every(({ activity: { type } }) => type === 'output' || type === 'truncated');
}
