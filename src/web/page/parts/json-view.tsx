/** A JSON value as a tree that folds; long lists and texts open on demand. */
import { memo, useState } from 'react';
import { ExactNumber, type Json } from '../../../model/json.ts';
import './json-view.css';

const openDepth = 2;
const pageSize = 100;

export const JsonView = memo(function JsonView({ value }: { value: Json }) {
  return (
    <div className="json" tabIndex={0}>
      <Value value={value} depth={0} />
    </div>
  );
});

function Value({ value, depth }: { value: Json; depth: number }) {
  if (value instanceof ExactNumber) return <span className="json-atom">{String(value)}</span>;
  if (value === null) return <span className="json-atom">null</span>;
  switch (typeof value) {
    case 'string':
      return <span className="json-string">{JSON.stringify(value)}</span>;
    case 'number':
    case 'boolean':
      return <span className="json-atom">{String(value)}</span>;
    default:
      return Array.isArray(value) ? (
        <Branch entries={value.map((each, index) => [String(index), each])} list depth={depth} />
      ) : (
        <Branch entries={Object.entries(value)} depth={depth} />
      );
  }
}

interface BranchProps {
  entries: [string, Json][];
  list?: boolean;
  depth: number;
}

function Branch({ entries, list = false, depth }: BranchProps) {
  const [open, setOpen] = useState(depth < openDepth);
  const [shown, setShown] = useState(pageSize);
  const [start, end] = list ? ['[', ']'] : ['{', '}'];
  if (entries.length === 0) return <span className="json-mark">{start + end}</span>;
  return (
    <>
      <button
        type="button"
        className="json-fold"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        {start}
        {!open && (
          <>
            <span className="faint">
              {' '}
              {entries.length}{' '}
              {list
                ? entries.length === 1
                  ? 'item'
                  : 'items'
                : entries.length === 1
                  ? 'key'
                  : 'keys'}{' '}
            </span>
            {end}
          </>
        )}
      </button>
      {open && (
        <>
          <div className="json-branch">
            {entries.slice(0, shown).map(([key, value]) => (
              <div key={key}>
                {!list && <span className="json-key">{key}: </span>}
                <Value value={value} depth={depth + 1} />
              </div>
            ))}
            {entries.length > shown && (
              <button
                type="button"
                className="link"
                onClick={() => setShown(shown + 10 * pageSize)}
              >
                {entries.length - shown} more
              </button>
            )}
          </div>
          <span className="json-mark">{end}</span>
        </>
      )}
    </>
  );
}
