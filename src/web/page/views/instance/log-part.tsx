/** The output of an attempt as a log: output and errors in one, with search, times, wrapping and what went wrong. */
import { useEffect, useMemo, useRef, useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import type { LogLine } from '../../data/log-lines.ts';
import { usePreference } from '../../data/preference.ts';
import { CopyButton } from '../../parts/copy-button.tsx';
import { LogRows } from '../../parts/log.tsx';
import { Empty } from '../../parts/pieces.tsx';

interface LogPartProps {
  lines: LogLine[];
  startedAt: string;
  running: boolean;
  earlier: boolean;
  onEarlier: () => void;
  /** The address of the raw output. */
  raw: string;
  /** How many lines of its end show at first. */
  shownFirst: number;
}

export function LogPart({
  lines,
  startedAt,
  running,
  earlier,
  onEarlier,
  raw,
  shownFirst,
}: LogPartProps) {
  const [whole, setWhole] = useState(false);
  const [params, setParams] = useSearchParams();
  const search = params.get('q') ?? '';
  const [times, setTimes] = usePreference('log.times', true);
  const [wrap, setWrap] = usePreference('log.wrap', true);
  const [follow, setFollow] = useState(running);
  const [current, setCurrent] = useState<number | null>(null);
  const box = useRef<HTMLDivElement>(null);
  const hits = useMemo(() => foundIn(lines, search), [lines, search]);
  const bad = useMemo(() => lines.flatMap((line, index) => (line.bad ? [index] : [])), [lines]);
  // Its end is what is looked for; who searches wants all of it.
  const from =
    whole || running || search !== '' || current !== null
      ? 0
      : Math.max(0, lines.length - shownFirst);
  const hasTimes = lines.some(({ atMs }) => atMs !== null);
  useEffect(() => {
    if (running && follow) box.current?.scrollIntoView({ block: 'end' });
  }, [lines, running, follow]);
  useEffect(() => {
    if (current === null) return;
    box.current?.querySelector(`[data-line="${current + 1}"]`)?.scrollIntoView({ block: 'center' });
  }, [current]);
  const jump = (among: number[], step: 1 | -1): void => {
    const from = current ?? (step === 1 ? -1 : lines.length);
    const ahead = among.filter((each) => (step === 1 ? each > from : each < from));
    const next = (step === 1 ? ahead[0] : ahead.at(-1)) ?? (step === 1 ? among[0] : among.at(-1));
    if (next === undefined) return;
    setFollow(false);
    setCurrent(next);
  };
  if (lines.length === 0) {
    return (
      <Empty title={running ? 'Nothing printed yet' : 'It printed nothing, and wrote no errors'}>
        {running && 'What it prints appears here as it happens.'}
      </Empty>
    );
  }
  return (
    <section className="panel" aria-label="Output" ref={box}>
      <div className="log-tools">
        <input
          type="search"
          value={search}
          placeholder="Search the output"
          aria-label="Search the output"
          data-search=""
          onChange={({ target: { value } }) => {
            setCurrent(null);
            setParams(
              (old) => {
                const next = new URLSearchParams(old);
                if (value === '') next.delete('q');
                else next.set('q', value);
                return next;
              },
              { replace: true },
            );
          }}
          onKeyDown={(event) => {
            if (event.key === 'Enter') jump(hits, event.shiftKey ? -1 : 1);
          }}
        />
        {search !== '' && (
          <span className="faint num" role="status">
            {hits.length === 0
              ? 'not found'
              : `${hits.length} ${hits.length === 1 ? 'line' : 'lines'}`}
          </span>
        )}
        {bad.length > 0 && (
          <button type="button" onClick={() => jump(bad, 1)}>
            Next error <span className="count bad">{bad.length}</span>
          </button>
        )}
        <span className="grow" />
        {running && (
          <button type="button" aria-pressed={follow} onClick={() => setFollow(!follow)}>
            Follow
          </button>
        )}
        {hasTimes && (
          <button type="button" aria-pressed={times} onClick={() => setTimes(!times)}>
            Times
          </button>
        )}
        <button type="button" aria-pressed={wrap} onClick={() => setWrap(!wrap)}>
          Wrap
        </button>
        <Link href={raw} className="button quiet">
          Raw
        </Link>
        <CopyButton label="Copy the output" text={() => lines.map(({ text }) => text).join('\n')} />
      </div>
      {from > 0 && (
        <p className="panel-body">
          <button type="button" onClick={() => setWhole(true)}>
            Show the {from} lines before
          </button>
        </p>
      )}
      {earlier && from === 0 && (
        <p className="panel-body">
          <button type="button" onClick={onEarlier}>
            Show what was before
          </button>
        </p>
      )}
      <LogRows
        lines={from === 0 ? lines : lines.slice(from)}
        startedAt={times && hasTimes ? startedAt : null}
        first={from + 1}
        wrap={wrap}
        search={search}
        current={current === null ? null : current - from}
      />
      {running && (
        <p className="panel-body tone-run">
          <i className="pulse" aria-hidden="true" /> At work
        </p>
      )}
    </section>
  );
}

function foundIn(lines: LogLine[], search: string): number[] {
  if (search === '') return [];
  const wanted = search.toLowerCase();
  return lines.flatMap(({ text }, index) => (text.toLowerCase().includes(wanted) ? [index] : []));
}
