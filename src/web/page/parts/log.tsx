/** Lines of output: each with its time, errors marked, and what is searched for. */
import { memo } from 'react';
import type { LogLine } from '../data/log-lines.ts';
import './log.css';

interface LogRowsProps {
  lines: LogLine[];
  /** Of the attempt, ISO 8601; for the times. null: without times. */
  startedAt: string | null;
  /** Number of the first line; null: without numbers. */
  first: number | null;
  wrap: boolean;
  search?: string;
  /** Of `lines`: the one that was jumped to. */
  current?: number | null;
}

export function LogRows({
  lines,
  startedAt,
  first,
  wrap,
  search = '',
  current = null,
}: LogRowsProps) {
  const startMs = startedAt === null ? null : Date.parse(startedAt);
  return (
    <ol className={wrap ? 'log-rows wrap' : 'log-rows'}>
      {lines.map((line, index) => (
        <Row
          key={index}
          line={line}
          number={first === null ? null : first + index}
          startMs={startMs}
          search={search}
          isCurrent={index === current}
        />
      ))}
    </ol>
  );
}

const Row = memo(function Row(props: {
  line: LogLine;
  number: number | null;
  startMs: number | null;
  search: string;
  isCurrent: boolean;
}) {
  const { line, number, startMs, search, isCurrent } = props;
  const name = `log-line ${line.stream}${line.bad ? ' bad' : ''}${isCurrent ? ' current' : ''}`;
  return (
    <li className={name} data-line={number ?? undefined}>
      {number !== null && (
        <span className="log-number" aria-hidden="true">
          {number}
        </span>
      )}
      {startMs !== null && (
        <span className="log-time">{line.atMs === null ? '' : clockText(startMs + line.atMs)}</span>
      )}
      <span className="log-text">
        {line.stream === 'err' && <span className="sr">error output: </span>}
        {search === '' ? line.text : marked(line.text, search)}
      </span>
    </li>
  );
});

function clockText(ms: number): string {
  const date = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  const tenth = Math.floor(date.getMilliseconds() / 100);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}.${tenth}`;
}

function marked(text: string, search: string) {
  const lower = text.toLowerCase();
  const wanted = search.toLowerCase();
  const parts: (string | { found: string })[] = [];
  let at = 0;
  for (let next = lower.indexOf(wanted); next >= 0; next = lower.indexOf(wanted, at)) {
    parts.push(text.slice(at, next), { found: text.slice(next, next + wanted.length) });
    at = next + wanted.length;
  }
  parts.push(text.slice(at));
  return parts.map((part, index) =>
    typeof part === 'string' ? part : <mark key={index}>{part.found}</mark>,
  );
}
