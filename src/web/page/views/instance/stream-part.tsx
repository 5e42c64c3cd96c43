/** What an attempt printed, as it stands: the end first, what was before on demand. */
import { usePrinted } from '../../data/printed.ts';
import { FailureBox } from '../../parts/failure.tsx';
import { Empty, Pending } from '../../parts/pieces.tsx';
import { Size } from '../../parts/time.tsx';

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
