/** What checks came to, and the end of what those that failed have printed. */
import { checkName, hasPassed, type CheckReceipt } from '../../../model/checks.ts';
import { StatusGlyph } from './status.tsx';
import './check-rows.css';
import './console.css';

/** `of`: whose they are, where that is to be said. */
export function CheckRows({ checks, of }: { checks: readonly CheckReceipt[]; of?: string }) {
  return (
    <ul className="check-list">
      {checks.map((receipt) => (
        <Check
          key={`${receipt.index} ${String(receipt.baseline)}`}
          receipt={receipt}
          {...(of === undefined ? {} : { of })}
        />
      ))}
    </ul>
  );
}

function Check({ receipt, of }: { receipt: CheckReceipt; of?: string }) {
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
        {of !== undefined && <span className="faint">{of}</span>}
      </p>
      {said !== '' && (
        <pre className="console" tabIndex={0}>
          {said}
        </pre>
      )}
    </li>
  );
}
