/** Reading records that a program printed: lenient, so that what is missing or odd is as if it were not said. Pure. */
import { isJsonObject, nestingOf } from '../../model/json.ts';

export type Fields = Record<string, unknown>;

/** Whoever hands a part of a record on writes it out again, which takes a level of the stack for each of its own. */
export const maxRecordDepth = 500;
/** More than a model says in years; sums of many of these are still numbers. */
const MAX_AMOUNT = 1e12;

/** A line that is one JSON object; null for any other, and for one that nests deeper than anybody means it to. */
export function recordIn(line: string): Fields | null {
  if (!/^\s*\{/.test(line)) return null;
  if (isTooDeep(line)) return null;
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether it nests deeper than anybody means a record to. */
export function isTooDeep(line: string): boolean {
  return line.length > 2 * maxRecordDepth && nestingOf(line) > maxRecordDepth;
}

export function recordOf(value: unknown): Fields {
  return isJsonObject(value) ? value : {};
}

export function recordsIn(value: unknown): Fields[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A count of something: never negative, and never so large that a sum of such is no number any more. */
export function amountOf(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.min(value, MAX_AMOUNT) : 0;
}
