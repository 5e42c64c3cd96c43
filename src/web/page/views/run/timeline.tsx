/** Every attempt of a run over time: what ran beside what, what took long, where nothing ran. */
import { memo, useMemo } from 'react';
import { Link } from 'wouter';
import type { RunView } from '../../../api/run.ts';
import { durationText, useNow } from '../../data/clock.ts';
import { Empty } from '../../parts/pieces.tsx';
import { StatusGlyph, statusTone, type StatusName } from '../../parts/status.tsx';
import { VirtualRows } from '../../parts/virtual-rows.tsx';

interface Bar {
  key: string;
  href: string;
  taskId: string;
  attempt: number;
  status: StatusName;
  fromMs: number;
  /** null while it runs. */
  toMs: number | null;
  title: string;
}

const rowHeight = 34;
const ticks = 4;

export function Timeline({ view }: { view: RunView }) {
  const bars = useMemo(() => barsOf(view), [view]);
  const running = bars.some(({ toMs }) => toMs === null);
  const now = useNow(1_000);
  if (bars.length === 0)
    return <Empty title="No attempt yet">The first one appears as it starts.</Empty>;
  const start = Math.min(...bars.map(({ fromMs }) => fromMs));
  const lastEnd = Math.max(...bars.map(({ toMs, fromMs }) => toMs ?? fromMs));
  // In steps while it runs, so that bars do not creep with every frame.
  const end = Math.max(running ? now : lastEnd, lastEnd, start + 1_000);
  const span = end - start;
  return (
    <div className="panel timeline">
      <div className="timeline-head" aria-hidden="true">
        <span />
        <div>
          {Array.from({ length: ticks + 1 }, (_, index) => (
            <i key={index} style={{ left: `${(index / ticks) * 100}%` }}>
              {durationText((span * index) / ticks)}
            </i>
          ))}
        </div>
      </div>
      <VirtualRows
        count={bars.length}
        rowHeight={rowHeight}
        label="Attempts, in the order in which they started"
        row={(index) => {
          const bar = bars[index];
          return bar && <Row key={bar.key} bar={bar} start={start} span={span} end={end} />;
        }}
      />
    </div>
  );
}

const Row = memo(function Row(props: { bar: Bar; start: number; span: number; end: number }) {
  const { bar, start, span, end } = props;
  const to = bar.toMs ?? end;
  const left = ((bar.fromMs - start) / span) * 100;
  const width = ((to - bar.fromMs) / span) * 100;
  return (
    <div role="listitem">
      <Link href={bar.href} className="timeline-row" title={bar.title}>
        <span className="timeline-name">
          <StatusGlyph status={bar.status} />
          <span className="ellipsis">{bar.taskId}</span>
          {bar.attempt > 1 && <span className="faint num">#{bar.attempt}</span>}
        </span>
        <span className="timeline-track">
          <i
            className={`bar-${statusTone(bar.status)}`}
            style={{ left: `${left}%`, width: `max(4px, ${width}%)` }}
          />
          <em
            className="num"
            style={left + width > 82 ? { right: `${100 - left}%` } : { left: `${left + width}%` }}
          >
            {durationText(to - bar.fromMs)}
          </em>
        </span>
      </Link>
    </div>
  );
});

function barsOf(view: RunView): Bar[] {
  return view.instances
    .flatMap((instance) =>
      instance.attempts.map((attempt): Bar => {
        const latest = attempt.attempt === instance.attempt;
        const status: StatusName =
          attempt.finished_at === null
            ? 'running'
            : latest
              ? instance.status === 'pending' || instance.status === 'runnable'
                ? 'stopped'
                : instance.status
              : attempt.error !== null || attempt.failure_kind !== null
                ? 'failed'
                : 'waiting';
        return {
          key: `${instance.instance_id} ${attempt.attempt}`,
          href: `/runs/${view.run.id}/instances/${instance.instance_id}?attempt=${attempt.attempt}`,
          taskId: instance.task_id,
          attempt: attempt.attempt,
          status,
          fromMs: Date.parse(attempt.started_at),
          toMs: attempt.finished_at === null ? null : Date.parse(attempt.finished_at),
          title: `${instance.instance_id}, attempt ${attempt.attempt}${attempt.error ? `: ${attempt.error}` : ''}`,
        };
      }),
    )
    .sort((a, b) => a.fromMs - b.fromMs);
}
