/** Buttons over a list: which part of it shows. */
import type { ReactNode } from 'react';

interface FiltersProps<T extends string | null> {
  label: string;
  /** null: all of it. */
  options: readonly T[];
  current: string | null;
  onChoose: (option: T) => void;
  children: (option: T) => ReactNode;
}

export function Filters<T extends string | null>(props: FiltersProps<T>) {
  const { label, options, current, onChoose, children } = props;
  return (
    <div className="row filters" role="group" aria-label={label}>
      {options.map((each) => (
        <button
          key={each ?? 'all'}
          type="button"
          className={each === current ? 'filter on' : 'filter'}
          aria-pressed={each === current}
          onClick={() => onChoose(each)}
        >
          {children(each)}
        </button>
      ))}
    </div>
  );
}
