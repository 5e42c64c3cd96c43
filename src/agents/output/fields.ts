/** Reading records that a program printed: lenient, so that what is missing or odd is as if it were not said. Pure. */
import { isJsonObject } from '../../model/json.ts';

export type Fields = Record<string, unknown>;

/** A line that is one JSON object; null for any other. */
export function recordIn(line: string): Fields | null {
  if (!/^\s*\{/.test(line)) return null;
  try {
    const value: unknown = JSON.parse(line);
    return isJsonObject(value) ? value : null;
  } catch {
    return null;
  }
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

/** A count of something: never negative. */
export function amountOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0 ? value : 0;
}
