/** What the checks of an attempt came to, and the end of what those that failed have printed. */
import { checkName, hasPassed, type CheckReceipt } from '../../../../model/checks.ts';
import { Empty } from '../../parts/pieces.tsx';
import { StatusGlyph } from '../../parts/status.tsx';

export function ChecksPart({ checks }: { checks: readonly CheckReceipt[] }) {
  if (checks.length === 0) {
    return <Empty title="Nothing was checked">Checks of the task would be here.</Empty>;
  }
  return (
    <section className="panel" aria-label="Checks">
      <ul className="check-list">
        {checks.map((receipt) => (
          <Check key={`${receipt.index} ${String(receipt.baseline)}`} receipt={receipt} />
        ))}
      </ul>
    </section>
  );
}

function Check({ receipt }: { receipt: CheckReceipt }) {
  const { argv, exit, said = '', baseline = false } = receipt;
  const isGood = hasPassed(receipt);
  const how = isGood ? 'passed' : exit === null ? 'did not end by itself' : `exit status ${exit}`;
  return (
    <li>
      <p className="check-head">
        <StatusGlyph status={isGood ? 'done' : 'failed'} size={16} />
        <span className="mono">{checkName(argv)}</span>
        <span className={isGood ? 'faint' : 'tone-bad'}>
          {how}
          {baseline ? ', before the first attempt' : ''}
        </span>
      </p>
      {said !== '' && (
        <pre className="console" tabIndex={0}>
          {said}
        </pre>
      )}
    </li>
  );
}
