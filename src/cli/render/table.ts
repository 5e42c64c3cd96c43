/** Lists: a table with a heading on a terminal, tab-separated lines without one where output is piped. */
import type { Output } from '../context.ts';
import { makePaint, type Paint } from './paint.ts';
import { plainLine } from '../../text/plain-text.ts';
import { fit, pad, textWidth, wrap } from '../../text/width.ts';

export interface Column<T> {
  title: string;
  /** What stands in the table. */
  cell(row: T): string;
  /** What stands in the piped line, where it differs. */
  piped?(row: T): string;
  paint?(row: T, text: string, paint: Paint): string;
  /** Shrinks first when the terminal is too narrow. */
  flexible?: boolean;
  /** Left out when the terminal is too narrow: the row is known without it. */
  spare?: boolean;
  /** Only in the table, or only when piped. */
  only?: 'table' | 'piped';
  /** Left out of the piped line where it is empty: for what was not there from the beginning, at the end. */
  omitEmpty?: true;
}

/** Prints the rows; on a terminal, `empty` when there are none. */
export function printTable<T>(
  output: Output,
  rows: T[],
  columns: Column<T>[],
  empty: string,
): void {
  if (!output.isTerminal) {
    for (const row of rows) output.line(pipedLine(row, columns));
    return;
  }
  if (rows.length === 0) return output.line(empty);
  for (const line of tableLines(rows, columns, output.columns, makePaint(output.color))) {
    output.line(line);
  }
}

export function pipedLine<T>(row: T, columns: Column<T>[]): string {
  return columns
    .filter((column) => column.only !== 'table')
    .map((column) => ({ column, text: plainLine((column.piped ?? column.cell)(row)) }))
    .filter(({ column, text }) => column.omitEmpty !== true || text !== '')
    .map(({ text }) => text)
    .join('\t');
}

export function tableLines<T>(
  rows: T[],
  allColumns: Column<T>[],
  width: number,
  paint: Paint,
  /** What is too wide for its column goes on below, where it is to be read whole. */
  wraps = false,
): string[] {
  const all = allColumns
    .filter((column) => column.only !== 'piped')
    .map((column) => {
      const cells = rows.map((row) => plainLine(column.cell(row)));
      const widest = cells.reduce((most, cell) => Math.max(most, textWidth(cell)), 0);
      return { column, cells, width: Math.max(textWidth(column.title), widest) };
    });
  const kept = withoutSpare(all, width);
  const columns = kept.map(({ column }) => column);
  const widths = kept.map((each) => each.width);
  shrink(widths, columns, width - 2 * (columns.length - 1));
  const layOut = (line: string[], color: (text: string, index: number) => string): string[] => {
    const cells = line.map((text, index) =>
      wraps ? wrap(text, widths[index] ?? 0, true) : [text],
    );
    const height = cells.reduce((most, parts) => Math.max(most, parts.length), 1);
    return Array.from({ length: height }, (_, at) =>
      cells
        .map((parts, index) => {
          const last = index === columns.length - 1;
          const cut = fit(parts[at] ?? '', widths[index] ?? 0);
          return color(last ? cut : pad(cut, widths[index] ?? 0), index);
        })
        .join('  ')
        .trimEnd(),
    );
  };
  return [
    ...layOut(
      columns.map((column) => column.title),
      (text) => paint.dim(text),
    ),
    ...rows.flatMap((row, rowIndex) =>
      layOut(
        kept.map(({ cells }) => cells[rowIndex] ?? ''),
        (text, index) => columns[index]?.paint?.(row, text, paint) ?? text,
      ),
    ),
  ];
}

/** A flexible column is worth reading from here on. */
const READABLE = 24;

/** Without the spare columns where those that shrink would have to become unreadable. */
function withoutSpare<T, C extends { column: Column<T>; width: number }>(
  all: C[],
  width: number,
): C[] {
  const least = all.reduce(
    (sum, each) =>
      sum + (each.column.flexible === true ? Math.min(each.width, READABLE) : each.width),
    2 * (all.length - 1),
  );
  return least <= width ? all : all.filter(({ column }) => column.spare !== true);
}

/**
 * Takes from the widest flexible columns until the line fits, but leaves each eight columns; then from the widest
 * of all, so that no line is broken by the terminal.
 */
function shrink<T>(widths: number[], columns: Column<T>[], available: number): void {
  const smallest = 8;
  const total = (): number => widths.reduce((sum, width) => sum + width, 0);
  while (total() > available) {
    let widest = -1;
    for (const [index, column] of columns.entries()) {
      if (column.flexible !== true || (widths[index] ?? 0) <= smallest) continue;
      if (widest < 0 || (widths[index] ?? 0) > (widths[widest] ?? 0)) widest = index;
    }
    if (widest < 0) widest = widths.indexOf(Math.max(...widths));
    if ((widths[widest] ?? 0) <= smallest) return;
    widths[widest] = (widths[widest] ?? 0) - 1;
  }
}
