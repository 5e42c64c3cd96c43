/** A long list of rows of one height: only those in sight are in the document. */
import { useEffect, useRef, useState, type ReactNode } from 'react';

interface VirtualRowsProps {
  count: number;
  rowHeight: number;
  row: (index: number) => ReactNode;
  label: string;
}

const margin = 8;
const fewRows = 60;

export function VirtualRows({ count, rowHeight, row, label }: VirtualRowsProps) {
  const box = useRef<HTMLDivElement>(null);
  const [range, setRange] = useState<[number, number]>([0, fewRows]);
  const all = count <= fewRows;
  useEffect(() => {
    if (all) return;
    const measure = (): void => {
      const top = box.current?.getBoundingClientRect().top ?? 0;
      const first = Math.max(0, Math.floor(-top / rowHeight) - margin);
      const last = Math.ceil((window.innerHeight - top) / rowHeight) + margin;
      setRange((old) => (old[0] === first && old[1] === last ? old : [first, last]));
    };
    measure();
    window.addEventListener('scroll', measure, { passive: true, capture: true });
    window.addEventListener('resize', measure);
    return () => {
      window.removeEventListener('scroll', measure, { capture: true });
      window.removeEventListener('resize', measure);
    };
  }, [all, rowHeight]);
  const first = all ? 0 : Math.min(range[0], count);
  const last = all ? count : Math.min(range[1], count);
  const rows: ReactNode[] = [];
  for (let index = first; index < last; index += 1) rows.push(row(index));
  return (
    <div
      ref={box}
      role="list"
      aria-label={label}
      style={{
        paddingTop: first * rowHeight,
        paddingBottom: (count - last) * rowHeight,
      }}
    >
      {rows}
    </div>
  );
}
