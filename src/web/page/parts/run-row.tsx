/** Runs in a list, and how far each is. */
import { memo } from 'react';
import { Link } from 'wouter';
import type { RunListItem } from '../../api/runs.ts';
import type { InstanceStatus, WaitingReason } from '../../../model/run.ts';
import { shortId } from './pieces.tsx';
import { runStatusName, StatusGlyph, statusTone, statusWord } from './status.tsx';
import { Ago, ClockTime } from './time.tsx';
import { spentText } from './spent.tsx';

const order: InstanceStatus[] = [
  'done',
  'running',
  'waiting',
  'failed',
  'runnable',
  'pending',
  'skipped',
];

/** `12 done, 2 running`: what a bar of the same says to those who do not see it. */
export function countsText(counts: Record<InstanceStatus, number>): string {
  return order
    .filter((status) => counts[status] > 0)
    .map((status) => `${counts[status]} ${statusWord(status).toLowerCase()}`)
    .join(', ');
}

export function CountsBar({ counts }: { counts: Record<InstanceStatus, number> }) {
  const text = countsText(counts);
  return (
    <span className="counts-bar" role="img" aria-label={text} title={text}>
      {order.map(
        (status) =>
          counts[status] > 0 && (
            <i
              key={status}
              className={`bar-${statusTone(status)} bar-${status}`}
              style={{ flexGrow: counts[status] }}
            />
          ),
      )}
    </span>
  );
}

/** The tasks that it was started for. */
export function startedFor({ roots, labels }: Pick<RunListItem, 'roots' | 'labels'>): string {
  return [...roots, ...labels.map((label) => `#${label}`)].join(', ');
}

/** What a person calls a run: its title, or the tasks that it was started for. */
export function runName(run: RunListItem): string {
  return run.title ?? (startedFor(run) || run.id);
}

const waits: Partial<Record<WaitingReason, string>> = {
  delay: 'tries again',
  usage_limit: 'usage limit',
  budget: 'its budget is used up',
  lock: 'waits for a lock',
};

/** For what, and until when; that a question is open is said by its chip. */
function Waiting({ run: { waiting_reason: reason, waiting_until: until } }: { run: RunListItem }) {
  const what = reason === null ? undefined : waits[reason];
  if (what === undefined && until === null) return null;
  return (
    <span className="tone-wait">
      {what ?? 'goes on'}
      {until !== null && (
        <>
          {reason === 'usage_limit' ? ' until ' : ' at '}
          <ClockTime time={until} />
        </>
      )}
    </span>
  );
}

export function RunRows({ runs }: { runs: RunListItem[] }) {
  return (
    <ul className="rows">
      {runs.map((run) => (
        <li key={run.id}>
          <RunRow run={run} />
        </li>
      ))}
    </ul>
  );
}

const RunRow = memo(function RunRow({ run }: { run: RunListItem }) {
  const status = runStatusName(run);
  return (
    <Link href={`/runs/${run.id}`} className="row-link run-row">
      <StatusGlyph status={status} />
      <span className="grow">
        <span className="run-line">
          <span className="run-what ellipsis">{runName(run)}</span>
          <span className="mono run-id faint" title={run.id}>
            {shortId(run.id)}
          </span>
          {run.attention > 0 && (
            <span className="chip tone-wait">
              {run.attention} {run.attention === 1 ? 'question' : 'questions'}
            </span>
          )}
        </span>
        <span className="row-sub">
          <span className={`tone-${statusTone(status)}`}>{statusWord(status)}</span>
          <span aria-hidden="true">·</span>
          {run.damage !== null ? (
            <span className="ellipsis">{run.damage}</span>
          ) : (
            <span className="ellipsis">{countsText(run.counts)}</span>
          )}
          <Waiting run={run} />
          {run.spent && (
            <span className="num">
              {spentText(
                { tokens: run.spent.tokens, usd: run.spent.cost_usd },
                run.spent.isWhole ? 0 : 1,
              )}
            </span>
          )}
        </span>
      </span>
      <span className="run-side">
        {run.damage === null && <Ago time={run.updated_at} />}
        {run.damage === null && <CountsBar counts={run.counts} />}
      </span>
    </Link>
  );
});
