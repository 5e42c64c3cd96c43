/** The checks of an attempt. */
import type { CheckReceipt } from '../../../../model/checks.ts';
import { CheckRows } from '../../parts/check-rows.tsx';
import { Empty } from '../../parts/pieces.tsx';

export function ChecksPart({ checks }: { checks: readonly CheckReceipt[] }) {
  if (checks.length === 0) {
    return <Empty title="Nothing was checked">Checks of the task would be here.</Empty>;
  }
  return (
    <section className="panel" aria-label="Checks">
      <CheckRows checks={checks} />
    </section>
  );
}
