/** What an attempt printed, as it stands: the end first, what was before on demand. */
import { useCallback, useEffect, useState } from 'react';
import type { TextPage } from '../../../api/file.ts';
import { ApiFailure, getJson } from '../../data/api.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { Empty, Pending } from '../../parts/pieces.tsx';
import { Size } from '../../parts/time.tsx';

const pollMs = 1_000;

interface Printed {
  text: string;
  from: number;
  to: number;
}

/** `live`: it may still grow. */
function usePrinted(address: string, live: boolean) {
  const [page, setPage] = useState<Printed | null>(null);
  const [failure, setFailure] = useState<ApiFailure | null>(null);
  const read = useCallback(
    async (place: string, join: 'before' | 'after' | 'new'): Promise<void> => {
      try {
        const next = await getJson<TextPage>(`${address}${place}`);
        setPage((old) => {
          if (!old || join === 'new') return next;
          if (join === 'before') {
            return { text: next.text + old.text, from: next.from, to: old.to };
          }
          if (next.from !== old.to || next.text === '') return old;
          return { text: old.text + next.text, from: old.from, to: next.to };
        });
      } catch (error) {
        if (!(error instanceof ApiFailure)) throw error;
        if (!error.isAway) setFailure(error);
      }
    },
    [address],
  );
  useEffect(() => void read('', 'new'), [read, live]);
  const to = page?.to;
  useEffect(() => {
    if (!live || to === undefined) return;
    const timer = setInterval(() => void read(`&after=${to}`, 'after'), pollMs);
    return () => clearInterval(timer);
  }, [live, read, to]);
  const loadEarlier = (): void => void read(`&before=${page?.from ?? 0}`, 'before');
  return { page, failure, loadEarlier };
}

export function StreamPart(props: {
  /** The attempt's address in the API. */
  base: string;
  stream: 'stdout' | 'stderr';
  size: number;
  live: boolean;
}) {
  const { base, stream, size, live } = props;
  const { page, failure, loadEarlier } = usePrinted(`${base}/raw?stream=${stream}`, live);
  if (failure) return <FailureBox failure={failure} />;
  if (!page) return <Pending rows={4} />;
  if (page.text === '') {
    return (
      <Empty title={stream === 'stderr' ? 'No error output' : 'No output'}>
        {live && 'So far.'}
      </Empty>
    );
  }
  return (
    <section
      className="stack tight"
      aria-label={stream === 'stderr' ? 'Error output' : 'Raw output'}
    >
      {page.from > 0 && (
        <div className="row">
          <button type="button" onClick={loadEarlier}>
            Show what was before
          </button>
        </div>
      )}
      <pre className="text-block" tabIndex={0}>
        {page.text}
      </pre>
      <p className="faint">
        <Size bytes={Math.max(size, page.to)} /> in{' '}
        {stream === 'stderr' ? 'stderr.log' : 'events.jsonl'}
      </p>
    </section>
  );
}
